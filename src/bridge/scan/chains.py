"""Calls in other languages than Python, by pattern: chains of names as the SDKs of each language have them.

Comments and strings are left out before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from bridge.scan.findings import Finding
from bridge.scan.languages import Source
from bridge.scan.operations import OPERATIONS
from bridge.scan.python.values import Sureness
from bridge.scan.rules import RULES

DOT: Final = r"\s{0,200}(?:\?\.|!\.|->|\.)\s{0,200}"
CALL: Final = r"(?=\s*(?:<[\w\s.,|\[\]<>]*>\s*)?(?:\?\.\s*)?\()"
"""What follows the name of a method that is called; type arguments may stand between."""

PARTS: Final = r"(?P<parts>(?:{dot}(?:messages|runs|steps|files)(?:\([^()\n]*\))?)*)"


@frozen
class Chains:
    """`whole` finds a call by its whole name, with the groups root (optional), resource, parts and method; `others` are
    (pattern, operation) of calls that are named otherwise. `clients` finds what makes a client."""

    whole: re.Pattern[str]
    others: tuple[tuple[re.Pattern[str], str], ...] = ()
    clients: re.Pattern[str] = re.compile(r"(?!)")


def _whole(beta: str, dot: str = DOT, suffix: str = "", parts: str = PARTS) -> re.Pattern[str]:
    """`suffix` is what follows each part of the chain (``()`` in Java)."""
    return re.compile(
        rf"(?<![\w$\])])(?P<root>[\w$\])]+){dot}{beta}{suffix}{dot}(?P<resource>threads|assistants){suffix}"
        + parts.format(dot=dot)
        + rf"{dot}(?P<method>\w+){CALL}",
        re.IGNORECASE,
    )


def _others(*pairs: tuple[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), operation) for pattern, operation in pairs)


AZURE: Final = {
    "createAssistant": "assistants.create",
    "getAssistant": "assistants.retrieve",
    "updateAssistant": "assistants.update",
    "deleteAssistant": "assistants.delete",
    "listAssistants": "assistants.list",
    "createThread": "threads.create",
    "getThread": "threads.retrieve",
    "deleteThread": "threads.delete",
    "createThreadAndRun": "threads.create_and_run",
    "createMessage": "messages.create",
    "getMessage": "messages.retrieve",
    "listMessages": "messages.list",
    "createRun": "runs.create",
    "getRun": "runs.retrieve",
    "cancelRun": "runs.cancel",
    "listRuns": "runs.list",
    "submitToolOutputsToRun": "runs.submit_tool_outputs",
    "listRunSteps": "steps.list",
}
"""Methods of AssistantsClient (@azure/openai-assistants)."""

JAVASCRIPT: Final = Chains(
    _whole("beta"),
    _others(*((rf"(?i:\bassistants?Client){DOT}{name}{CALL}", operation) for name, operation in AZURE.items())),
    re.compile(r"\b(?P<name>\w+)\s*(?::\s*\w+\s*)?=\s*new\s+(?:\w+\.)?(?:Azure)?OpenAI\b"),
)
CHAINS: Final[dict[str, Chains]] = {
    "javascript": JAVASCRIPT,
    "markup": JAVASCRIPT,
    "ruby": Chains(
        _whole("beta"),
        _others(
            (r"\.runs\.submit_tool_outputs\b", "runs.submit_tool_outputs"),
            (r"\bclient\.threads\.create\b", "threads.create"),
            (r"\bclient\.threads\.delete\b", "threads.delete"),
            (r"\bclient\.runs\.create_thread_and_run\b", "threads.create_and_run"),
            (r"\bclient\.runs\.create\b", "runs.create"),
            (r"\bclient\.runs\.retrieve\b", "runs.retrieve"),
            (r"\bclient\.messages\.create\b", "messages.create"),
            (r"\bclient\.messages\.list\b", "messages.list"),
            (r"\bclient\.assistants\.create\b", "assistants.create"),
        ),
    ),
    "java": Chains(
        _whole("beta", suffix=r"\(\)"),
        _others(
            (r"\.threads\(\)\s*\.\s*create(?=\()", "threads.create"),
            (r"\.threadRuns\(\)\s*\.\s*create\w*(?=\()", "runs.create"),
            (r"\.threadRuns\(\)\s*\.\s*submitToolOutput\w*(?=\()", "runs.submit_tool_outputs"),
            (r"\.threadMessages\(\)\s*\.\s*create(?=\()", "messages.create"),
            (r"\.threadMessages\(\)\s*\.\s*getList(?=\()", "messages.list"),
        ),
    ),
    "go": Chains(
        _whole("Beta"),
        _others(
            (r"\.CreateAssistant\(", "assistants.create"),
            (r"\.CreateThread\(", "threads.create"),
            (r"\.CreateThreadAndRun\(", "threads.create_and_run"),
            (r"\.CreateRun\(", "runs.create"),
            (r"\.RetrieveRun\(", "runs.retrieve"),
            (r"\.SubmitToolOutputs\(", "runs.submit_tool_outputs"),
            (r"\.ListMessage\(", "messages.list"),
        ),
    ),
    "csharp": Chains(
        _whole("Beta"),
        _others(
            (r"\.CreateAssistant(?:Async)?\(", "assistants.create"),
            (r"\.CreateThread(?:Async)?\(", "threads.create"),
            (r"\.CreateThreadAndRun\w*\(", "threads.create_and_run"),
            (r"\.CreateRun(?:Streaming)?(?:Async)?\(", "runs.create"),
            (r"\.GetRun(?:Async)?\(", "runs.retrieve"),
            (r"\.SubmitToolOutputsToRun\w*\(", "runs.submit_tool_outputs"),
            (r"\.GetMessages(?:Async)?\(", "messages.list"),
            (r"\.Beta\.Runs\.RunCreate\(", "runs.create"),
        ),
    ),
    "php": Chains(
        _whole(r"beta", suffix=r"\(\)"),
        _others(
            (r"->\s*threads\(\)\s*->\s*create(?=\()", "threads.create"),
            (r"->\s*threads\(\)\s*->\s*createAndRun\w*(?=\()", "threads.create_and_run"),
            (r"->\s*threads\(\)\s*->\s*runs\(\)\s*->\s*create\w*(?=\()", "runs.create"),
            (r"->\s*threads\(\)\s*->\s*runs\(\)\s*->\s*retrieve(?=\()", "runs.retrieve"),
            (r"->\s*threads\(\)\s*->\s*runs\(\)\s*->\s*submitToolOutputs\w*(?=\()", "runs.submit_tool_outputs"),
            (r"->\s*threads\(\)\s*->\s*messages\(\)\s*->\s*create(?=\()", "messages.create"),
            (r"->\s*threads\(\)\s*->\s*messages\(\)\s*->\s*list(?=\()", "messages.list"),
            (r"->\s*assistants\(\)\s*->\s*create(?=\()", "assistants.create"),
            (r"->\s*assistants\(\)\s*->\s*retrieve(?=\()", "assistants.retrieve"),
        ),
    ),
    "rust": Chains(
        re.compile(r"(?!)"),
        _others(
            (r"\.assistants\(\)\s*\.\s*create\(", "assistants.create"),
            (r"\.threads\(\)\s*\.\s*create\(", "threads.create"),
            (r"\.threads\(\)\s*\.\s*create_and_run\w*\(", "threads.create_and_run"),
            (r"\.threads\(\)\s*\.\s*messages\([^()]*\)\s*\.\s*create\(", "messages.create"),
            (r"\.threads\(\)\s*\.\s*messages\([^()]*\)\s*\.\s*list\(", "messages.list"),
            (r"\.threads\(\)\s*\.\s*runs\([^()]*\)\s*\.\s*create\w*\(", "runs.create"),
            (r"\.runs\([^()]*\)\s*\.\s*submit_tool_outputs\w*\(", "runs.submit_tool_outputs"),
        ),
    ),
    "swift": Chains(_whole("beta")),
    "python": Chains(_whole("beta")),
}
"""The SDKs: openai (npm), openai-ruby and ruby-openai, openai-java and simple-openai, openai-go and go-openai, OpenAI's
and Betalgo's for .NET, openai-php, async-openai."""

