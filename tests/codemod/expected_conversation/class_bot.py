"""A class that keeps its client, its assistant and its thread."""

from openai import OpenAI


class Bot:
    def __init__(self, instructions):
        self.client = OpenAI()
        self.assistant = {"model": "gpt-4o", "instructions": instructions, "store": True}
        self.thread = self.client.conversations.create()

    def ask(self, question):
        self.client.conversations.items.create(self.thread.id, items=[{"role": "user", "content": question}])
        run = self.client.responses.create(**self.assistant, conversation=self.thread.id)
        if run.status != "completed":
            raise RuntimeError(f"the run ended {run.status}")
        return self.answer()

    def answer(self):
        """The newest message's text."""
        messages = self.client.conversations.items.list(self.thread.id, order="desc", limit=1)
        return messages.data[0].content[0].text

    def close(self):
        self.client.conversations.delete(self.thread.id)


bot = Bot("Be kind.")
print(bot.ask("Who are you?"))
print(bot.ask("Tell me your instructions"))
bot.close()
