"""Thread messages ↔ input and output items (responses-mapping §3, assistants-wire §4).

    Assistants message                          Responses item
    role user                                => {"type": "message", "role": "user", "content": […]}
      {"type": "text"}                       =>   input_text
      {"type": "image_file"}                 =>   input_image with file_id
      {"type": "image_url"}                  =>   input_image with image_url
    role assistant                           => {"type": "message", "role": "assistant", "status", "content": […]}
      {"type": "text"}                       =>   output_text; annotations stay behind, their markers are in the text
      {"type": "refusal"}                    =>   refusal
      {"type": "image_file"}, "image_url"    =>   a user item after it: assistant items may hold no images
    {"type": "text", value, annotations}     <= output_text; file citations get a marker in the text
    {"type": "refusal"}                      <= refusal

Attachments are not in here: they became tool_resources when the message was made. Metadata stays in the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from bridge.records import Message, Object
from bridge.translate import loose
from bridge.translate.loose import Untranslatable
from bridge.wire import responses

IMAGES: Final = ("image_file", "image_url")


def to_responses(message: Message) -> list[Object]:
    """The input items that say the same: none for a message without content, two where images had to move."""
    if message.role == "user":
        return _user(message.content)
    images = [block for block in message.content if block.get("type") in IMAGES]
    said = [_output_part(block) for block in message.content if block.get("type") not in IMAGES]
    said = [part for part in said if part.get("text") != ""]
    status = "incomplete" if message.status == "incomplete" else "completed"
    item = {"type": "message", "role": "assistant", "status": status, "content": said}
    return [*([item] if said else []), *_user(images)]


def to_assistants(item: Mapping[str, Any], round: int = 0) -> list[Object]:
    """The content blocks of an output message. `round` numbers the search behind its citations.

    Parts of unknown types are left out, as are url_citation annotations and files of containers: the first have no
    Assistants form, the second have to be fetched before they have an id.
    """
    blocks = []
    for part in loose.objects(item, "content"):
        if part.get("type") == "output_text":
            blocks.append(_text_back(part, round))
        elif part.get("type") == "refusal":
            blocks.append({"type": "refusal", "refusal": loose.text(part, "refusal") or ""})
    return blocks


def marker(annotation: Object, round: int, number: int) -> str:
    """What stands in the text for a file citation: ``【round:number†filename】``, never empty (§4.2)."""
    return f"【{round}:{number}†{loose.text(annotation, 'filename') or 'source'}】"


# --- forwards


def _user(content: Iterable[Object]) -> list[Object]:
    parts = [_input_part(block) for block in content]
    parts = [part for part in parts if part.get("text") != ""]
    return [{"type": "message", "role": "user", "content": parts}] if parts else []


def _input_part(block: Object) -> Object:
    kind = block.get("type")
    if kind == "text":
        return {"type": "input_text", "text": _value(block)}
    if kind == "image_file":
        image = block["image_file"]
        return {"type": "input_image", "file_id": image["file_id"], "detail": image.get("detail") or "auto"}
    if kind == "image_url":
        image = block["image_url"]
        return {"type": "input_image", "image_url": image["url"], "detail": image.get("detail") or "auto"}
    raise Untranslatable(f"content block {block!r} has no Responses form in a user message")


def _output_part(block: Object) -> Object:
    kind = block.get("type")
    if kind == "text":
        part: responses.OutputText = {"type": "output_text", "text": _value(block), "annotations": [], "logprobs": []}
        return dict(part)
    if kind == "refusal":
        return {"type": "refusal", "refusal": block["refusal"]}
    raise Untranslatable(f"content block {block!r} has no Responses form in an assistant message")


def _value(block: Object) -> str:
    """The text of a block in its answered form, or in the form requests have (§4.3)."""
    text = block["text"]
    return str(text if isinstance(text, str) else text["value"])


# --- backwards


def _text_back(part: Object, round: int) -> Object:
    """Markers go in where the annotations point, in their order; an index beyond the text means its end."""
    text = loose.text(part, "text") or ""
    pieces: list[str] = []
    annotations: list[Object] = []
    taken = length = 0
    for annotation in sorted(_citations(part), key=_position(len(text))):
        sign = marker(annotation, round, len(annotations))
        before = text[taken : _position(len(text))(annotation)]
        start = length + len(before)
        pieces += [before, sign]
        taken, length = taken + len(before), start + len(sign)
        annotations.append(_citation(annotation, sign, start))
    value = "".join([*pieces, text[taken:]])
    return {"type": "text", "text": {"value": value, "annotations": annotations}}


def _citations(part: Object) -> Sequence[Object]:
    annotations = loose.objects(part, "annotations")
    return [entry for entry in annotations if entry.get("type") == "file_citation" and loose.text(entry, "file_id")]


def _citation(annotation: Object, sign: str, start: int) -> Object:
    return {
        "type": "file_citation",
        "text": sign,
        "start_index": start,
        "end_index": start + len(sign),
        "file_citation": {"file_id": annotation["file_id"]},
    }


def _position(length: int) -> Callable[[Object], int]:
    """Where an annotation points, in code points of the text."""

    def position(annotation: Object) -> int:
        index = loose.number(annotation, "index")
        return length if index is None else max(0, min(index, length))

    return position
