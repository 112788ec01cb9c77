"""Semantic Kernel: an OpenAIAssistantAgent with a plugin, a stream, a plot and a vector store."""

import asyncio
import io
import json
from typing import Annotated

from semantic_kernel.agents import AssistantAgentThread, OpenAIAssistantAgent
from semantic_kernel.contents import AnnotationContent, FileReferenceContent, FunctionCallContent, FunctionResultContent
from semantic_kernel.exceptions import AgentInvokeException
from semantic_kernel.functions import kernel_function


def tell(fact, value):
    print(json.dumps([fact, value]), flush=True)


class WeatherPlugin:
    @kernel_function(description="The weather in a city.")
    def get_weather(self, city: Annotated[str, "The city."]) -> Annotated[str, "The weather."]:
        tell("tool", {"city": city})
        return "21 degrees"


async def on_intermediate_message(message):
    for item in message.items:
        if isinstance(item, FunctionCallContent):
            tell("call", [item.name, item.arguments])
        elif isinstance(item, FunctionResultContent):
            tell("result", str(item.result))


async def main():
    client = OpenAIAssistantAgent.create_client(ai_model_id="gpt-4o")

    definition = await client.beta.assistants.create(model="gpt-4o", name="Weather", instructions="You are kind.")
    agent = OpenAIAssistantAgent(client=client, definition=definition, plugins=[WeatherPlugin()])
    thread = AssistantAgentThread(client=client)
    for question in ("How is the weather in Paris?", "Which city was that?"):
        response = await agent.get_response(messages=question, thread=thread)
        tell("answer", str(response))
    async for response in agent.invoke(
        messages="And the weather now?", thread=thread, on_intermediate_message=on_intermediate_message
    ):
        tell("answer", str(response))
    parts = []
    async for response in agent.invoke_stream(
        messages="How is the weather in Paris?", thread=thread, on_intermediate_message=on_intermediate_message
    ):
        parts.append(str(response.content))
    tell("streamed", ["".join(parts), len(parts) > 3])
    tell("messages", [[str(message.role.value), message.content] async for message in thread.get_messages("asc")])
    try:
        await agent.get_response(messages="Crash.", thread=thread)
    except AgentInvokeException as error:
        tell("failed", str(error).partition("with error: ")[2])
    await thread.delete()
    await client.beta.assistants.delete(agent.id)

    # the code interpreter, which is given a file and makes two
    file = await client.files.create(file=("table.csv", io.BytesIO(b"1,2\n")), purpose="assistants")
    tools, resources = OpenAIAssistantAgent.configure_code_interpreter_tool(file_ids=file.id)
    definition = await client.beta.assistants.create(
        model="gpt-4o", name="Plotter", instructions="You plot.", tools=tools, tool_resources=resources
    )
    plotter = OpenAIAssistantAgent(client=client, definition=definition)
    async for response in plotter.invoke(messages="Plot the temperatures."):
        if response.metadata.get("code"):
            tell("code", str(response))
            continue
        for item in response.items:
            if isinstance(item, AnnotationContent):
                content = await client.files.content(item.file_id)
                tell("annotation", [item.quote, content.read().decode()])
            elif isinstance(item, FileReferenceContent):
                content = await client.files.content(item.file_id)
                tell("image", content.read()[:4] == b"\x89PNG")
        tell("answer", str(response))
    parts = []
    async for response in plotter.invoke_stream(messages="Plot the temperatures."):
        parts.append(["code" if response.metadata.get("code") else "text", str(response.content)])
    for kind in ("code", "text"):
        tell(f"streamed {kind}", "".join(text for told, text in parts if told == kind))

    # file search
    file = await client.files.create(file=("dog.txt", io.BytesIO(b"The dog is brown.")), purpose="assistants")
    store = await client.vector_stores.create(name="pets", file_ids=[file.id])
    tools, resources = OpenAIAssistantAgent.configure_file_search_tool(vector_store_ids=store.id)
    definition = await client.beta.assistants.create(
        model="gpt-4o", name="Librarian", instructions="You search.", tools=tools, tool_resources=resources
    )
    librarian = OpenAIAssistantAgent(client=client, definition=definition)
    response = await librarian.get_response(messages="What colour is the dog?")
    (note,) = [item for item in response.items if isinstance(item, AnnotationContent)]
    tell("answer", [str(response), note.file_id == file.id, note.quote in str(response)])
    await client.close()


asyncio.run(main())
