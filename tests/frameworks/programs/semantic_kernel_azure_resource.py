"""Semantic Kernel's AzureAssistantAgent, with the client that Semantic Kernel makes by its own settings."""

import asyncio
import json
from typing import Annotated

from semantic_kernel.agents import AssistantAgentThread, AzureAssistantAgent
from semantic_kernel.functions import kernel_function


def tell(fact, value):
    print(json.dumps([fact, value]), flush=True)


class WeatherPlugin:
    @kernel_function(description="The weather in a city.")
    def get_weather(self, city: Annotated[str, "The city."]) -> Annotated[str, "The weather."]:
        tell("tool", {"city": city})
        return "21 degrees"


async def main():
    client = AzureAssistantAgent.create_client()
    definition = await client.beta.assistants.create(model="gpt-4o", name="Weather", instructions="You are kind.")
    agent = AzureAssistantAgent(client=client, definition=definition, plugins=[WeatherPlugin()])
    thread = AssistantAgentThread(client=client)
    response = await agent.get_response(messages="How is the weather in Paris?", thread=thread)
    tell("answer", str(response))
    parts = []
    async for response in agent.invoke_stream(messages="Which city was that?", thread=thread):
        parts.append(str(response.content))
    tell("streamed", "".join(parts))
    tell("messages", [str(message.role.value) async for message in thread.get_messages("asc")])
    await client.close()


asyncio.run(main())
