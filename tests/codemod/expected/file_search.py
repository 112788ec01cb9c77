"""Questions about a file."""

from openai import OpenAI

client = OpenAI()
store = client.vector_stores.create(name="Handbook")
with open("handbook.txt", "rb") as handbook:
    client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=handbook)

assistant = {
    "model": "gpt-4o",
    "instructions": "Look it up.",
    "tools": [{"type": "file_search", "vector_store_ids": [store.id], "max_num_results": 20, "ranking_options": {"ranker": "auto", "score_threshold": 0}}],
    "store": False,
}
thread = [{"role": "user", "content": "What does the file say of holidays?"}]
run = client.responses.create(**assistant, input=thread)
thread.extend(run.output)
print(run.output_text)
