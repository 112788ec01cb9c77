"""A class that keeps its client, its assistant and its thread."""

from openai import OpenAI


class Bot:
    def __init__(self, instructions):
        self.client = OpenAI()
        self.assistant = {"model": "gpt-4o", "instructions": instructions, "store": False}
        self.thread = []

    def ask(self, question):
        self.thread.append({"role": "user", "content": question})
        run = self.client.responses.create(**self.assistant, input=self.thread)
        self.thread.extend(run.output)
        if run.status != "completed":
            raise RuntimeError(f"the run ended {run.status}")
        return self.answer()

    def answer(self):
        """The newest message's text."""
        return self.thread[-1].content[0].text

    def close(self):
        self.thread.clear()


bot = Bot("Be kind.")
print(bot.ask("Who are you?"))
print(bot.ask("Tell me your instructions"))
bot.close()
