"""What has ended or will: shapes of the first beta, prompt objects, names that moved; and what is imported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import libcst as cst

from bridge.scan import frameworks
from bridge.scan.python.calls import Analysis
from bridge.scan.python.hits import Hit, nodes
from bridge.scan.python.scopes import Binding
from bridge.scan.python.tree import dotted
from bridge.scan.python.values import Client, Named

ATTACHED: Final = ("assistants.create", "assistants.update", "messages.create")
PROMPTS: Final = ("responses.create", "responses.stream", "responses.parse")
TYPE: Final = re.compile(r"openai\.types\.beta(\.\w+)*?\.(assistant|thread|Assistant|Thread|Run\b|Message)\w*(\.\w+)*")
OURS: Final = re.compile(r"bridge\.((Async)?(Azure)?OpenAI|install|uninstall|wrap|native|testing|translate)\b.*")
AZURE: Final = re.compile(r"azure\.ai\.agents(\.\w+)*")


def find(analysis: Analysis) -> Iterator[Hit]:
    yield from _first_beta(analysis)
    yield from _prompts(analysis)
    yield from _moved(analysis)
    yield from _imported(analysis)
    yield from _used(analysis)


def _first_beta(analysis: Analysis) -> Iterator[Hit]:
    for call in analysis.calls:
        if ".files." in call.name:
            yield Hit("first-beta", call.node, f"{call.name} is of the first beta", call.sureness)
        argument = call.argument("file_ids")
        if argument is not None and call.name in ATTACHED:
            yield Hit("first-beta", argument.node, f"file_ids of {call.name} is of the first beta", call.sureness)


def _prompts(analysis: Analysis) -> Iterator[Hit]:
    for node in nodes(analysis, cst.Call):
        assert isinstance(node, cst.Call)
        given = next((each for each in node.args if each.keyword is not None and each.keyword.value == "prompt"), None)
        text = dotted(node.func) or ""
        if given is not None and text.endswith(PROMPTS):
            value = analysis.inference.of(node.func)
            sureness = "certain" if isinstance(value, Client) else "likely"
            yield Hit("prompt-object", given, "prompt= names a prompt object", sureness)  # type: ignore[arg-type]


def _moved(analysis: Analysis) -> Iterator[Hit]:
    for node in nodes(analysis, cst.Attribute):
        assert isinstance(node, cst.Attribute)
        if node.attr.value == "vector_stores" and isinstance(node.value, (cst.Attribute, cst.Name)):
            value = analysis.inference.of(node)
            is_known = isinstance(value, Client) and value.path == "beta.vector_stores"
            if is_known or (dotted(node) or "").endswith(".beta.vector_stores"):
                yield Hit("moved-vector-stores", node, "beta.vector_stores", "certain" if is_known else "likely")


def _imported(analysis: Analysis) -> Iterator[Hit]:
    for binding in _imports(analysis):
        assert binding.node is not None
        path, node = binding.path, binding.node
        known = frameworks.of_python(path)
        if known is not None:
            cure = f"bridge run runs it as it is; {known.after} comes after it." if known.after else ""
            yield Hit("framework", node, known.name, known.sureness, cure, f"imported as {path}")
        elif TYPE.fullmatch(path):
            yield Hit("type", node, path)
        elif OURS.fullmatch(path) or (path == "bridge" and _alias(node) == "openai"):
            yield Hit("bridge", node, f"imports {path}")
        elif AZURE.fullmatch(path):
            yield Hit("azure-agents", node, path)


def _imports(analysis: Analysis) -> Iterator[Binding]:
    seen = dict.fromkeys(analysis.bindings.scopes.values())
    for scope in seen:
        for listed in scope.names.values():
            yield from (each for each in listed if each.how == "import" and each.node is not None)


def _alias(node: cst.CSTNode) -> str | None:
    return dotted(node.asname.name) if isinstance(node, cst.ImportAlias) and node.asname else None


def _used(analysis: Analysis) -> Iterator[Hit]:
    """A framework's class or function by the package's name: ``litellm.run_thread(…)``."""
    for node in nodes(analysis, cst.Call):
        assert isinstance(node, cst.Call)
        if isinstance(node.func, cst.Attribute):
            value = analysis.inference.of(node.func)
            known = frameworks.of_python(value.path) if isinstance(value, Named) else None
            if known is not None:
                yield Hit("framework", node, known.name, known.sureness)
