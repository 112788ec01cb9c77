"""Semantic Kernel 1.20: the agent makes its assistant itself, uploads its files, and is given threads by their ids."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

from semantic_kernel import Kernel
from semantic_kernel.agents.open_ai import OpenAIAssistantAgent
from semantic_kernel.contents import ChatMessageContent
from semantic_kernel.contents.annotation_content import AnnotationContent
from semantic_kernel.contents.utils.author_role import AuthorRole
from semantic_kernel.functions import kernel_function


def tell(fact, value):
    print(json.dumps([fact, value]), flush=True)


class WeatherPlugin:
    @kernel_function(description="The weather in a city.")
    def get_weather(self, city: Annotated[str, "The city."]) -> Annotated[str, "The weather."]:
        tell("tool", {"city": city})
        return "21 degrees"


def said(text):
    return ChatMessageContent(role=AuthorRole.USER, content=text)


async def main():
    Path("table.csv").write_text("1,2\n")
    Path("dog.txt").write_text("The dog is brown.")
    kernel = Kernel()
    kernel.add_plugin(WeatherPlugin(), plugin_name="weather")
    agent = await OpenAIAssistantAgent.create(
        kernel=kernel,
        ai_model_id="gpt-4o",
        name="Weather",
        instructions="You are kind.",
        enable_code_interpreter=True,
        code_interpreter_filenames=["table.csv"],
        enable_file_search=True,
        vector_store_filenames=["dog.txt"],
    )
    thread_id = await agent.create_thread()
    for question in (
        "How is the weather in Paris?",
        "Which city was that?",
        "What colour is the dog?",
        "Plot the temperatures.",
    ):
        await agent.add_chat_message(thread_id=thread_id, message=said(question))
        async for content in agent.invoke(thread_id=thread_id):
            notes = [item for item in content.items if isinstance(item, AnnotationContent)]
            tell("answer", [content.content, [note.quote for note in notes]])

    await agent.add_chat_message(thread_id=thread_id, message=said("How is the weather in Paris?"))
    parts = [content.content async for content in agent.invoke_stream(thread_id=thread_id)]
    tell("streamed", ["".join(parts), len(parts) > 3])
    tell("messages", [message.role.value async for message in agent.get_thread_messages(thread_id)])

    same = await OpenAIAssistantAgent.retrieve(id=agent.assistant.id, kernel=kernel, ai_model_id="gpt-4o")
    tell("retrieved", [same.name, same.enable_code_interpreter, same.enable_file_search])
    await agent.delete_thread(thread_id)
    await agent.delete_vector_store(agent.vector_store_id)
    await agent.delete()


asyncio.run(main())
