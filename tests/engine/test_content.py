"""Pieces in, delta blocks and whole blocks out (assistants-wire §8.2)."""

from __future__ import annotations

import pytest

from bridge.engine.content import Content
from bridge.records import File

CITED = {"type": "file_citation", "file_id": "file-1", "filename": "a.txt", "index": 0}


def test_annotations_stand_in_the_first_delta_of_a_block_only():
    content = Content()
    assert content.add_text(0, "a") == {"index": 0, "type": "text", "text": {"value": "a", "annotations": []}}
    assert content.add_text(0, "b") == {"index": 0, "type": "text", "text": {"value": "b"}}
    assert content.blocks() == [{"type": "text", "text": {"value": "ab", "annotations": []}}]


def test_blocks_are_numbered_in_the_order_in_which_they_appear():
    content = Content()
    assert content.add_text(3, "a")["index"] == 0
    assert content.add_refusal(1, "no") == {"index": 1, "type": "refusal", "refusal": "no"}
    assert content.add_text(3, "b")["index"] == 0
    assert [block["type"] for block in content.blocks()] == ["text", "refusal"]


def test_a_citation_gets_its_marker_where_the_text_stands():
    content = Content()
    content.add_text(0, "Ä€😀")
    delta = content.add_annotation(0, CITED, round=4)
    (block,) = content.blocks()
    (annotation,) = block["text"]["annotations"]
    text, start, end = block["text"]["value"], annotation["start_index"], annotation["end_index"]
    assert text == "Ä€😀【3:0†a.txt】"
    assert text[start:end] == annotation["text"] == "【3:0†a.txt】", "indexes count code points"
    assert annotation["file_citation"] == {"file_id": "file-1"}
    assert delta["text"]["value"] == annotation["text"]
    told = delta["text"]["annotations"][0]
    assert (told["index"], told["file_citation"]) == (0, {"file_id": "file-1", "quote": ""})


def test_markers_are_unique_in_the_message_and_annotations_counted_by_block():
    content = Content()
    content.add_annotation(0, CITED, round=1)
    content.add_annotation(0, CITED, round=1)
    third = content.add_annotation(1, CITED, round=1)
    counted = [[a["text"] for a in block["text"]["annotations"]] for block in content.blocks()]
    assert counted == [["【0:0†a.txt】", "【0:1†a.txt】"], ["【0:2†a.txt】"]]
    assert third["text"]["annotations"][0]["index"] == 0


@pytest.mark.parametrize("annotation", [{"type": "url_citation", "url": "u"}, {"type": "file_citation"}, {}])
def test_what_has_no_assistants_form_leaves_no_mark(annotation):
    content = Content()
    assert content.add_annotation(0, annotation, round=1) is None
    assert content.blocks() == []


# --- files of containers

LINK = "sandbox:/mnt/data/a.csv"


def made(name="a.csv", source="cfile_1"):
    return File(f"file-{source}", "thread_1", "run_1", 1, name, "cntr_1", source)


def of_container(start=0, end=0, source="cfile_1"):
    return {"type": "container_file_citation", "file_id": source, "start_index": start, "end_index": end}


def annotated(content):
    """The annotations of the only text, each with what its indexes cut out of it."""
    (text,) = [block["text"] for block in content.blocks() if block["type"] == "text"]
    cut = [text["value"][one["start_index"] : one["end_index"]] for one in text["annotations"]]
    assert cut == [one["text"] for one in text["annotations"]] and all(cut)
    return [(one["type"], one["text"], one[one["type"]]["file_id"]) for one in text["annotations"]]


SPANS = [
    # the text, the upstream's span, what is annotated
    (f"Here: [a]({LINK}).", (10, 33), LINK),
    (f"Ä€😀 ({LINK})", (5, 28), LINK),
    (f"({LINK}) and ({LINK})", (31, 54), LINK),
    (f"Here: [a]({LINK}).", (6, 34), LINK),  # the link, where the span holds more
    (f"Here: [a]({LINK}).", (0, 4), LINK),  # and where it means something else
    ("Here it is: a.csv", (12, 17), "a.csv"),  # without a link, the span
    ("Here: a.csv", (6, 99), "a.csv"),
]


@pytest.mark.parametrize(("text", "span", "cited"), SPANS)
def test_a_cited_span_is_a_file_path(text, span, cited):
    content = Content()
    content.add_text(0, text)
    delta = content.add_annotation(0, of_container(*span), 0, made())
    assert annotated(content) == [("file_path", cited, "file-cfile_1")]
    assert delta["text"]["value"] == "", "what was streamed is not streamed again"
    assert content.blocks()[0]["text"]["value"] == text


