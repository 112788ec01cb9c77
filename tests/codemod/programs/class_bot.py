"""A class that keeps its client, its assistant and its thread."""

from openai import OpenAI


class Bot:
    def __init__(self, instructions):
        self.client = OpenAI()
        self.assistant = self.client.beta.assistants.create(model="gpt-4o", instructions=instructions)
        self.thread = self.client.beta.threads.create()

    def ask(self, question):
        self.client.beta.threads.messages.create(thread_id=self.thread.id, role="user", content=question)
        run = self.client.beta.threads.runs.create_and_poll(
            thread_id=self.thread.id,
            assistant_id=self.assistant.id,
        )
        if run.status != "completed":
            raise RuntimeError(f"the run ended {run.status}")
        return self.answer()

    def answer(self):
        """The newest message's text."""
        messages = self.client.beta.threads.messages.list(thread_id=self.thread.id, order="desc", limit=1)
        return messages.data[0].content[0].text.value

    def close(self):
        self.client.beta.threads.delete(self.thread.id)
        self.client.beta.assistants.delete(self.assistant.id)


bot = Bot("Be kind.")
print(bot.ask("Who are you?"))
print(bot.ask("Tell me your instructions"))
bot.close()
