"""What the real server refuses, refused (responses-mapping §5, §6, §11, §13, §19), by raising UpstreamRefused."""

from __future__ import annotations

from typing import Any, Final

from bridge.records import Object
from bridge.upstream.scripted import models, refusals
from bridge.upstream.scripted.check_items import check_input
from bridge.upstream.scripted.check_tools import check_tool_choice, check_tools
from bridge.upstream.scripted.responses import count_tokens

PARAMETERS: Final[dict[str, str]] = {
    "background": "a boolean",
    "context_management": "an array",
    "conversation": "a string or an object",
    "include": "an array",
    "input": "a string or an array",
    "instructions": "a string",
    "max_output_tokens": "an integer",
    "max_tool_calls": "an integer",
    "metadata": "an object",
    "model": "a string",
    "moderation": "an object",
    "parallel_tool_calls": "a boolean",
    "previous_response_id": "a string",
    "prompt": "an object",
    "prompt_cache_key": "a string",
    "prompt_cache_options": "an object",
    "prompt_cache_retention": "a string",
    "reasoning": "an object",
    "safety_identifier": "a string",
    "service_tier": "a string",
    "store": "a boolean",
    "stream": "a boolean",
    "stream_options": "an object",
    "temperature": "a decimal",
    "text": "an object",
    "tool_choice": "a string or an object",
    "tools": "an array",
    "top_logprobs": "an integer",
    "top_p": "a decimal",
    "truncation": "a string",
    "user": "a string",
}
"""Every parameter of POST /responses (openapi-responses.json, CreateResponse) and its type; all but model take null."""

COUNTED: Final = [
    "model",
    "input",
    "previous_response_id",
    "tools",
    "text",
    "reasoning",
    "truncation",
    "instructions",
    "conversation",
    "tool_choice",
    "parallel_tool_calls",
    "personality",
]
"""The parameters of POST /responses/input_tokens."""

INCLUDES: Final = (
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
)

RANGES: Final[dict[str, tuple[str, float, float | None]]] = {
    "temperature": ("decimal", 0, 2),
    "top_p": ("decimal", 0, 1),
    "max_output_tokens": ("integer", 16, None),
    "top_logprobs": ("integer", 0, 20),
    "max_tool_calls": ("integer", 1, None),
}


def check_request(request: Object) -> None:
    """A body of POST /responses."""
    check_parameters(request, tuple(PARAMETERS))
    if request.get("model") is None:
        raise refusals.missing("model")
    check_ranges(request)
    check_model(request)
    check_state(request)
    check_metadata(request.get("metadata"))
    check_format((request.get("text") or {}).get("format"))
    if not request.get("input"):
        message = "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation_id' must be provided."
        raise refusals.refusal(message, "input", "missing_required_parameter")
    check_tools(request.get("tools") or [])
    check_tool_choice(request.get("tool_choice"), request.get("tools") or [])
    check_input(request["input"])


def check_length(request: Object, window: int | None) -> None:
    """What the model reads, in estimated tokens; with truncation the server leaves out what is too much."""
    if window is not None and request.get("truncation") != "auto" and count_tokens(request) > window:
        message = "Your input exceeds the context window of this model. Please adjust your input and try again."
        raise refusals.refusal(message, "input", "context_length_exceeded")


def check_count(request: Object) -> None:
    """A body of POST /responses/input_tokens."""
    check_parameters(request, tuple(COUNTED))
    check_state(request)
    check_tools(request.get("tools") or [])
    if request.get("input"):
        check_input(request["input"])


def check_parameters(request: Object, known: tuple[str, ...]) -> None:
    for name, value in request.items():
        if name not in known:
            raise refusals.unknown(name)
        wanted = PARAMETERS.get(name)
        if wanted and value is not None and not is_a(wanted, value):
            raise refusals.invalid_type(name, wanted, value)


def is_a(wanted: str, value: Any) -> bool:
    """Whether `value` is of one of the kinds in ``a string or an object``. Integers are decimals too."""
    kind = refusals.kind_of(value)
    return kind in wanted.split(" or ") or (wanted == "a decimal" and kind == "an integer")


def check_ranges(request: Object) -> None:
    for name, (what, low, high) in RANGES.items():
        value = request.get(name)
        if value is not None and value < low:
            raise refusals.out_of_range(name, what, low, None, value)
        if value is not None and high is not None and value > high:
            raise refusals.out_of_range(name, what, None, high, value)


def check_model(request: Object) -> None:
    """What depends on whether the model reasons."""
    model, include = request["model"], request.get("include") or []
    for index, each in enumerate(include):
        if each not in INCLUDES:
            raise refusals.invalid_value(f"include[{index}]", each, INCLUDES)
    if models.is_plain(model):
        if "reasoning.encrypted_content" in include:
            raise refusals.refusal("Encrypted content is not supported with this model.", "include")
        if (request.get("reasoning") or {}).get("effort") is not None:
            raise refusals.unsupported("reasoning.effort")
    if models.is_reasoning(model):
        for name in ("temperature", "top_p"):
            if request.get(name) is not None:
                raise refusals.unsupported(name)


def check_state(request: Object) -> None:
    """A background response has to be stored."""
    if request.get("background") and request.get("store") is False:
        message = "Background mode requires 'store' to be true."
        raise refusals.refusal(message, "background", "invalid_value")


def check_metadata(metadata: Object | None) -> None:
    if metadata and len(metadata) > 16:
        message = f"Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object with {len(metadata)} properties instead."  # noqa: E501
        raise refusals.refusal(message, "metadata", "object_above_max_properties")
    for key, value in (metadata or {}).items():
        if not isinstance(value, str):
            raise refusals.invalid_type(f"metadata.{key}", "a string", value)


FORMATS: Final = {
    "text": ("type",),
    "json_object": ("type",),
    "json_schema": ("type", "name", "description", "schema", "strict"),
}


def check_format(format: Any) -> None:
    """`text.format` is flat: the nested form of Assistants and Chat lacks its name here (responses-mapping §6)."""
    if format is None:
        return
    if not isinstance(format, dict):
        raise refusals.invalid_type("text.format", "an object", format)
    kind = format.get("type")
    if kind not in FORMATS:
        raise refusals.invalid_value("text.format.type", kind, tuple(FORMATS))
    if kind == "json_schema":
        for name in ("name", "schema"):
            if format.get(name) is None:
                raise refusals.missing(f"text.format.{name}")
    for name in format:
        if name not in FORMATS[kind]:
            raise refusals.unknown(f"text.format.{name}")
