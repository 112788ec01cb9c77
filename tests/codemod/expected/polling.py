"""One question, one answer."""

from openai import OpenAI

client = OpenAI()

# Made once, in the playground's words.
assistant = {
    "model": "gpt-4o",
    "instructions": "Repeat what you hear.",  # and nothing else
    "store": False,
}
thread = []
thread.append({"role": "user", "content": "Good evening"})
run = client.responses.create(**assistant, input=thread)
thread.extend(run.output)

if run.status == "completed":
    print(run.output_text)
else:
    print("the run ended", run.status)
