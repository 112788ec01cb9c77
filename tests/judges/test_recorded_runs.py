"""Real answers of the Responses API as runs: their steps, messages and citations, read off the recordings by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen

from bridge import OpenAI
from bridge.testing import MemoryStore
from judges.chaos import Ear
from judges.recorded import CONTENT, Recorded, answers

pytestmark = [pytest.mark.slow, pytest.mark.needs("shared")]

FACTORIAL = "def factorial(n):"
PANDAS = "import pandas as pd"
PLOT = "import matplotlib.pyplot as plt"
PIZZA = "Travis's favorite food is pizza【0:0†test_favorite_foods.txt】."
SCATTER, BARS = "cfile_68d5f31200208191afd3130709930804", "cfile_68d5f33c3858819192ae1a58775ed834"
SANDBOX = "sandbox:/mnt/data/ages_bar_chart.png"


@frozen
class Meant:
    """What a recorded answer becomes.

    steps     ``message``, or the calls of a step: kind, first line of the code, its characters, outputs
    messages  the blocks of each: ``image``, or (characters, how the text begins, how it ends)
    cited     (kind, text, start, end) of all annotations, in order
    files     of the container: id → (after how many calls of the code it is there, name)
    """

    recording: str
    usage: tuple[int, int, int]
    steps: list[Any]
    messages: list[list[Any]]
    cited: list[tuple[str, str, int, int]] = field(factory=list)
    files: dict[str, tuple[int, str]] = field(factory=dict)
    number: int = 0


SEARCH = ("file_search", None, None, [])
SEARCHED = [("file_citation", "【0:0†test_favorite_foods.txt】", 31, 60)]
GREETING = [(32, "Hello! How can I", "help you today?")]
MEANT = [
    Meant("FileSearchCallStreaming", (1169, 52, 1221), [[SEARCH], "message"], [[(61, PIZZA, PIZZA)]], SEARCHED),
    Meant("FileSearch", (1160, 42, 1202), [[SEARCH], "message"], [[(61, PIZZA, PIZZA)]], SEARCHED),
    Meant(
        "CodeInterpreterToolStreaming",
        (828, 482, 1310),
        ["message", [("code_interpreter", FACTORIAL, 205, [])], "message"],
        [
            [(1387, "Calculating the factorial", "to find the factorial of 5.")],
            [(110, "The factorial of 5 is", "ask!")],
        ],
    ),
    Meant(
        "CodeInterpreterToolStreamingWithFiles",
        (38152, 312, 38464),
        [
            [("code_interpreter", PANDAS, 221, [])],
            "message",
            [("code_interpreter", PLOT, 326, ["image"])],
            "message",
        ],
        [
            [(222, "The CSV file contains", "\\( y \\) values.")],
            ["image", (273, "Here is the plot", "like, let me know!")],
        ],
        files={SCATTER: (2, f"{SCATTER}.png")},
    ),
    Meant(
        "CodeInterpreterToolWithUploadedFileIds",
        (75773, 315, 76088),
        [
            [
                ("code_interpreter", PANDAS, 239, []),
                ("code_interpreter", PLOT, 385, ["image"]),
                ("code_interpreter", "# Execute the uploaded Python script", 174, []),
            ],
            "message",
        ],
        [["image", (393, "I analyzed the uploaded CSV", "feel free to ask!")]],
        [("file_path", SANDBOX, 170, 206)],
        {BARS: (2, "ages_bar_chart.png")},
    ),
    Meant("ReasoningWithStoreDisabled", (10, 15, 25), ["message"], [GREETING]),
    Meant("ReasoningWithStoreDisabled", (10, 79, 89), ["message"], [GREETING], number=1),
    Meant("MCPToolStreamingWorks", (575, 161, 736), ["message"], [[(1, "4", "4")]]),
    Meant("WebSearchCall", (8516, 410, 8926), ["message"], [[(1140, "As of 6:01", "local weather service. ")]]),
]


class Played:
    """A recorded answer as a run of the drop-in client."""

    def __init__(self, meant: Meant, shared: Path) -> None:
        recorded = answers(shared / "recordings" / "responses" / f"{meant.recording}.json")
        self.upstream = Recorded(recorded[meant.number], meant.files)
        self.client = OpenAI(api_key="sk-test", upstream=self.upstream, store=MemoryStore())
        beta = self.client.beta
        tools: Any = [{"type": "code_interpreter"}, {"type": "file_search"}]
        self.assistant = beta.assistants.create(model="gpt-5-mini", tools=tools)
        self.thread = beta.threads.create(messages=[{"role": "user", "content": "Go on."}])

    @property
    def runs(self) -> Any:
        return self.client.beta.threads.runs

    def polled(self) -> Any:
        return self.runs.create_and_poll(thread_id=self.thread.id, assistant_id=self.assistant.id)

    def messages(self, run: Any) -> list[Any]:
        return self.client.beta.threads.messages.list(self.thread.id, run_id=run.id, order="asc").data

    def steps(self, run: Any) -> list[Any]:
        data: list[Any] = self.runs.steps.list(run.id, thread_id=self.thread.id, order="asc").data
        return data


@pytest.fixture(params=MEANT, ids=lambda meant: f"{meant.recording}-{meant.number}")
def meant(request: pytest.FixtureRequest) -> Meant:
    found: Meant = request.param
    return found


@pytest.fixture
def played(meant: Meant, shared: Path) -> Played:
    return Played(meant, shared)


def test_steps_messages_and_citations(meant: Meant, played: Played) -> None:
    run = played.polled()
    assert (run.status, run.last_error) == ("completed", None)
    assert (run.usage.prompt_tokens, run.usage.completion_tokens, run.usage.total_tokens) == meant.usage
    assert [told_step(step) for step in played.steps(run)] == meant.steps
    messages = played.messages(run)
    blocks = [block for message in messages for block in message.content]
    wanted = [block for message in meant.messages for block in message]
    assert [len(message.content) for message in messages] == [len(message) for message in meant.messages]
    for block, want in zip(blocks, wanted, strict=True):
        check_block(block, want)
    texts = [block.text for block in blocks if block.type == "text"]
    assert [told_citation(one) for text in texts for one in text.annotations] == meant.cited
    for text in texts:
        for one in text.annotations:
            assert text.value[one.start_index : one.end_index] == one.text
            assert one.text not in text.value.replace(one.text, "[0]")


def told_step(step: Any) -> Any:
    """As in Meant."""
    assert step.status == "completed"
    if step.type == "message_creation":
        return "message"
    return [told_call(call) for call in step.step_details.tool_calls]


def told_call(call: Any) -> Any:
    if call.type != "code_interpreter":
        return (call.type, None, None, [])
    code = call.code_interpreter
    return (call.type, code.input.splitlines()[0], len(code.input), [output.type for output in code.outputs])


def check_block(block: Any, want: Any) -> None:
    if want == "image":
        assert block.type == "image_file"
        return
    length, begins, ends = want
    value = block.text.value
    assert (len(value), value.startswith(begins), value.endswith(ends)) == (length, True, True), value


def told_citation(annotation: Any) -> tuple[str, str, int, int]:
    return annotation.type, annotation.text, annotation.start_index, annotation.end_index


def test_a_stream_tells_what_a_poll_finds(played: Played) -> None:
    ear = Ear()
    told: dict[str, list[str]] = {}
    asked: Any = {"thread_id": played.thread.id, "assistant_id": played.assistant.id}
    for event in played.runs.create(**asked, stream=True):
        ear.hear(event)
        if event.event == "thread.message.delta":
            pieces = [block.text.value or "" for block in event.data.delta.content if block.type == "text"]
            told.setdefault(event.data.id, []).extend(pieces)
    run = ear.over()
    assert run.status == "completed"
    texts = {
        one.id: [block.text.value for block in one.content if block.type == "text"] for one in played.messages(run)
    }
    assert {id: "".join(pieces) for id, pieces in told.items()} == {id: "".join(told) for id, told in texts.items()}


FILES = [(meant, id) for meant in MEANT for id in meant.files]


@pytest.mark.parametrize(("meant", "id"), FILES, ids=lambda each: getattr(each, "recording", ""))
def test_files_of_containers_download_under_one_id(meant: Meant, id: str, shared: Path) -> None:
    """Wherever a file is shown: in the step, at the head of a message, or in a citation."""
    played = Played(meant, shared)
    run = played.polled()
    dumped = json.dumps([one.to_dict() for one in (*played.steps(run), *played.messages(run))])
    shown = {word for word in dumped.split('"') if word.startswith("file-")}
    (file_id,) = shown
    assert played.client.files.content(file_id).read() == CONTENT
    assert played.client.files.retrieve(file_id).filename == meant.files[id][1]


def test_the_next_run_sends_no_reasoning_of_the_last(shared: Path) -> None:
    """It belongs to the answer it led to (responses-mapping §13)."""
    played = Played(next(meant for meant in MEANT if meant.recording == "ReasoningWithStoreDisabled"), shared)
    played.polled()
    played.polled()
    first, second = played.upstream.asked
    assert "reasoning.encrypted_content" in first["include"]
    assert [item["role"] for item in second["input"]] == ["user", "assistant"]
