"""A web application that keeps a thread for each user in memory."""

from flask import Flask, jsonify, request
from openai import OpenAI

app = Flask(__name__)
client = OpenAI()
assistant = client.beta.assistants.create(model="gpt-4o", instructions="Help the user.")
threads = {}


def thread_of(user):
    if user not in threads:
        threads[user] = client.beta.threads.create().id
    return threads[user]


@app.post("/ask/<user>")
def ask(user):
    thread_id = thread_of(user)
    client.beta.threads.messages.create(thread_id=thread_id, role="user", content=request.json["question"])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=assistant.id)
    if run.status != "completed":
        return jsonify(error=run.status), 502
    messages = client.beta.threads.messages.list(thread_id=thread_id)
    return jsonify(answer=messages.data[0].content[0].text.value)


if __name__ == "__main__":
    browser = app.test_client()
    for user, question in (("ada", "Who am I?"), ("bob", "Me too"), ("ada", "Again")):
        print(user, browser.post(f"/ask/{user}", json={"question": question}).json)
