"""A worker in the background that answers what comes through a queue."""

import queue
import threading

from openai import OpenAI

client = OpenAI()
questions, answers = queue.Queue(), queue.Queue()


def work():
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Work.")
    while (question := questions.get()) is not None:
        thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        if run.status == "completed":
            page = client.beta.threads.messages.list(thread_id=thread.id)
            answers.put(page.data[0].content[0].text.value)
        else:
            answers.put(run.status)
        client.beta.threads.delete(thread_id=thread.id)


worker = threading.Thread(target=work)
worker.start()
for question in ("first", "second"):
    questions.put(question)
    print(answers.get())
questions.put(None)
worker.join()
