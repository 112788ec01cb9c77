"""Objects as the old API answered them, taken with patience: what is missing has its default, numbers may be spelled as
text. Fields beyond these are kept in `model_extra`, so that they can be told."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bridge.records import MessageStatus, Object, RunStatus, StepStatus

E = TypeVar("E", bound="Exported")

LATEST = 2**53
"""Seconds: what is more is no time."""


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _or_empty(value: Any) -> Any:
    return {} if value is None else value


def _or_nothing(value: Any) -> Any:
    return [] if value is None else value


Seconds = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=LATEST)]
Id = Annotated[str, Field(min_length=1, max_length=512)]
Map = Annotated[dict[str, Any], BeforeValidator(_or_empty)]
Resources = Annotated[dict[str, dict[str, list[str]] | None], BeforeValidator(_or_empty)]
Objects = Annotated[list[Object], BeforeValidator(_or_nothing)]


class Exported(BaseModel):
    model_config = ConfigDict(extra="allow", protected_namespaces=())

    id: Id
    object: str = ""
    created_at: Seconds


class AssistantObject(Exported):
    model: str
    name: str | None = None
    description: str | None = None
    instructions: str | None = None
    tools: Objects = []
    top_p: float | None = 1.0
    temperature: float | None = 1.0
    reasoning_effort: str | None = None
    tool_resources: Resources = {}
    metadata: Map = {}
    response_format: str | Object | None = "auto"


class ThreadObject(Exported):
    metadata: Map = {}
    tool_resources: Resources = {}


class MessageObject(Exported):
    thread_id: Id
    role: Literal["user", "assistant"]
    content: str | list[Object]
    attachments: Objects = []
    metadata: Map = {}
    assistant_id: str | None = None
    run_id: str | None = None
    status: MessageStatus | None = None
    completed_at: Seconds | None = None
    incomplete_at: Seconds | None = None
    incomplete_details: Object | None = None


class RunObject(Exported):
    thread_id: Id
    assistant_id: Id
    model: str
    status: RunStatus
    expires_at: Seconds | None = None
    instructions: str | None = None
    tools: Objects = []
    tool_resources: Resources = {}
    metadata: Map = {}
    temperature: float | None = 1.0
    top_p: float | None = 1.0
    reasoning_effort: str | None = None
    max_completion_tokens: int | None = None
    max_prompt_tokens: int | None = None
    truncation_strategy: Object | None = None
    response_format: str | Object | None = "auto"
    tool_choice: str | Object | None = "auto"
    parallel_tool_calls: bool | None = True
    started_at: Seconds | None = None
    cancelled_at: Seconds | None = None
    failed_at: Seconds | None = None
    completed_at: Seconds | None = None
    required_action: Object | None = None
    last_error: Object | None = None
    incomplete_details: Object | None = None
    usage: Object | None = None


class StepObject(Exported):
    run_id: Id
    thread_id: Id
    assistant_id: str | None = None
    type: Literal["message_creation", "tool_calls"]
    step_details: Object
    status: StepStatus
    expires_at: Seconds | None = None
    cancelled_at: Seconds | None = None
    completed_at: Seconds | None = None
    expired_at: Seconds | None = None
    failed_at: Seconds | None = None
    last_error: Object | None = None
    usage: Object | None = None
    metadata: Map = {}


class FileObject(Exported):
    filename: str = ""
    purpose: str = "assistants"
    bytes: int | None = None


def parsed(shape: type[E], value: Any) -> E:
    """Raises ValueError, which names the first field that is wrong."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{place or 'value'}: {first['msg']}") from error