METHODS: Final = {
    "del": "delete",
    "modify": "update",
    "new": "create",
    "get": "retrieve",
    "new_and_poll": "create_and_poll",
    "new_and_run": "create_and_run",
    "new_streaming": "stream",
    "create_streaming": "stream",
    "modify_run": "update",
}
"""What other SDKs call the methods, and the first versions of openai for Node."""

BETA: Final = re.compile(r"beta|thread|assistant|run", re.IGNORECASE)
TIED: Final = re.compile(r"openai|assistant", re.IGNORECASE)


def findings(source: Source) -> Iterator[Finding]:
    """Of one file that is not Python."""
    chains = CHAINS.get(source.language.name)
    if chains is None or not TIED.search(source.text):
        return
    code = source.code()
    if BETA.search(code) is None:
        return
    clients = {match["name"] for match in chains.clients.finditer(source.uncommented())}
    for match in chains.whole.finditer(code):
        path = f"{match['resource']}{plain(match['parts'])}"
        is_made = match["root"] in clients
        why = f"{match['root']} is made by new OpenAI" if is_made else f"a chain of beta.{path}"
        yield from call(source, match.start("root"), path, match["method"], "certain" if is_made else "likely", why)
    for pattern, operation in chains.others:
        for match in pattern.finditer(code):
            yield finding(source, match.start(), operation, "possible", "a method of that name")


def plain(parts: str) -> str:
    """``.runs.steps`` of a chain however it is laid out."""
    return "".join(f".{name.lower()}" for name in re.findall(r"(?:\.|->)\s*(\w+)", parts))


def call(source: Source, at: int, path: str, method: str, sureness: Sureness, why: str) -> Iterator[Finding]:
    name = operation(path, method)
    if name is not None:
        yield finding(source, at, name, sureness, why)


def operation(path: str, method: str) -> str | None:
    """``threads.runs`` and ``createAndPoll`` are runs.create_and_poll."""
    resource = path.rpartition(".")[2]
    if resource == "files":
        resource = ".".join(path.split(".")[-2:])
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", method).lower().removesuffix("_async")
    for each in (snake, METHODS.get(snake)):
        if f"{resource}.{each}" in OPERATIONS:
            return f"{resource}.{each}"
    return None


def finding(source: Source, offset: int, operation: str, sureness: Sureness, why: str) -> Finding:
    known = OPERATIONS[operation]
    while offset < len(source.text) and source.text[offset].isspace():
        offset += 1
    place = source.place(offset)
    return Finding("call", RULES["call"].severity, sureness, place, operation, known.becomes, operation, why)
