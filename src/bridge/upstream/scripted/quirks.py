"""Oddities of real Responses servers, to be switched on in tests (upstreams.md, "Quirks to turn into tests").

Each changes the steps of one answer. Those that are `unchanged` in the table are carried out elsewhere: ids where ids
are made, event lines where bytes are made, numbers at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final, TypeAlias

from bridge.profiles import TRANSFORMERS
from bridge.records import Object
from bridge.upstream.scripted.checks import PARAMETERS
from bridge.upstream.scripted.refusals import refusal
from bridge.upstream.scripted.steps import FINAL, Garbled, Step, type_of

Quirk: TypeAlias = Callable[[Iterable[Step]], Iterator[Step]]

ARGUMENTS_OF_SEARCH = '{"query":"what was asked"}'
ARGUMENTS = ("response.function_call_arguments.delta", "response.function_call_arguments.done")


def apply(names: Iterable[str], steps: Iterator[Step]) -> Iterator[Step]:
    """In the order of the table: numbers are put right after all that adds and moves events, and dropped last."""
    chosen = frozenset(names)
    for name, quirk in QUIRKS.items():
        if name in chosen:
            steps = quirk(steps)
    return no_sequence_numbers(steps) if "no_sequence_numbers" in chosen else renumbered(steps) if chosen else steps


def renumbered(steps: Iterable[Step]) -> Iterator[Step]:
    count = 0
    for step in steps:
        if isinstance(step, dict):
            yield {**step, "sequence_number": count}
            count += 1
        else:
            yield step


def unchanged(steps: Iterable[Step]) -> Iterator[Step]:
    yield from steps


def whole_arguments(steps: Iterable[Step]) -> Iterator[Step]:
    """transformers serve: no argument events, the call is whole when its item is done."""
    return (step for step in steps if type_of(step) not in ARGUMENTS)


def arguments_first(steps: Iterable[Step]) -> Iterator[Step]:
    """OGX: the argument events of a call come before its output_item.added."""
    held: Step | None = None
    for step in steps:
        if isinstance(step, dict) and type_of(step).endswith("item.added") and step["item"]["type"] == "function_call":
            held = step
            continue
        if held is not None and type_of(step) == "response.output_item.done":
            yield held
            held = None
        yield step


def empty_message(steps: Iterable[Step]) -> Iterator[Step]:
    """transformers serve: an empty message beside calls; it takes the last output_index again and is listed first."""
    item: Object | None = None
    for step in steps:
        if isinstance(step, dict) and type_of(step) in FINAL:
            calls = [each for each in step["response"]["output"] if each["type"] == "function_call"]
            if calls:
                item = {"id": f"{calls[0]['id']}0", "type": "message", "status": "completed", "role": "assistant"}
                item["content"] = [{"type": "output_text", "annotations": [], "logprobs": [], "text": ""}]
                yield from empty_item(item, step)
                output = [item, *step["response"]["output"]]
                step = {**step, "response": {**step["response"], "output": output}}
        yield step


def empty_item(item: Object, final: Object) -> Iterator[Step]:
    place = {"output_index": len(final["response"]["output"]) - 1, "sequence_number": final["sequence_number"]}
    started = {**item, "status": "in_progress", "content": []}
    yield {"type": "response.output_item.added", **place, "item": started}
    yield {"type": "response.output_item.done", **place, "item": item}


def no_text_done(steps: Iterable[Step]) -> Iterator[Step]:
    """OGX: no output_text.done."""
    return (step for step in steps if type_of(step) != "response.output_text.done")


def queued_created(steps: Iterable[Step]) -> Iterator[Step]:
    """transformers serve: the response is still queued in response.created."""
    for step in steps:
        if isinstance(step, dict) and type_of(step) == "response.created":
            yield {**step, "response": {**step["response"], "status": "queued"}}
        else:
            yield step


def no_usage(steps: Iterable[Step]) -> Iterator[Step]:
    return (final_usage(step, None) for step in steps)


def zero_usage(steps: Iterable[Step]) -> Iterator[Step]:
    """aimock: all counts are zero."""
    zero: Object = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    details: Object = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    return (final_usage(step, {**zero, **details}) for step in steps)


def final_usage(step: Step, usage: Object | None) -> Step:
    if not isinstance(step, dict) or type_of(step) not in FINAL:
        return step
    response = {key: value for key, value in step["response"].items() if key != "usage"}
    return {**step, "response": {**response, "usage": usage} if usage else response}


def error_event(steps: Iterable[Step]) -> Iterator[Step]:
    """After the first delta an `error` event, and nothing more."""
    for step in steps:
        yield step
        if isinstance(step, dict) and type_of(step).endswith(".delta"):
            message = "The server had an error while processing your request."
            number = step["sequence_number"] + 1
            yield {
                "type": "error",
                "sequence_number": number,
                "code": "server_error",
                "message": message,
                "param": None,
            }
            return


def malformed_json(steps: Iterable[Step]) -> Iterator[Step]:
    """After the first delta the data of an event is cut in the middle, and nothing more comes."""
    for step in steps:
        yield step
        if type_of(step).endswith(".delta"):
            yield Garbled('{"type":"response.output_text.del')
            return


def no_sequence_numbers(steps: Iterable[Step]) -> Iterator[Step]:
    """LiteLLM, aimock."""
    for step in steps:
        if isinstance(step, dict):
            yield {key: value for key, value in step.items() if key != "sequence_number"}
        else:
            yield step


def high_scores(steps: Iterable[Step]) -> Iterator[Step]:
    """OGX: the scores of a search are above 1."""
    return (with_results(step, lambda result: {**result, "score": result["score"] + 1}) for step in steps)


def foreign_file_ids(steps: Iterable[Step]) -> Iterator[Step]:
    """OGX: what a search found is named otherwise than by the file's id."""
    return (with_results(step, lambda result: {**result, "file_id": f"doc-{result['file_id'][-8:]}"}) for step in steps)


