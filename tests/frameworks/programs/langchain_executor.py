"""LangChain 0.x: an OpenAIAssistantRunnable in an AgentExecutor, in a loop of one's own, async, and with code."""

import asyncio
import json

from langchain.agents import AgentExecutor
from langchain.agents.openai_assistant import OpenAIAssistantRunnable
from langchain_core.agents import AgentFinish
from langchain_core.tools import tool


def tell(fact, value):
    print(json.dumps([fact, value]), flush=True)


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    tell("tool", {"city": city})
    return "21 degrees"


tools = [get_weather]
settings = {"name": "weather", "instructions": "You know the weather.", "model": "gpt-4o"}

# an AgentExecutor calls the tools
agent = OpenAIAssistantRunnable.create_assistant(tools=tools, as_agent=True, check_every_ms=50, **settings)
executor = AgentExecutor(agent=agent, tools=tools)
first = executor.invoke({"content": "How is the weather in Paris?"})
tell("answer", first["output"])
second = executor.invoke({"content": "Which city was that?", "thread_id": first["thread_id"]})
tell("answer", second["output"])
tell("same thread", second["thread_id"] == first["thread_id"])
for step in executor.stream({"content": "And the weather now?", "thread_id": first["thread_id"]}):
    tell("step", [action.tool for action in step.get("actions", [])] or step.get("output") or "observation")
messages = agent.client.beta.threads.messages.list(first["thread_id"], order="asc")
tell("messages", [[message.role, message.content[0].text.value] for message in messages])

try:
    executor.invoke({"content": "Crash.", "thread_id": first["thread_id"]})
except ValueError as error:
    info = json.loads(str(error).partition("Full run info:")[2])
    tell("failed", [info["status"], info["last_error"]["message"]])


# the caller calls the tools
def execute_agent(agent, tools, input):
    tool_map = {tool.name: tool for tool in tools}
    response = agent.invoke(input)
    while not isinstance(response, AgentFinish):
        tool_outputs = []
        for action in response:
            tool_output = tool_map[action.tool].invoke(action.tool_input)
            tool_outputs.append({"output": tool_output, "tool_call_id": action.tool_call_id})
        response = agent.invoke({"tool_outputs": tool_outputs, "run_id": action.run_id, "thread_id": action.thread_id})
    return response


response = execute_agent(agent, tools, {"content": "How is the weather in Paris?"})
tell("answer", response.return_values["output"])
response = execute_agent(agent, tools, {"content": "Which city was that?", "thread_id": response.thread_id})
tell("answer", response.return_values["output"])


async def asynchronously():
    agent = await OpenAIAssistantRunnable.acreate_assistant(tools=tools, as_agent=True, check_every_ms=50, **settings)
    answer = await AgentExecutor(agent=agent, tools=tools).ainvoke({"content": "How is the weather in Paris?"})
    tell("answer", answer["output"])


asyncio.run(asynchronously())

# the code interpreter: messages of the SDK's own classes come back
interpreter = OpenAIAssistantRunnable.create_assistant(
    tools=[{"type": "code_interpreter"}], check_every_ms=50, **settings
)
output = interpreter.invoke({"content": "Plot the temperatures."})
for part in output[-1].content:
    if part.type == "image_file":
        tell("image", interpreter.client.files.content(part.image_file.file_id).read()[:4] == b"\x89PNG")
    else:
        (annotation,) = part.text.annotations
        table = interpreter.client.files.content(annotation.file_path.file_id).read()
        tell("text", [part.text.value, table.decode()])
