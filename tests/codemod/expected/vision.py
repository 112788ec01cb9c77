"""A picture and a question."""

from openai import OpenAI

client = OpenAI()
PIXEL = "https://example.com/pixel.png"

assistant = {"model": "gpt-4o", "instructions": "Look closely.", "store": False}
thread = [
    {
        "role": "user",
        "content": [
            {"type": "input_text", "text": "What is in the picture?"},
            {"type": "input_image", "image_url": PIXEL, "detail": "low"},
        ],
    }
]
run = client.responses.create(**assistant, input=thread)
thread.extend(run.output)
print(run.output_text)
