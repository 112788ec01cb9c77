"""A chat at the terminal."""

import sys

from openai import OpenAI


def main():
    client = OpenAI()
    assistant = client.beta.assistants.create(model="gpt-4o-mini", instructions="Chat.")
    thread = client.beta.threads.create()
    while True:
        line = sys.stdin.readline().strip()
        if not line or line == "quit":
            break
        client.beta.threads.messages.create(thread_id=thread.id, role="user", content=line)
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        if run.status == "completed":
            messages = client.beta.threads.messages.list(thread_id=thread.id)
            print("bot:", messages.data[0].content[0].text.value)
        else:
            print("bot failed:", run.status)


if __name__ == "__main__":
    main()
