"""LlamaIndex 0.12: an OpenAIAssistantAgent with a function, files, sync and async chats, and a reset."""

import asyncio
import json
from pathlib import Path

from llama_index.agent.openai import OpenAIAssistantAgent
from llama_index.core.tools import FunctionTool


def tell(fact, value):
    print(json.dumps([fact, value]), flush=True)


def get_weather(city: str) -> str:
    """The weather in a city."""
    tell("tool", {"city": city})
    return "21 degrees"


agent = OpenAIAssistantAgent.from_new(
    name="Weather",
    instructions="You know the weather.",
    tools=[FunctionTool.from_defaults(fn=get_weather)],
    model="gpt-4o",
    instructions_prefix="Please be kind.",
)
response = agent.chat("How is the weather in Paris?")
tell("answer", str(response))
tell("sources", [[source.tool_name, source.raw_input["kwargs"], source.content] for source in response.sources])
tell("answer", str(agent.chat("Which city was that?")))
tell("answer", str(asyncio.run(agent.achat("And the weather now?"))))
tell("messages", [[message.role.value, message.content] for message in agent.chat_history])

again = OpenAIAssistantAgent.from_existing(
    assistant_id=agent.assistant.id,
    thread_id=agent.thread_id,
    tools=[FunctionTool.from_defaults(fn=get_weather)],
)
tell("answer", str(again.chat("How is the weather in Paris?")))
before = agent.thread_id
agent.reset()
tell("reset", [agent.thread_id != before, agent.chat_history])
try:
    agent.chat("Crash.")
except ValueError as error:
    tell("failed", str(error).splitlines())

# files and the hosted tools
Path("dog.txt").write_text("The dog is brown.")
librarian = OpenAIAssistantAgent.from_new(
    name="Librarian",
    instructions="You know the files.",
    openai_tools=[{"type": "file_search"}, {"type": "code_interpreter"}],
    model="gpt-4o",
)
file_ids = list(librarian.upload_files(["dog.txt"]))
librarian.add_message("The file of the dog.", file_ids=file_ids)
tell("answer", str(librarian.chat("What colour is the dog?")))
note = librarian.latest_message.additional_kwargs["thread_message"].content[0].text.annotations[0]
tell("cited", note.file_citation.file_id == file_ids[0])
tell("answer", str(librarian.chat("Plot the temperatures.")))
