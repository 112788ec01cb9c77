"""AutoGen 0.2: a GPTAssistantAgent that chats with a UserProxyAgent, with a function, code and a file to search."""

import json
import os

from autogen import UserProxyAgent
from autogen.agentchat.contrib.gpt_assistant_agent import GPTAssistantAgent


def tell(fact, value):
    print(json.dumps([fact, value]), flush=True)


def get_weather(city: str) -> str:
    tell("tool", {"city": city})
    return "21 degrees"


schema = {
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
llm_config = {"config_list": [{"model": "gpt-4o", "api_key": os.environ["OPENAI_API_KEY"]}], "check_every_ms": 50}


def make(name, tools, **resources):
    return GPTAssistantAgent(
        name=name,
        instructions="You are kind.",
        llm_config=llm_config,
        assistant_config={"tools": tools, **resources},
    )


forecaster = make("forecaster", [{"type": "function", "function": schema}, {"type": "code_interpreter"}])
forecaster.register_function(function_map={"get_weather": get_weather})
user = UserProxyAgent("user", human_input_mode="NEVER", code_execution_config=False)

for question in ("How is the weather in Paris?", "Which city was that?", "Plot the temperatures."):
    result = user.initiate_chat(forecaster, message=question, max_turns=1, clear_history=False, silent=True)
    tell("answer", result.summary.splitlines())
thread = forecaster.oai_threads[user]
messages = forecaster.openai_client.beta.threads.messages.list(thread.id, order="asc")
tell("messages", [message.role for message in messages])

# an assistant of the same name, instructions and tools is found again
again = make("forecaster", [{"type": "function", "function": schema}, {"type": "code_interpreter"}])
tell("found again", again.assistant_id == forecaster.assistant_id)

# a file, for which AutoGen makes a vector store
file = forecaster.openai_client.files.create(file=("dog.txt", b"The dog is brown."), purpose="assistants")
librarian = make("librarian", [{"type": "retrieval"}], file_ids=[file.id])
result = user.initiate_chat(librarian, message="What colour is the dog?", max_turns=1, silent=True)
tell("answer", result.summary.splitlines())
for agent in (forecaster, librarian):
    agent.reset()
    agent.delete_assistant()
