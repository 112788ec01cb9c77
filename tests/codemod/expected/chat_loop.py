"""A chat at the terminal."""

import sys

from openai import OpenAI


def main():
    client = OpenAI()
    assistant = {"model": "gpt-4o-mini", "instructions": "Chat.", "store": False}
    thread = []
    while True:
        line = sys.stdin.readline().strip()
        if not line or line == "quit":
            break
        thread.append({"role": "user", "content": line})
        run = client.responses.create(**assistant, input=thread)
        thread.extend(run.output)
        if run.status == "completed":
            print("bot:", run.output_text)
        else:
            print("bot failed:", run.status)


if __name__ == "__main__":
    main()
