"""How every request parameter of the Assistants API carries over to Responses: one table for code, docs and scan.

    exact      the same meaning, whether sent upstream or kept here
    emulated   the same meaning by our own means, or in another form upstream
    lossy      accepted and shown, but something of it is lost
    refused    a 400 that says why

This is what a server with all abilities of OpenAI's is asked. What another server or a model cannot do is found out at
the call (`Warn` in engine/effects.py): its answer names the parameter in a `bridge-degraded` header.

``python -m bridge.parity`` prints docs/parity.md. Names are paths as in error texts, ``[]`` for each entry of an array.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from attrs import frozen

Parity = Literal["exact", "emulated", "lossy", "refused"]


@frozen
class Parameter:
    """One parameter. `sentence` tells what becomes of it, in one sentence."""

    name: str
    parity: Parity
    sentence: str


@frozen
class Endpoint:
    """One call; `body` and `query` name everything that it takes."""

    method: str
    path: str
    body: tuple[Parameter, ...] = ()
    query: tuple[Parameter, ...] = ()


def _under(prefix: str, *groups: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """The same parameters as parts of a greater one."""
    return tuple(Parameter(f"{prefix}{each.name}", each.parity, each.sentence) for group in groups for each in group)


def _of(parity: Parity, sentences: Mapping[str, str]) -> tuple[Parameter, ...]:
    """Parameters of one kind, with their sentences."""
    return tuple(Parameter(name, parity, sentence) for name, sentence in sentences.items())


# --- parts that several calls share

METADATA: Final = _of("exact", {"metadata": "Kept with the object."})
SENT_METADATA: Final = _of("exact", {"metadata": "Kept with the run and sent with each of its Responses calls."})

TOOLS: Final = (
    *_of(
        "emulated",
        {
            "tools": "Sent with every leg of a run, since nothing carries over between Responses calls.",
            "tools[].type": "Functions become flat function tools, the others the hosted tools of the same name.",
        },
    ),
    *_of(
        "exact",
        {
            "tools[].function": "Flattened into the tool.",
            "tools[].function.name": "Sent.",
            "tools[].function.description": "Sent where one was given.",
            "tools[].function.parameters": "Sent with its keys in order; a function without any takes no arguments.",
            "tools[].function.strict": "Always sent, false where none was given: the two APIs default differently.",
        },
    ),
    *_of(
        "emulated",
        {
            "tools[].file_search": "Sent where the run has a vector store; without one there is nothing to search.",
            "tools[].file_search.max_num_results": "Sent; 20 where none was given, 5 for gpt-3.5 models.",
            "tools[].file_search.ranking_options": "Sent, and shown with the old service's defaults.",
            "tools[].file_search.ranking_options.ranker": "Shown as given; default_2024_08_21 is sent as auto.",
        },
    ),
    *_of(
        "exact",
        {
            "tools[].file_search.ranking_options.score_threshold": "Sent.",
            "tools[].file_search.ranking_options.hybrid_search": "Null only, which is what every answer shows.",
        },
    ),
)

RESOURCES: Final = _of(
    "emulated",
    {
        "tool_resources": "Kept; those of thread and assistant together become the settings of a run's tools.",
        "tool_resources.code_interpreter": "Becomes the tool's container.",
        "tool_resources.code_interpreter.file_ids": "Put into the container, which the thread's next run goes on with.",
        "tool_resources.file_search": "Becomes the tool's stores.",
        "tool_resources.file_search.vector_store_ids": "Sent with the tool, the assistant's and the thread's.",
    },
)

NEW_RESOURCES: Final = (
    *RESOURCES,
    *_of(
        "emulated",
        {
            "tool_resources.file_search.vector_stores": "Becomes one upstream; a thread's expires after 7 days.",
            "tool_resources.file_search.vector_stores[].file_ids": "Put into the vector store.",
            "tool_resources.file_search.vector_stores[].metadata": "Given to the vector store.",
            "tool_resources.file_search.vector_stores[].chunking_strategy": "Given to the vector store.",
            "tool_resources.file_search.vector_stores[].chunking_strategy.type": "Given to the vector store.",
            "tool_resources.file_search.vector_stores[].chunking_strategy.static": "Given to the vector store.",
            "tool_resources.file_search.vector_stores[].chunking_strategy.static.max_chunk_size_tokens": "Given to it.",
            "tool_resources.file_search.vector_stores[].chunking_strategy.static.chunk_overlap_tokens": "Given to it.",
        },
    ),
)

ANSWERING: Final = (
    *_of("exact", {"instructions": "Sent with every leg of a run."}),
    *_of("emulated", {"model": "Sent as it is; one that is gone is sent as its replacement (models.md)."}),
    *_of(
        "emulated",
        {
            "temperature": "Sent unless it is 1, the default; a model that refuses it is asked again without.",
            "top_p": "Sent unless it is 1, the default; a model that refuses it is asked again without.",
        },
    ),
    *_of(
        "exact",
        {
            "response_format": "Becomes text.format.",
            "response_format.type": "Sent; auto and text send nothing.",
            "response_format.json_schema": "Flattened into the format.",
            "response_format.json_schema.name": "Sent.",
            "response_format.json_schema.description": "Sent where one was given.",
            "response_format.json_schema.schema": "Sent with its keys in order.",
            "response_format.json_schema.strict": "Sent.",
        },
    ),
)

EFFORT: Final = _of(
    "emulated", {"reasoning_effort": "Sent as reasoning.effort; a model that refuses it is asked again without."}
)

MESSAGE: Final = (
    *_of(
        "exact",
        {
            "role": "Sent with the message.",
            "content": "Sent as the message's content.",
            "content[].type": "Each part becomes a part of the input message.",
            "content[].text": "Sent.",
        },
    ),
    *_of(
        "emulated",
        {
            "content[].image_url": "Sent as an image; one of an assistant message in a user message beside it.",
            "content[].image_file": "Sent as an image; one of an assistant message in a user message beside it.",
        },
    ),
    *_of(
        "exact",
        {
            "content[].image_url.url": "Sent.",
            "content[].image_url.detail": "Sent.",
            "content[].image_file.file_id": "Sent.",
            "content[].image_file.detail": "Sent.",
        },
    ),
    *_of(
        "emulated",
        {
            "attachments": "Kept with the message; the files are given to the thread's tools.",
            "attachments[].file_id": "Put into the thread's vector store, or among the files of its code interpreter.",
            "attachments[].tools": "Says which of both, or both.",
            "attachments[].tools[].type": "A vector store is made where the thread has none; it expires after 7 days.",
        },
    ),
    *METADATA,
)

THREAD: Final = (
    *_of("exact", {"messages": "Made in one step with the thread, in this order."}),
    *_under("messages[].", MESSAGE),
    *NEW_RESOURCES,
    *METADATA,
)

RUN: Final = (
    *_of("exact", {"assistant_id": "Names an assistant kept here; the run takes a copy of its settings."}),
    *ANSWERING,
    *TOOLS,
    *SENT_METADATA,
    *_of("exact", {"stream": "The events of the old stream, each as soon as its cause arrives."}),
    *_of(
        "emulated",
        {
            "max_prompt_tokens": "Counted by the upstream before each leg; what is too much is left out.",
            "max_completion_tokens": "Each leg gets as max_output_tokens what those before it left, at least 16.",
            "truncation_strategy": "Applied here to what is sent; Responses has no such choice.",
            "truncation_strategy.type": "auto drops messages from the middle where the model cannot read them all.",
            "truncation_strategy.last_messages": "So many messages are sent, and what belongs to the run.",
            "tool_choice": "Sent; a forced choice is auto after the first leg, or the model would call for ever.",
        },
    ),
    *_of(
        "exact",
        {
            "tool_choice.type": "Sent.",
            "tool_choice.function": "Flattened into the choice.",
            "tool_choice.function.name": "Sent.",
        },
    ),
    *_of(
        "emulated", {"parallel_tool_calls": "Sent where it is false; a model that refuses it is asked again without."}
    ),
)

LISTING: Final = _of(
    "exact",
    {
        "limit": "How many objects a page holds.",
        "order": "By time of creation, objects of one second in the order of their making.",
        "after": "The page begins behind this object.",
        "before": "The page ends at this object, nearest first where there are more.",
    },
)

INCLUDE: Final = _of("exact", {"include": "Results of a file search are shown with their text."})

# --- the calls

ENDPOINTS: Final[dict[str, Endpoint]] = {
    "assistants.create": Endpoint(
        "POST",
        "/assistants",
        (
            *_of("exact", {"name": "Kept with the assistant.", "description": "Kept with the assistant."}),
            *ANSWERING,
            *EFFORT,
            *TOOLS,
            *NEW_RESOURCES,
            *METADATA,
        ),
    ),
    "assistants.list": Endpoint("GET", "/assistants", query=LISTING),
    "assistants.retrieve": Endpoint("GET", "/assistants/{assistant_id}"),
    "assistants.update": Endpoint(
        "POST",
        "/assistants/{assistant_id}",
        (
            *_of("exact", {"name": "Kept with the assistant.", "description": "Kept with the assistant."}),
            *ANSWERING,
            *EFFORT,
            *TOOLS,
            *RESOURCES,
            *METADATA,
        ),
    ),
    "assistants.delete": Endpoint("DELETE", "/assistants/{assistant_id}"),
    "threads.create": Endpoint("POST", "/threads", THREAD),
    "threads.create_and_run": Endpoint(
        "POST",
        "/threads/runs",
        (
            *RUN,
            *_of(
                "exact",
                {"thread": "Made in one step with the run; where the run is refused, no thread is left behind."},
            ),
            *_under("thread.", THREAD),
            *RESOURCES,
        ),
        INCLUDE,
    ),
    "threads.retrieve": Endpoint("GET", "/threads/{thread_id}"),
    "threads.update": Endpoint("POST", "/threads/{thread_id}", (*RESOURCES, *METADATA)),
    "threads.delete": Endpoint("DELETE", "/threads/{thread_id}"),
    "messages.create": Endpoint("POST", "/threads/{thread_id}/messages", MESSAGE),
    "messages.list": Endpoint(
        "GET",
        "/threads/{thread_id}/messages",
        query=(*LISTING, *_of("exact", {"run_id": "Only messages that this run made."})),
    ),
    "messages.retrieve": Endpoint("GET", "/threads/{thread_id}/messages/{message_id}"),
    "messages.update": Endpoint("POST", "/threads/{thread_id}/messages/{message_id}", METADATA),
    "messages.delete": Endpoint("DELETE", "/threads/{thread_id}/messages/{message_id}"),
    "runs.create": Endpoint(
        "POST",
        "/threads/{thread_id}/runs",
        (
            *RUN,
            *EFFORT,
            *_of(
                "exact",
                {
                    "additional_instructions": "Added to the instructions on a line of its own.",
                    "additional_messages": "Added to the thread in one step with the run.",
                },
            ),
            *_under("additional_messages[].", MESSAGE),
        ),
        INCLUDE,
    ),
    "runs.list": Endpoint("GET", "/threads/{thread_id}/runs", query=LISTING),
    "runs.retrieve": Endpoint("GET", "/threads/{thread_id}/runs/{run_id}"),
    "runs.update": Endpoint(
        "POST",
        "/threads/{thread_id}/runs/{run_id}",
        _of("exact", {"metadata": "Kept with the run; only a run that has ended takes it, as before."}),
    ),
    "runs.cancel": Endpoint("POST", "/threads/{thread_id}/runs/{run_id}/cancel"),
    "runs.submit_tool_outputs": Endpoint(
        "POST",
        "/threads/{thread_id}/runs/{run_id}/submit_tool_outputs",
        _of(
            "exact",
            {
                "tool_outputs": "Sent as function_call_output items of the next leg.",
                "tool_outputs[].tool_call_id": "Sent as call_id.",
                "tool_outputs[].output": "Sent; an empty string where none was given.",
                "stream": "The events of the old stream, each as soon as its cause arrives.",
            },
        ),
    ),
    "steps.list": Endpoint("GET", "/threads/{thread_id}/runs/{run_id}/steps", query=(*LISTING, *INCLUDE)),
    "steps.retrieve": Endpoint("GET", "/threads/{thread_id}/runs/{run_id}/steps/{step_id}", query=INCLUDE),
    "files.retrieve": Endpoint("GET", "/files/{file_id}"),
    "files.content": Endpoint("GET", "/files/{file_id}/content"),
    "files.delete": Endpoint("DELETE", "/files/{file_id}"),
}

# --- the first beta

_ATTACHED: Final = (
    "Becomes attachments for both tools; files that cannot be searched, by their names, for code_interpreter only."
)
_RENAMED: Final = Parameter("tools[].type: retrieval", "exact", "Becomes file_search, as it was renamed.")
_GIVEN: Final = (
    "Becomes tool_resources of the tools that the assistant has, for file_search a vector store of its own; without "
    "such a tool they are lost."
)

BETA_V1: Final[dict[str, tuple[Parameter, ...]]] = {
    "assistants.create": (_RENAMED, Parameter("file_ids", "emulated", _GIVEN)),
    "assistants.update": (
        _RENAMED,
        Parameter("file_ids", "emulated", f"{_GIVEN[:-1]}; they take the place of those it had."),
    ),
    "threads.create": (Parameter("messages[].file_ids", "emulated", _ATTACHED),),
    "threads.create_and_run": (_RENAMED, Parameter("thread.messages[].file_ids", "emulated", _ATTACHED)),
    "messages.create": (Parameter("file_ids", "emulated", _ATTACHED),),
    "runs.create": (_RENAMED, Parameter("additional_messages[].file_ids", "emulated", _ATTACHED)),
}
"""What is taken besides where the setting `beta_v1` is `convert` (wire/beta_v1.py)."""

# --- docs

INTRODUCTION: Final = """\
# Parity

