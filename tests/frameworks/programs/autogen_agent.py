"""AutoGen 0.7: an OpenAIAssistantAgent with a function, files, a team, saved state and a reset."""

import asyncio
import json
from pathlib import Path

from autogen_agentchat.base import Response
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.messages import TextMessage
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core import CancellationToken
from autogen_ext.agents.openai import OpenAIAssistantAgent
from openai import AsyncOpenAI


def tell(fact, value):
    print(json.dumps([fact, value]), flush=True)


async def get_weather(city: str) -> str:
    """The weather in a city."""
    tell("tool", {"city": city})
    return "21 degrees"


def said(text):
    return [TextMessage(source="user", content=text)]


def make(client, **more):
    return OpenAIAssistantAgent(
        name="assistant",
        description="Knows the weather and the files.",
        client=client,
        model="gpt-4o",
        instructions="You are kind.",
        tools=[get_weather, "code_interpreter", "file_search"],
        **more,
    )


async def main():
    token = CancellationToken()
    client = AsyncOpenAI()
    agent = make(client)

    async for event in agent.on_messages_stream(said("How is the weather in Paris?"), token):
        if isinstance(event, Response):
            tell("answer", event.chat_message.content)
        else:
            tell(type(event).__name__, [getattr(part, "arguments", None) or part.content for part in event.content])
    response = await agent.on_messages(said("Which city was that?"), token)
    tell("answer", response.chat_message.content)

    Path("table.csv").write_text("1,2\n")
    await agent.on_upload_for_code_interpreter("table.csv", token)
    response = await agent.on_messages(said("Plot the temperatures."), token)
    tell("answer", response.chat_message.content)

    Path("dog.txt").write_text("The dog is brown.")
    await agent.on_upload_for_file_search("dog.txt", token)
    response = await agent.on_messages(said("What colour is the dog?"), token)
    tell("answer", response.chat_message.content)

    try:
        await agent.on_messages(said("Crash."), token)
    except ValueError as error:
        tell("failed", str(error))

    # the same conversation in another agent
    state = json.loads(json.dumps(await agent.save_state()))
    again = make(client)
    await again.load_state(state)
    response = await again.on_messages(said("Is that so?"), token)
    tell("answer", response.chat_message.content)

    messages = await again.messages.list(state["thread_id"], order="asc")
    tell("messages", [message.role async for message in messages])
    await agent.on_reset(token)
    messages = await again.messages.list(state["thread_id"])
    tell("after the reset", [message.role async for message in messages])

    team = RoundRobinGroupChat([make(client)], termination_condition=MaxMessageTermination(2))
    async for event in team.run_stream(task="How is the weather in Paris?"):
        tell("team", type(event).__name__)

    await agent.delete_uploaded_files(token)
    await agent.delete_vector_store(token)
    await agent.delete_assistant(token)
    await client.close()


asyncio.run(main())
