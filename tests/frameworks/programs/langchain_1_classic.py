"""LangChain 1.x: the classes as langchain-classic and langchain-community keep them."""

import json

from langchain_classic.agents import AgentExecutor
from langchain_classic.agents.openai_assistant import OpenAIAssistantRunnable
from langchain_community.agents.openai_assistant import OpenAIAssistantV2Runnable
from langchain_core.tools import tool


def tell(fact, value):
    print(json.dumps([fact, value]), flush=True)


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    tell("tool", {"city": city})
    return "21 degrees"


for kind in (OpenAIAssistantRunnable, OpenAIAssistantV2Runnable):
    agent = kind.create_assistant(
        name="weather",
        instructions="You know the weather.",
        tools=[get_weather],
        model="gpt-4o",
        as_agent=True,
        check_every_ms=50,
    )
    executor = AgentExecutor(agent=agent, tools=[get_weather])
    first = executor.invoke({"content": "How is the weather in Paris?"})
    second = executor.invoke({"content": "Which city was that?", "thread_id": first["thread_id"]})
    tell(kind.__name__, [first["output"], second["output"]])

reader = OpenAIAssistantV2Runnable.create_assistant(
    name="reader", instructions="Read.", tools=[{"type": "file_search"}], model="gpt-4o", check_every_ms=50
)
file = reader.client.files.create(file=("dog.txt", b"The dog is brown."), purpose="assistants")
(message,) = reader.invoke({"content": "What colour is the dog?"}, file_ids=[file.id])
tell("answer", message.content[0].text.value)
tell("cited", [note.file_citation.file_id == file.id for note in message.content[0].text.annotations])
