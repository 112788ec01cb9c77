"""The whole conversation, shown at the end."""

from openai import OpenAI

client = OpenAI()
assistant = {"model": "gpt-4o", "instructions": "Be brief.", "store": False}
thread = []

for question in ("One", "Two"):
    thread.append({"role": "user", "content": question})
    thread.append({"role": "assistant", "content": client.responses.create(**assistant, input=thread).output_text})

for message in thread:
    print(f"{message['role']}: {message['content']}")

newest = thread[::-1]
for message in reversed(newest):
    print(message["role"], message["content"])
