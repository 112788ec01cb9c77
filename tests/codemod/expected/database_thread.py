"""Thread ids that live in a table."""

import sqlite3

from openai import OpenAI

client = OpenAI()
database = sqlite3.connect(":memory:")
database.execute("create table threads (user text primary key, thread text)")
assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be kind.")


def thread_of(user):
    row = database.execute("select thread from threads where user = ?", (user,)).fetchone()
    if row:
        # bridge: not converted: thread_of gives a thread's id, and something else here
        # bridge: (docs/codemod.md#readings)
        return row[0]
    thread = client.beta.threads.create()
    # bridge: not converted: a thread's id goes where this file does not follow it:
    # bridge: database.execute("insert into threads values (?, ?)", (user, thread.id))
    # bridge: (docs/codemod.md#readings)
    database.execute("insert into threads values (?, ?)", (user, thread.id))
    return thread.id


def ask(user, question):
    thread_id = thread_of(user)
    client.beta.threads.messages.create(thread_id=thread_id, role="user", content=question)
    client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=assistant.id)
    return client.beta.threads.messages.list(thread_id=thread_id).data[0].content[0].text.value


print(ask("ada", "Hello"))
print(ask("ada", "Again"))
