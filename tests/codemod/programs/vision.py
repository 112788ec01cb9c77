"""A picture and a question."""

from openai import OpenAI

client = OpenAI()
PIXEL = "https://example.com/pixel.png"

assistant = client.beta.assistants.create(model="gpt-4o", instructions="Look closely.")
thread = client.beta.threads.create(
    messages=[
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is in the picture?"},
                {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
            ],
        }
    ]
)
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
messages = client.beta.threads.messages.list(thread_id=thread.id)
print(messages.data[0].content[0].text.value)
