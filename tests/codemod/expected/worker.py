"""A worker in the background that answers what comes through a queue."""

import queue
import threading

from openai import OpenAI

client = OpenAI()
questions, answers = queue.Queue(), queue.Queue()


def work():
    assistant = {"model": "gpt-4o", "instructions": "Work.", "store": False}
    while (question := questions.get()) is not None:
        thread = [{"role": "user", "content": question}]
        run = client.responses.create(**assistant, input=thread)
        thread.extend(run.output)
        if run.status == "completed":
            answers.put(run.output_text)
        else:
            answers.put(run.status)
        thread.clear()


worker = threading.Thread(target=work)
worker.start()
for question in ("first", "second"):
    questions.put(question)
    print(answers.get())
questions.put(None)
worker.join()
