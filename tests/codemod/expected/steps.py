"""What the run did, step by step."""

from openai import OpenAI

client = OpenAI()
assistant = client.beta.assistants.create(model="gpt-4o", tools=[{"type": "code_interpreter"}])
thread = client.beta.threads.create(messages=[{"role": "user", "content": "Please compute 6 * 7"}])
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
# bridge: not converted: steps.list has no fixer; it becomes reading response.output:
# bridge: each step is an item there (docs/codemod.md#not-converted)
for step in client.beta.threads.runs.steps.list(thread_id=thread.id, run_id=run.id, order="asc"):
    print(step.type, step.status)
