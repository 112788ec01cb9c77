"""An event handler as the quickstart had it."""

from openai import OpenAI

client = OpenAI()


class EventHandler:
    def on_event(self, event):
        if event.type == "response.content_part.added":
            self.on_text_created(event)
        if event.type == "response.output_text.delta":
            self.on_text_delta(event)
        if event.type == "response.output_text.done":
            self.on_text_done(event)

    def on_text_created(self, event) -> None:
        print("assistant > ", end="", flush=True)

    def on_text_delta(self, event):
        print(event.delta, end="", flush=True)

    def on_text_done(self, event):
        print(f"\n({len(event.text)} characters)")


assistant = {"model": "gpt-4o", "instructions": "You are a personal math tutor.", "store": False}
thread = []
thread.append({
    "role": "user",
    "content": "I need to solve the equation `3x + 11 = 14`. Can you help me?",
})

handler = EventHandler()
with client.responses.create(
    **(assistant | {"instructions": "Please address the user as Jane Doe."}),
    input=thread,
    stream=True,
) as stream:
    for event in stream:
        if event.type in ("response.completed", "response.incomplete"):
            thread.extend(event.response.output)
        handler.on_event(event)
