"""What a model wrote: text with its annotations, refusals; and the texts of errors."""

from __future__ import annotations

from typing import Any

from bridge.diff.compare import texts
from bridge.diff.compare.alignment import Keys
from bridge.diff.compare.values import Object, Walk
from bridge.diff.observations import MISSING


def text_part(walk: Walk, control: Any, candidate: Any, path: str) -> None:
    """`text` of a content part: `{value, annotations}`. As a plain string, in a result of a search, it is compared as a
    text too."""
    if isinstance(control, str):
        text(walk, control, candidate, path)
        return
    if not isinstance(control, dict) or not isinstance(control.get("value"), str):
        walk.value(control, candidate, path)
        return
    walk.keys(control, candidate, path)
    words = control["value"], candidate.get("value")
    if isinstance(words[1], str):
        text(walk, words[0], words[1], f"{path}.value")
    elif "value" in candidate:
        walk.value(*words, f"{path}.value")
    _annotations(walk, control, candidate, path)


def text(walk: Walk, control: str, candidate: str, path: str) -> None:
    left, right, agree = walk.identities.in_texts(control, candidate, False)
    differs = texts.rule(left, right)
    if differs is not None:
        rule, ratio = differs
        walk.tell(rule, path, control, candidate, f"similarity {ratio:.2f}")
    elif not agree:
        walk.tell("id", path, control, candidate)


def _annotations(walk: Walk, control: Object, candidate: Object, path: str) -> None:
    """By their kind and what they mark. Where the text is another, they stand elsewhere, which is no difference."""
    lefts, rights = control.get("annotations"), candidate.get("annotations")
    if not isinstance(lefts, list) or not isinstance(rights, list):
        if "annotations" in control and "annotations" in candidate:
            walk.value(lefts, rights, f"{path}.annotations")
        return
    is_same = control["value"] == candidate.get("value")
    keys = [_keys(each) for each in lefts], [_keys(each) for each in rights]
    for one, other in walk.paired(*keys, f"{path}.annotations"):
        if one is None and other is not None:
            walk.tell("annotation-extra", f"{path}.annotations[{other}]", MISSING, rights[other])
        elif other is None and one is not None:
            walk.tell("annotation-missing", f"{path}.annotations[{one}]", lefts[one], MISSING)
        elif one is not None and other is not None:
            _annotation(walk, lefts[one], rights[other], f"{path}.annotations[{one}]", is_same)


def _keys(annotation: Any) -> Keys:
    if not isinstance(annotation, dict):
        return repr(annotation), "", ""
    return f"{annotation.get('type')} {_span(annotation)}", str(annotation.get("type")), ""


def _annotation(walk: Walk, control: Any, candidate: Any, path: str, is_same_text: bool) -> None:
    if not isinstance(control, dict) or not isinstance(candidate, dict):
        walk.value(control, candidate, path)
        return
    if control.get("type") != candidate.get("type"):
        walk.tell("annotation-kind", path, control.get("type"), candidate.get("type"))
        return
    left, right = _span(control), _span(candidate)
    if is_same_text and left != right:
        walk.tell("annotation-span", path, left, right)
    walk.keys(control, candidate, path)
    for key, value in control.items():
        if key in candidate and key not in ("start_index", "end_index"):
            walk.value(value, candidate[key], f"{path}.{key}", key)


def _span(annotation: Object) -> list[Any]:
    return [annotation.get("start_index"), annotation.get("end_index")]


def refusal(walk: Walk, control: Any, candidate: Any, path: str) -> None:
    if isinstance(control, str):
        text(walk, control, candidate, path)
    else:
        walk.value(control, candidate, path)


def error(walk: Walk, control: Any, candidate: Any, path: str) -> None:
    """`error` and `last_error`: type, code and param are words that programs branch on, the message one that they
    match."""
    if not isinstance(control, dict):
        walk.value(control, candidate, path)
        return
    walk.keys(control, candidate, path)
    for key, value in control.items():
        if key not in candidate:
            continue
        other = candidate[key]
        if key == "message" and isinstance(value, str) and isinstance(other, str):
            walk.string(value, other, f"{path}.message", "error-message", loose=True)
        else:
            walk.value(value, other, f"{path}.{key}", "code" if key in ("code", "type", "param") else key)
