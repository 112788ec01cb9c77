"""A chat at the terminal."""

import sys

from openai import OpenAI


def main():
    client = OpenAI()
    assistant = {"model": "gpt-4o-mini", "instructions": "Chat.", "store": True}
    thread = client.conversations.create()
    while True:
        line = sys.stdin.readline().strip()
        if not line or line == "quit":
            break
        client.conversations.items.create(thread.id, items=[{"role": "user", "content": line}])
        run = client.responses.create(**assistant, conversation=thread.id)
        if run.status == "completed":
            messages = client.conversations.items.list(thread.id)
            print("bot:", messages.data[0].content[0].text)
        else:
            print("bot failed:", run.status)


if __name__ == "__main__":
    main()