What becomes of every parameter of an Assistants request. Made from `bridge/parity.py` by `python -m bridge.parity`.

- **exact**: the same meaning, whether sent upstream or kept here.
- **emulated**: the same meaning by our own means, or in another form upstream.
- **lossy**: accepted and shown, but something of it is lost.
- **refused**: a 400 that says why, never a silent drop.

The table is true for a server that can do all that OpenAI's can. Where a server or a model cannot, the answer carries a
`bridge-degraded` header that names the parameters, and the log says once what becomes of them.
"""


OF_BETA_V1: Final = """\
## The first beta

Taken besides where the setting `beta_v1` is `convert`, refused otherwise ([beta-v1.md](beta-v1.md)).

| Call | Parameter | | What becomes of it |
|---|---|---|---|
"""


def page() -> str:
    """docs/parity.md."""
    return "\n".join([INTRODUCTION, *(_section(name, call) for name, call in ENDPOINTS.items()), _of_beta_v1()])


def _of_beta_v1() -> str:
    rows = [(name, each) for name, listed in BETA_V1.items() for each in listed]
    return OF_BETA_V1 + "".join(
        f"| {name} | `{each.name}` | {each.parity} | {each.sentence} |\n" for name, each in rows
    )


def _section(name: str, call: Endpoint) -> str:
    lines = [f"## {name}", "", f"`{call.method} {call.path}`", ""]
    rows = [(each, f"`{each.name}`") for each in call.body]
    rows += [(each, f"`{each.name}` (query)") for each in call.query]
    if not rows:
        return "\n".join([*lines, "No parameters beside those of the path.", ""])
    lines += ["| Parameter | | What becomes of it |", "|---|---|---|"]
    lines += [f"| {shown} | {each.parity} | {each.sentence} |" for each, shown in rows]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(page(), end="")
