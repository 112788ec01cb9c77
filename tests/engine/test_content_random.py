"""Whatever pieces and annotations come, in whatever order: what is streamed is what is final, and can be replaced."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bridge.engine.content import Content
from bridge.records import File

NAMES = ("a.csv", "a.csv.gz", "plot.png", "r e.txt", "ü.txt")
LINKS = [f"sandbox:/mnt/data/{name}" for name in NAMES]
FILES = {f"cfile_{n}": File(f"file-{n}", "t", "r", 1, name, "c", f"cfile_{n}") for n, name in enumerate(NAMES)}

TEXTS = st.one_of(st.text("ab 😀ü【0:†】.()[]", min_size=1, max_size=8), st.sampled_from([*LINKS, "【0:0†a.txt】"]))
NUMBERS = st.integers(-2, 60)
PARTS = st.integers(0, 2)
ANNOTATIONS = st.one_of(
    st.fixed_dictionaries({"type": st.just("file_citation"), "file_id": st.just("file-x"), "index": NUMBERS}),
    st.fixed_dictionaries(
        {
            "type": st.just("container_file_citation"),
            "file_id": st.sampled_from(sorted(FILES)),
            "start_index": NUMBERS,
            "end_index": NUMBERS,
        }
    ),
    st.fixed_dictionaries({"type": st.just("file_path"), "file_id": st.just("file-y"), "index": NUMBERS}),
    st.fixed_dictionaries({"type": st.sampled_from(["url_citation", "new_kind"]), "url": TEXTS}),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("text"), PARTS, TEXTS),
        st.tuples(st.just("refusal"), PARTS, TEXTS),
        st.tuples(st.just("annotation"), PARTS, ANNOTATIONS),
        st.tuples(st.just("image"), PARTS, st.sampled_from(sorted(FILES))),
    ),
    max_size=12,
)


def streamed(steps: list[tuple[str, int, Any]]) -> tuple[Content, list[Any]]:
    """The content, and its deltas as they are told."""
    content, told = Content(), []
    for kind, part, value in steps:
        if kind == "text":
            told.append(content.add_text(part, value))
        elif kind == "refusal":
            told.append(content.add_refusal(part, value))
        elif kind == "image":
            told.append(content.add_image(FILES[value].id))
        else:
            told.append(content.add_annotation(part, value, 1, FILES.get(value.get("file_id", ""))))
    return content, [*(delta for delta in told if delta is not None), *content.link(FILES.values())]


def accumulated(told: list[Any]) -> list[Any]:
    """What a client puts together: strings are joined, list entries found by their index (§10.1.3)."""
    blocks: dict[int, Any] = {}
    for delta in told:
        block = blocks.setdefault(delta["index"], {"type": delta["type"]})
        if delta["type"] == "image_file":
            block["image_file"] = delta["image_file"]
        elif delta["type"] == "refusal":
            block["refusal"] = block.get("refusal", "") + delta["refusal"]
        else:
            text = block.setdefault("text", {"value": "", "annotations": []})
            text["value"] += delta["text"]["value"]
            for annotation in delta["text"].get("annotations", []):
                assert annotation["index"] == len(text["annotations"])
                text["annotations"].append(_final(annotation))
    return [blocks[index] for index in sorted(blocks)]


def _final(annotation: Any) -> Any:
    kind = annotation["type"]
    kept = {key: value for key, value in annotation.items() if key != "index"}
    return {**kept, kind: {key: value for key, value in annotation[kind].items() if key != "quote"}}


@given(STEPS)
def test_what_is_streamed_is_what_is_final(steps: list[tuple[str, int, Any]]) -> None:
    content, told = streamed(steps)
    assert accumulated(told) == content.blocks()


@given(STEPS)
def test_annotations_name_what_their_indexes_cut_out(steps: list[tuple[str, int, Any]]) -> None:
    content, _ = streamed(steps)
    for text in (block["text"] for block in content.blocks() if block["type"] == "text"):
        for annotation in text["annotations"]:
            assert annotation["text"] == text["value"][annotation["start_index"] : annotation["end_index"]] != ""


@given(STEPS)
def test_markers_are_unique_when_they_come(steps: list[tuple[str, int, Any]]) -> None:
    content, told = Content(), set()
    for kind, part, value in steps:
        if kind == "text":
            content.add_text(part, value)
        elif kind == "annotation" and value["type"] == "file_citation":
            before = "".join(block["text"]["value"] for block in content.blocks())
            delta = content.add_annotation(part, value, 1)
            assert delta is not None and delta["text"]["value"] not in before
            assert delta["text"]["value"] not in told
            told.add(delta["text"]["value"])