def test_the_second_link_is_meant_where_the_span_says_so():
    content = Content()
    content.add_text(0, f"({LINK}) and ({LINK})")
    content.add_annotation(0, of_container(31, 54), 0, made())
    (one,) = content.blocks()[0]["text"]["annotations"]
    assert one["start_index"] == 31


def test_spans_count_without_what_was_put_in():
    content = Content()
    content.add_text(0, "Found")
    content.add_annotation(0, CITED, round=1)
    content.add_text(0, " it: a.csv")
    content.add_annotation(0, of_container(10, 15), 0, made())
    assert annotated(content) == [
        ("file_citation", "【0:0†a.txt】", "file-1"),
        ("file_path", "a.csv", "file-cfile_1"),
    ]


def test_an_image_without_a_span_is_a_block_of_its_own_and_shown_once():
    content = Content()
    content.add_text(0, "Look.")
    delta = content.add_annotation(0, of_container(), 0, made("p.png"))
    assert delta == {"index": 1, "type": "image_file", "image_file": {"file_id": "file-cfile_1"}}
    assert content.add_annotation(0, of_container(), 0, made("p.png")) is None
    assert [block["type"] for block in content.blocks()] == ["text", "image_file"]


def test_an_image_that_leads_is_not_shown_again():
    content = Content()
    assert content.add_image("file-cfile_1")["index"] == 0
    assert content.add_text(0, "Look.")["index"] == 1
    assert content.add_annotation(0, of_container(), 0, made("p.png")) is None


def test_another_file_without_a_span_is_linked_at_the_end():
    content = Content()
    content.add_text(0, "Done.")
    delta = content.add_annotation(0, of_container(), 0, made())
    assert delta["text"]["value"] == f"\n\n[a.csv]({LINK})"
    assert annotated(content) == [("file_path", LINK, "file-cfile_1")]
    assert content.add_annotation(0, of_container(), 0, made()) is None, "cited already"


@pytest.mark.parametrize(
    ("text", "names", "linked"),
    [
        (f"[a]({LINK})", ["a.csv"], [LINK]),
        (f"[a]({LINK}.gz)", ["a.csv"], []),
        (f"[a]({LINK}.gz)", ["a.csv", "a.csv.gz"], [f"{LINK}.gz"]),
        (f"See {LINK}.", ["a.csv"], [LINK]),
        ("sandbox:/mnt/data/my report.csv", ["my report.csv"], ["sandbox:/mnt/data/my report.csv"]),
        ("nothing", ["a.csv"], []),
    ],
)
def test_links_without_an_annotation_get_one(text, names, linked):
    content = Content()
    content.add_text(0, text)
    content.link([made(name, f"cfile_{n}") for n, name in enumerate(names)])
    assert [text for _, text, _ in annotated(content)] == linked


def test_a_link_is_annotated_once():
    content = Content()
    content.add_text(0, f"[a]({LINK})")
    content.add_annotation(0, of_container(4, 27), 0, made())
    assert content.link([made()]) == []


@pytest.mark.parametrize(("index", "cited"), [(0, []), (6, [LINK]), (12, [LINK]), (99, [LINK])])
def test_a_file_path_names_the_link_it_points_at(index, cited):
    content = Content()
    content.add_text(0, f"Here: {LINK} ok")
    content.add_annotation(0, {"type": "file_path", "file_id": "file-7", "index": index}, 0)
    assert [text for _, text, _ in annotated(content)] == cited


def test_a_marker_that_the_model_wrote_itself_is_not_made_again():
    content = Content()
    content.add_text(0, "As before 【0:0†a.txt】")
    content.add_annotation(0, CITED, round=1)
    assert [text for _, text, _ in annotated(content)] == ["【0:1†a.txt】"]


def test_the_idiom_of_every_legacy_program():
    content = Content()
    content.add_text(0, "One")
    content.add_annotation(0, CITED, round=1)
    content.add_text(0, " and two")
    content.add_annotation(0, CITED, round=2)
    (block,) = content.blocks()
    value = block["text"]["value"]
    for number, annotation in enumerate(block["text"]["annotations"]):
        value = value.replace(annotation["text"], f" [{number}]")
    assert value == "One [0] and two [1]"
