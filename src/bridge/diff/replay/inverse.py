"""A leg as the old API told it → the events of a Responses server that would lead to it.

This is the translation run backwards, by hand and on its own: a fault that both share is not seen by a replay. So each
type of event has an expectation that was written by hand (tests/diff/test_inverse.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from bridge.diff.replay.pieces import Leg, Piece
from bridge.diff.tape import Object

CONTAINER: Final = "cntr_replayed"

Events = list[Object]


def events_of(leg: Leg, response_id: str) -> Events:
    """All events of the leg, the last one included; of a cancelled leg up to where it hangs."""
    output: list[Object] = []
    head = {"id": response_id, "object": "response", "status": "in_progress", "output": []}
    events: Events = [{"type": "response.created", "response": head}]
    for number, piece in enumerate(leg.pieces):
        item, told = _item(piece, len(output), f"{response_id}_{number}", _is_cut(leg, number))
        output.append(item)
        events += told
    return [*events, *_ending(leg, {**head, "output": output})]


def _is_cut(leg: Leg, number: int) -> bool:
    """Whether the model was stopped in the middle of this piece: of the last one, if the run did not end well."""
    return leg.ending not in ("completed", "calls") and number == len(leg.pieces) - 1


def _ending(leg: Leg, response: Object) -> Iterator[Object]:
    whole = {**response, "usage": usage_of(leg.usage)}
    if leg.ending in ("completed", "calls", "unknown"):
        yield {"type": "response.completed", "response": {**whole, "status": "completed"}}
    elif leg.ending == "failed":
        error = leg.detail.get("last_error") or {"code": "server_error", "message": ""}
        yield {"type": "response.failed", "response": {**whole, "status": "failed", "error": dict(error)}}
    elif leg.ending == "incomplete":
        reason = (leg.detail.get("incomplete_details") or {}).get("reason")
        why = "content_filter" if reason in (None, "content_filter") else "max_output_tokens"
        told = {**whole, "status": "incomplete", "incomplete_details": {"reason": why}}
        yield {"type": "response.incomplete", "response": told}


def usage_of(usage: Object) -> Object | None:
    """A run's usage in a response's words. The wire says `prompt_token_details`; SDKs once wrote the plural."""
    if not usage:
        return None
    prompt = usage.get("prompt_token_details") or usage.get("prompt_tokens_details") or {}
    completion = usage.get("completion_tokens_details") or usage.get("completion_token_details") or {}
    return {
        "input_tokens": usage.get("prompt_tokens", 0),
        "input_tokens_details": {"cached_tokens": prompt.get("cached_tokens", 0)},
        "output_tokens": usage.get("completion_tokens", 0),
        "output_tokens_details": {"reasoning_tokens": completion.get("reasoning_tokens", 0)},
        "total_tokens": usage.get("total_tokens", 0),
    }


# --- items


def _item(piece: Piece, index: int, id: str, is_cut: bool) -> tuple[Object, Events]:
    """The finished item, and the events that tell of it; a cut one is never done."""
    make = {"text": _message, "function": _function, "code_interpreter": _code, "file_search": _search}[piece.kind]
    return make(piece, index, id, is_cut)


def _framed(index: int, begun: Object, done: Object, between: Events, is_cut: bool) -> Events:
    added = {"type": "response.output_item.added", "output_index": index, "item": begun}
    end = {"type": "response.output_item.done", "output_index": index, "item": done}
    return [added, *between, *([] if is_cut else [end])]


def _message(piece: Piece, index: int, id: str, is_cut: bool) -> tuple[Object, Events]:
    id = f"msg_{id}"
    at = {"item_id": id, "output_index": index, "content_index": 0}
    words, annotations = unmarked(piece)
    part = {"type": "output_text", "text": "".join(words), "annotations": annotations}
    begun: Object = {"type": "message", "id": id, "role": "assistant", "status": "in_progress", "content": []}
    done = {**begun, "status": "incomplete" if is_cut else "completed", "content": [part]}
    told: Events = [{"type": "response.content_part.added", **at, "part": {**part, "text": "", "annotations": []}}]
    told += _told_words(at, words, annotations)
    if not is_cut:
        told.append({"type": "response.output_text.done", **at, "text": part["text"]})
        told.append({"type": "response.content_part.done", **at, "part": part})
    return done, _framed(index, begun, done, told, is_cut)


def _told_words(at: Object, words: list[str], annotations: list[Object]) -> Iterator[Object]:
    """Each annotation comes when the text has reached its place."""
    waiting, said = list(enumerate(annotations)), 0
    for word in words:
        yield {"type": "response.output_text.delta", **at, "delta": word}
        said += len(word)
        while waiting and (waiting[0][1].get("index") or waiting[0][1].get("end_index") or 0) <= said:
            number, annotation = waiting.pop(0)
            yield _annotation_added(at, number, annotation)
    for number, annotation in waiting:
        yield _annotation_added(at, number, annotation)


def _annotation_added(at: Object, number: int, annotation: Object) -> Object:
    return {"type": "response.output_text.annotation.added", **at, "annotation_index": number, "annotation": annotation}


def _function(piece: Piece, index: int, id: str, is_cut: bool) -> tuple[Object, Events]:
    id = f"fc_{id}"
    at = {"item_id": id, "output_index": index}
    call = {"type": "function_call", "id": id, "call_id": piece.detail["id"], "name": piece.detail.get("name", "")}
    begun: Object = {**call, "arguments": "", "status": "in_progress"}
    done = {**call, "arguments": piece.text, "status": "completed"}
    told = [{"type": "response.function_call_arguments.delta", **at, "delta": word} for word in piece.words]
    told.append({"type": "response.function_call_arguments.done", **at, "arguments": piece.text})
    return done, _framed(index, begun, done, told, is_cut)


def _code(piece: Piece, index: int, id: str, is_cut: bool) -> tuple[Object, Events]:
    id = f"ci_{id}"
    at = {"item_id": id, "output_index": index}
    call = {"type": "code_interpreter_call", "id": id, "container_id": CONTAINER}
    outputs = [{"type": "logs", "logs": each["logs"]} for each in _outputs(piece) if each.get("type") == "logs"]
    begun: Object = {**call, "code": "", "status": "in_progress", "outputs": None}
    done = {**call, "code": piece.text, "status": "completed", "outputs": outputs or None}
    told = [{"type": "response.code_interpreter_call.in_progress", **at}]
    told += [{"type": "response.code_interpreter_call_code.delta", **at, "delta": word} for word in piece.words]
    told.append({"type": "response.code_interpreter_call_code.done", **at, "code": piece.text})
    told.append({"type": "response.code_interpreter_call.interpreting", **at})
    if not is_cut:
        told.append({"type": "response.code_interpreter_call.completed", **at})
    return done, _framed(index, begun, done, told, is_cut)


def _outputs(piece: Piece) -> list[Object]:
    return list((piece.detail.get("done") or {}).get("outputs") or ())


def _search(piece: Piece, index: int, id: str, is_cut: bool) -> tuple[Object, Events]:
    id = f"fs_{id}"
    at = {"item_id": id, "output_index": index}
    call: Object = {"type": "file_search_call", "id": id, "queries": []}
    results = [_result(each) for each in (piece.detail.get("done") or {}).get("results") or ()]
    begun = {**call, "status": "in_progress", "results": None}
    done = {**call, "status": "completed", "results": results}
    words = ("in_progress", "searching") if is_cut else ("in_progress", "searching", "completed")
    told = [{"type": f"response.file_search_call.{word}", **at} for word in words]
    return done, _framed(index, begun, done, told, is_cut)


def _result(result: Object) -> Object:
    texts = [each.get("text") or "" for each in result.get("content") or ()]
    return {
        "file_id": result.get("file_id"),
        "filename": result.get("file_name"),
        "score": result.get("score"),
        "text": "\n".join(texts),
        "attributes": {},
    }


# --- citations


def unmarked(piece: Piece) -> tuple[list[str], list[Object]]:
    """The words without the markers that the old API put into them, and the annotations as a Responses server gives
    them, in their order. A Responses text has no markers; a citation tells where it belongs by `index`."""
    text, annotations = piece.text, sorted(piece.detail.get("annotations") or (), key=_start)
    citations = [each for each in annotations if each.get("type") == "file_citation"]
    files = [each for each in annotations if each.get("type") == "file_path"]
    cut, told = 0, []
    for each in citations:
        start, end = each["start_index"], each["end_index"]
        told.append(_citation(each, start - cut))
        cut += end - start
    told += [_container_file(each, citations) for each in files]
    spans = [(each["start_index"], each["end_index"]) for each in citations]
    return _without(piece.words, spans) if text else [], told


def _start(annotation: Object) -> int:
    start: int = annotation.get("start_index") or 0
    return start


def _citation(annotation: Object, index: int) -> Object:
    name = annotation.get("text", "").strip("【】").partition("†")[2]
    return {
        "type": "file_citation",
        "index": index,
        "file_id": annotation["file_citation"]["file_id"],
        "filename": name or annotation["file_citation"]["file_id"],
    }


def _container_file(annotation: Object, citations: list[Object]) -> Object:
    """A link to a file of the container; its place moves with the markers that go before it."""
    start, end = annotation["start_index"], annotation["end_index"]
    before = sum(each["end_index"] - each["start_index"] for each in citations if each["end_index"] <= start)
    return {
        "type": "container_file_citation",
        "container_id": CONTAINER,
        "file_id": f"cfile_{annotation['file_path']['file_id']}",
        "filename": annotation.get("text", "").rpartition("/")[2],
        "start_index": start - before,
        "end_index": end - before,
    }


def _without(words: list[str], spans: list[tuple[int, int]]) -> list[str]:
    """The words without what lies in the spans, which count in the whole text."""
    kept, at = [], 0
    for word in words:
        marks = [any(start <= at + place < end for start, end in spans) for place in range(len(word))]
        left = "".join(letter for letter, is_cut in zip(word, marks, strict=True) if not is_cut)
        at += len(word)
        if left:
            kept.append(left)
    return kept


def files_of(leg: Leg) -> list[Object]:
    """The files that the leg's code made, as its container lists them: those that a text links to."""
    found: list[Any] = [each for piece in leg.pieces for each in unmarked(piece)[1]]
    return [
        {
            "id": each["file_id"],
            "object": "container.file",
            "container_id": CONTAINER,
            "path": f"/mnt/data/{each['filename']}",
            "bytes": 0,
            "source": "assistant",
        }
        for each in found
        if each["type"] == "container_file_citation"
    ]
