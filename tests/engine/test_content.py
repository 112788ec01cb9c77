"""Pieces in, delta blocks and whole blocks out (assistants-wire §8.2)."""

from __future__ import annotations

import pytest

from bridge.engine.content import Content

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
