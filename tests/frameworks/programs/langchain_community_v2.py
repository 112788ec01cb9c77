"""LangChain community: OpenAIAssistantV2Runnable with a vector store, an attached file and a function."""

import json

from langchain.agents import AgentExecutor
from langchain_community.agents.openai_assistant import OpenAIAssistantV2Runnable
from langchain_core.tools import tool
from openai import OpenAI


def tell(fact, value):
    print(json.dumps([fact, value]), flush=True)


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    tell("tool", {"city": city})
    return "21 degrees"


client = OpenAI()
file = client.files.create(file=("dog.txt", b"The dog is brown."), purpose="assistants")
store = client.vector_stores.create(name="pets", file_ids=[file.id])

librarian = OpenAIAssistantV2Runnable.create_assistant(
    name="librarian",
    instructions="You know the files.",
    tools=[{"type": "file_search"}],
    tool_resources={"file_search": {"vector_store_ids": [store.id]}},
    model="gpt-4o",
    model_kwargs={"temperature": 0.2},
    check_every_ms=50,
)
(message,) = librarian.invoke({"content": "What colour is the dog?"})
(annotation,) = message.content[0].text.annotations
tell("answer", message.content[0].text.value)
tell("cited", annotation.text in message.content[0].text.value and annotation.file_citation.file_id == file.id)
(message,) = librarian.invoke({"content": "Is that so?", "thread_id": message.thread_id})
tell("answer", message.content[0].text.value)

# a file attached to the message
reader = OpenAIAssistantV2Runnable.create_assistant(
    name="reader", instructions="Read.", tools=[{"type": "file_search"}], model="gpt-4o", check_every_ms=50
)
attachments = [{"file_id": file.id, "tools": [{"type": "file_search"}]}]
(message,) = reader.invoke({"content": "What colour is the dog?"}, attachments=attachments)
tell("answer", message.content[0].text.value)
tell("cited", [note.file_citation.file_id == file.id for note in message.content[0].text.annotations])

agent = OpenAIAssistantV2Runnable.create_assistant(
    name="weather",
    instructions="You know the weather.",
    tools=[get_weather],
    model="gpt-4o",
    as_agent=True,
    check_every_ms=50,
)
executor = AgentExecutor(agent=agent, tools=[get_weather])
first = executor.invoke({"content": "How is the weather in Paris?"})
tell("answer", first["output"])
second = executor.invoke({"content": "Which city was that?", "thread_id": first["thread_id"]})
tell("answer", second["output"])
