"""A web application that keeps a thread for each user in memory."""

from flask import Flask, jsonify, request
from openai import OpenAI

app = Flask(__name__)
client = OpenAI()
assistant = {"model": "gpt-4o", "instructions": "Help the user.", "store": False}
threads = {}


def thread_of(user):
    if user not in threads:
        threads[user] = []
    return threads[user]


@app.post("/ask/<user>")
def ask(user):
    thread = thread_of(user)
    thread.append({"role": "user", "content": request.json["question"]})
    run = client.responses.create(**assistant, input=thread)
    thread.extend(run.output)
    if run.status != "completed":
        return jsonify(error=run.status), 502
    return jsonify(answer=run.output_text)


if __name__ == "__main__":
    browser = app.test_client()
    for user, question in (("ada", "Who am I?"), ("bob", "Me too"), ("ada", "Again")):
        print(user, browser.post(f"/ask/{user}", json={"question": question}).json)
