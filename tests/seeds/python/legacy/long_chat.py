"""Twenty turns on one thread, every fifth with a tool call in the middle; then the whole transcript, page by page."""

from openai import OpenAI

client = OpenAI()
tools = [{"type": "function", "function": {"name": "get_rain", "parameters": {"type": "object", "properties": {}}}}]
assistant = client.beta.assistants.create(model="gpt-4o", instructions="Remember everything.", tools=tools)
thread = client.beta.threads.create()

for turn in range(1, 21):
    text = f"Turn {turn}: the weather?" if turn % 5 == 0 else f"Turn {turn}"
    client.beta.threads.messages.create(thread_id=thread.id, role="user", content=text)
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    if run.status == "requires_action":
        calls = run.required_action.submit_tool_outputs.tool_calls
        run = client.beta.threads.runs.submit_tool_outputs_and_poll(
            thread_id=thread.id,
            run_id=run.id,
            tool_outputs=[{"tool_call_id": call.id, "output": f"rain {turn}"} for call in calls],
        )
    assert run.status == "completed", run
    newest = client.beta.threads.messages.list(thread_id=thread.id, limit=1).data[0]
    print(newest.role, newest.run_id == run.id, newest.content[0].text.value)

pages, seen, after = 0, [], None
while True:
    page = client.beta.threads.messages.list(
        thread_id=thread.id, order="asc", limit=7, **({"after": after} if after else {})
    )
    pages += 1
    seen += [message.content[0].text.value for message in page.data]
    if not page.has_more:
        break
    after = page.last_id
print("pages", pages, "messages", len(seen), "in order", seen[0], "...", seen[-1])
print(
    "auto paging agrees",
    seen == [m.content[0].text.value for m in client.beta.threads.messages.list(thread.id, order="asc", limit=3)],
)
print("runs", len(list(client.beta.threads.runs.list(thread.id, limit=6))))
