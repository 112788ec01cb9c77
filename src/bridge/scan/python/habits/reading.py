"""How what came back is read: citations, usage, the newest message, the first page of a list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import libcst as cst

from bridge.scan.python.calls import Analysis
from bridge.scan.python.hits import Hit, made, nodes
from bridge.scan.python.tree import dotted, literal, subscript
from bridge.scan.python.values import Made

OLD_USAGE: Final = {"prompt_tokens": "input_tokens", "completion_tokens": "output_tokens"}
CITED: Final = re.compile(r"(?i)^(\w*annotation\w*|ann|citation\w*|a)(\[[^\]]*\])?(\.text|\['text'\])$")
LISTED: Final = re.compile(r"(?i)(^|\.)\w*messages\w*(\.data)?$|(^|\.)msgs(\.data)?$")


def find(analysis: Analysis) -> Iterator[Hit]:
    yield from _markers(analysis)
    yield from _usage(analysis)
    yield from _newest(analysis)
    yield from _pages(analysis)


def _markers(analysis: Analysis) -> Iterator[Hit]:
    """``text.replace(annotation.text, …)`` and ``re.sub(re.escape(annotation.text), …)``."""
    for node in nodes(analysis, cst.Call):
        assert isinstance(node, cst.Call)
        name = (dotted(node.func) or "").rpartition(".")[2]
        if isinstance(node.func, cst.Attribute):
            name = node.func.attr.value
        if name in ("replace", "sub") and node.args and _is_marker(analysis, node.args[0].value):
            yield Hit("marker-replace", node, "a citation's marker is replaced in the text", "certain")


def _is_marker(analysis: Analysis, node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Call) and dotted(node.func) == "re.escape" and node.args:
        node = node.args[0].value
    value = analysis.inference.of(node)
    is_known = isinstance(value, Made) and value.path.endswith("annotations[].text")
    return is_known or (CITED.match(dotted(node) or "") is not None and _cites(analysis, node))


def _cites(analysis: Analysis, node: cst.CSTNode) -> bool:
    """The name tells, or a loop over annotations around it."""
    if (dotted(node) or "").lower().startswith(("annotation", "citation")):
        return True
    loops = (each for each in analysis.bindings.ancestors(node) if isinstance(each, (cst.For, cst.CompFor)))
    return any("annotation" in analysis.wrapper.module.code_for_node(each.iter) for each in loops)


def _usage(analysis: Analysis) -> Iterator[Hit]:
    for node in nodes(analysis, cst.Attribute, cst.Subscript):
        assert isinstance(node, (cst.Attribute, cst.Subscript))
        field = node.attr.value if isinstance(node, cst.Attribute) else literal(subscript(node))
        if isinstance(field, str) and field in OLD_USAGE:
            value, sureness = made(analysis, node.value, "run", r"(?i)run\w*\.usage$")
            if value is not None:
                yield Hit("usage-field", node, f"usage.{field}, which is {OLD_USAGE[field]} on Responses", sureness)


def _newest(analysis: Analysis) -> Iterator[Hit]:
    """``messages.data[0]``, unless the list was asked for one run's messages."""
    for node in nodes(analysis, cst.Subscript):
        assert isinstance(node, cst.Subscript)
        if literal(subscript(node)) != 0:
            continue
        value, sureness = made(analysis, node.value, "list of message", LISTED.pattern)
        is_data = isinstance(node.value, cst.Attribute) and node.value.attr.value == "data"
        if value is not None and (value.path == "data" or is_data) and not _has(value, "run_id"):
            yield Hit("newest-message", node, "the newest message of the thread taken for the run's answer", sureness)


def _has(value: Made, argument: str) -> bool:
    args = value.call.args if value.call else ()
    return any(each.keyword is not None and each.keyword.value == argument for each in args)


def _pages(analysis: Analysis) -> Iterator[Hit]:
    """``for message in client.beta.threads.messages.list(…).data``."""
    for node in nodes(analysis, cst.For, cst.CompFor):
        assert isinstance(node, (cst.For, cst.CompFor))
        value = analysis.inference.of(node.iter)
        if isinstance(value, Made) and value.what.startswith("list of ") and value.path == "data":
            yield Hit("first-page", node.iter, f"{value.what.replace('list of ', 'only the first page of ')}s")
