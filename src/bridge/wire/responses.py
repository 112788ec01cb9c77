"""The JSON of the Responses API as far as we write or read it (responses-mapping §3-§8). Types only, no behaviour.

What servers send back is looser than this (upstreams.md): it is read through `translate.loose`, never trusted to be so.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from typing_extensions import NotRequired

# --- content parts


class InputText(TypedDict):
    type: Literal["input_text"]
    text: str


class InputImage(TypedDict):
    """Exactly one of `file_id` and `image_url`."""

    type: Literal["input_image"]
    detail: str
    file_id: NotRequired[str]
    image_url: NotRequired[str]


class OutputText(TypedDict):
    """`annotations` and `logprobs` are required by the schema, also on input (mapping §3.1)."""

    type: Literal["output_text"]
    text: str
    annotations: list[dict[str, Any]]
    logprobs: list[dict[str, Any]]


class Refusal(TypedDict):
    type: Literal["refusal"]
    refusal: str


# --- items


class InputMessage(TypedDict):
    type: Literal["message"]
    role: Literal["user"]
    content: list[InputText | InputImage]


class OutputMessage(TypedDict):
    type: Literal["message"]
    role: Literal["assistant"]
    status: Literal["completed", "incomplete"]
    content: list[OutputText | Refusal]


class FunctionCall(TypedDict):
    type: Literal["function_call"]
    call_id: str
    name: str
    arguments: str


class FunctionCallOutput(TypedDict):
    type: Literal["function_call_output"]
    call_id: str
    output: str


# --- tools


class FunctionTool(TypedDict):
    """Flat, unlike the Assistants form; `strict` and `parameters` are required by the schema."""

    type: Literal["function"]
    name: str
    description: NotRequired[str | None]
    parameters: dict[str, Any]
    strict: bool


class Container(TypedDict):
    type: Literal["auto"]
    file_ids: NotRequired[list[str]]


class CodeInterpreterTool(TypedDict):
    """`container` is a new one, or the id of one that exists."""

    type: Literal["code_interpreter"]
    container: Container | str


class FileSearchTool(TypedDict):
    type: Literal["file_search"]
    vector_store_ids: list[str]
    max_num_results: int
    ranking_options: NotRequired[dict[str, Any]]


Tool = FunctionTool | CodeInterpreterTool | FileSearchTool

# --- the request


class TextFormat(TypedDict):
    """`name`, `description`, `schema` and `strict` belong to ``json_schema`` only, and lie flat."""

    type: Literal["text", "json_object", "json_schema"]
    name: NotRequired[str]
    description: NotRequired[str | None]
    schema: NotRequired[dict[str, Any]]
    strict: NotRequired[bool | None]


class Text(TypedDict):
    format: TextFormat


class Reasoning(TypedDict):
    effort: str


class Request(TypedDict):
    """One Responses call as we make it: always stored nowhere, always streamed."""

    model: str
    input: list[dict[str, Any]]
    store: Literal[False]
    stream: Literal[True]
    instructions: NotRequired[str]
    tools: NotRequired[list[dict[str, Any]]]
    tool_choice: NotRequired[str | dict[str, Any]]
    parallel_tool_calls: NotRequired[bool]
    temperature: NotRequired[float]
    top_p: NotRequired[float]
    text: NotRequired[Text]
    reasoning: NotRequired[Reasoning]
    metadata: NotRequired[dict[str, Any]]
    max_output_tokens: NotRequired[int]
    include: NotRequired[list[str]]
