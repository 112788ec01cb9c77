"""A view that keeps the thread's id in the session."""

from django.conf import settings
from django.http import JsonResponse
from openai import OpenAI

client = OpenAI()


def ask(request):
    thread_id = request.session.get("thread_id")
    if thread_id is None:
        thread = client.beta.threads.create()
        thread_id = thread.id
        # bridge: not converted: a thread's id goes where this file does not follow it:
        # bridge: request.session["thread_id"] = thread_id (docs/codemod.md#readings)
        request.session["thread_id"] = thread_id
    client.beta.threads.messages.create(thread_id=thread_id, role="user", content=request.POST["question"])
    # bridge: not converted: the assistant settings.ASSISTANT_ID comes from outside of this
    # bridge: file (docs/codemod.md#runs_create)
    run = client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=settings.ASSISTANT_ID)
    if run.status == "completed":
        messages = client.beta.threads.messages.list(thread_id=thread_id)
        return JsonResponse({"answer": messages.data[0].content[0].text.value})
    return JsonResponse({"error": run.status}, status=502)