def with_results(step: Step, change: Callable[[Object], Object]) -> Step:
    """The step with every result of a search changed, in the item and in the final response."""
    if isinstance(step, dict) and type_of(step) == "response.output_item.done":
        return {**step, "item": changed(step["item"], change)}
    if isinstance(step, dict) and type_of(step) in FINAL:
        output = [changed(item, change) for item in step["response"]["output"]]
        return {**step, "response": {**step["response"], "output": output}}
    return step


def changed(item: Object, change: Callable[[Object], Object]) -> Object:
    if item["type"] != "file_search_call" or not item.get("results"):
        return item
    return {**item, "results": [change(result) for result in item["results"]]}


def internal_search(steps: Iterable[Step]) -> Iterator[Step]:
    """OGX: the argument events of the function behind a search come before the search's own item."""
    for step in steps:
        if isinstance(step, dict) and type_of(step) == "response.output_item.added":
            item = step["item"]
            if item["type"] == "file_search_call":
                place = {"item_id": item["id"], "output_index": step["output_index"], "sequence_number": 0}
                kind = "response.function_call_arguments"
                yield {"type": f"{kind}.delta", **place, "delta": ARGUMENTS_OF_SEARCH}
                yield {"type": f"{kind}.done", **place, "name": "knowledge_search", "arguments": ARGUMENTS_OF_SEARCH}
        yield step


QUIRKS: Final[dict[str, Quirk]] = {
    "whole_arguments": whole_arguments,
    "arguments_first": arguments_first,
    "empty_message": empty_message,
    "no_text_done": no_text_done,
    "queued_created": queued_created,
    "no_usage": no_usage,
    "zero_usage": zero_usage,
    "error_event": error_event,
    "malformed_json": malformed_json,
    "high_scores": high_scores,
    "foreign_file_ids": foreign_file_ids,
    "internal_search": internal_search,
    "dashed_ids": unchanged,
    "long_ids": unchanged,
    "no_containers": unchanged,
    "no_previous": unchanged,
    "no_conversations": unchanged,
    "drops_items": unchanged,
    "locked_conversations": unchanged,
    "no_encrypted_content": unchanged,
    "refuses_file_search_items": unchanged,
    "unknown_is_422": unchanged,
    "no_event_lines": unchanged,
    "no_sequence_numbers": unchanged,
}

REFUSING: Final = ("no_encrypted_content", "refuses_file_search_items", "unknown_is_422")
"""Those that refuse requests which others take."""

OF_CONVERSATIONS: Final = ("no_conversations", "drops_items", "locked_conversations")
OF_SERVERS: Final = (*REFUSING, *OF_CONVERSATIONS, "no_containers", "no_previous")
"""Those of a server as a whole: a rule, which is one answer, cannot have them."""


def refuse_fields(names: Collection[str], request: Object) -> None:
    """Raises UpstreamRefused for fields that transformers serve does not know, or knows and does not use.

    The words are its own; FastAPI puts them under `detail`, without an envelope.
    """
    if "unknown_is_422" in names:
        unknown = [name for name in request if name not in PARAMETERS]
        unused = [name for name in request if name not in (TRANSFORMERS.fields or ())]
        for about, found in (("Unexpected keys", unknown), ("Unsupported fields", unused)):
            if found:
                listed = ", ".join(f"'{name}'" for name in found)
                raise refusal(f"{about} in the request: {{{listed}}}", status=422, type=None)


def refuse(names: Collection[str], request: Object) -> None:
    """Raises UpstreamRefused for what vLLM does not take."""
    items = [item for item in request["input"] if isinstance(item, dict)]
    sealed = any(item.get("encrypted_content") for item in items)
    included = "reasoning.encrypted_content" in (request.get("include") or ())
    if "no_encrypted_content" in names and (sealed or included):
        raise refusal("Encrypted content is not supported with this model.", "include" if included else "input")
    if "refuses_file_search_items" in names and any(item.get("type") == "file_search_call" for item in items):
        raise refusal("Unsupported input item type: file_search_call.", "input")
