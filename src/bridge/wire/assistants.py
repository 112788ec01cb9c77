"""The requests of the Assistants API, strictly (assistants-wire §1.4, §2.2, §3.2, §4.3, §5.2-§5.4).

    parse_body(CreateRun, raw).given()    what the caller sent: omitted is not null
    parse_query(ListQuery, pairs).given() the keywords of engine.effects.Page

Each names a parameter as soon as the schema does; what becomes of it is told by `bridge.parity`. None beside a type
says that null may be sent, not that it is the default.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from bridge.wire import fields
from bridge.wire.checks import check_beta, check_format, check_id
from bridge.wire.fields import array_of, between, length, words
from bridge.wire.pieces import (
    AssistantId,
    Attachment,
    Budget,
    Content,
    Effort,
    Instructions,
    Metadata,
    Model,
    NewResources,
    Resources,
    ResponseFormat,
    Temperature,
    ToolChoice,
    Tools,
    TopP,
    Truncation,
)
from bridge.wire.validate import Shape, check_body, parse_body, parse_query, read_body

__all__ = [
    "AddResponse",
    "CreateAssistant",
    "CreateMessage",
    "CreateRun",
    "CreateThread",
    "CreateThreadAndRun",
    "InputQuery",
    "ListMessagesQuery",
    "ListQuery",
    "ListStepsQuery",
    "MirrorThread",
    "ModifyAssistant",
    "ModifyMessage",
    "ModifyRun",
    "ModifyThread",
    "RunQuery",
    "Shape",
    "StepQuery",
    "SubmitToolOutputs",
    "check_beta",
    "check_body",
    "check_format",
    "check_id",
    "parse_body",
    "parse_query",
    "read_body",
]

# --- assistants


class _Assistant(Shape):
    name: Annotated[str, length(256)] | None = None
    description: Annotated[str, length(512)] | None = None
    instructions: Instructions | None = None
    reasoning_effort: Effort | None = None
    tools: Tools = Field(default_factory=list)
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    response_format: ResponseFormat | None = None


class CreateAssistant(_Assistant):
    model: Model
    tool_resources: NewResources | None = None


class ModifyAssistant(_Assistant):
    model: Model = ""
    tool_resources: Resources | None = None


# --- threads and messages


class CreateMessage(Shape):
    role: Annotated[Literal["user", "assistant"], words()]
    content: Content
    attachments: Annotated[list[Attachment], array_of("objects")] | None = None
    metadata: Metadata | None = None


class ModifyMessage(Shape):
    metadata: Metadata | None = None


class CreateThread(Shape):
    messages: Annotated[list[CreateMessage], array_of("objects")] = Field(default_factory=list)
    tool_resources: NewResources | None = None
    metadata: Metadata | None = None


class ModifyThread(Shape):
    tool_resources: Resources | None = None
    metadata: Metadata | None = None


# --- runs


class _Run(Shape):
    """What both ways to create a run take."""

    assistant_id: AssistantId
    model: Model | None = None
    instructions: Instructions | None = None
    tools: Tools | None = None
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    stream: bool | None = None
    max_prompt_tokens: Budget | None = None
    max_completion_tokens: Budget | None = None
    truncation_strategy: Truncation | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool = True
    response_format: ResponseFormat | None = None


class CreateRun(_Run):
    reasoning_effort: Effort | None = None
    additional_instructions: Instructions | None = None
    additional_messages: Annotated[list[CreateMessage], array_of("objects")] | None = None


class CreateThreadAndRun(_Run):
    thread: CreateThread = CreateThread()
    tool_resources: Resources | None = None


class ModifyRun(Shape):
    metadata: Metadata | None = None


class ToolOutput(Shape):
    tool_call_id: str = ""
    output: str = ""


class SubmitToolOutputs(Shape):
    tool_outputs: Annotated[list[ToolOutput], array_of("objects")]
    stream: bool | None = None


# --- for native code: calls of ours


class AddResponse(Shape):
    """`response` as the Responses API answered it; `input` what of its request is not in the thread yet."""

    response: dict[str, Any]
    input: str | list[dict[str, Any]] | None = None


class MirrorThread(Shape):
    """`new`: a conversation of its own even where the thread has one."""

    new: bool | None = None


# --- queries

Include = Annotated[
    list[Annotated[Literal["step_details.tool_calls[*].file_search.results[*].content"], words()]],
    array_of("strings"),
]


class ListQuery(Shape):
    """`after` and `before` are ids; one that names nothing is for the list itself to refuse."""

    limit: Annotated[int, between(1, 100)] = 20
    order: Annotated[Literal["asc", "desc"], words()] = "desc"
    after: str | None = None
    before: str | None = None


class ListMessagesQuery(ListQuery):
    run_id: Annotated[str, fields.id_of("run")] | None = None


class ListStepsQuery(ListQuery):
    include: Include = Field(default_factory=list)


class InputQuery(Shape):
    last_messages: Annotated[int, between(1, 100_000)] | None = None


class RunQuery(Shape):
    include: Include = Field(default_factory=list)


class StepQuery(RunQuery):
    pass
