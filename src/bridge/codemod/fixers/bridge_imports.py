"""Clients of the SDK become those of bridge; whatever else the SDK is imported for stays.

from openai import OpenAI                        => from bridge import OpenAI
from openai import AssistantEventHandler, OpenAI => from bridge import OpenAI, and the rest from openai
import openai, where it makes or is the client   => import bridge as openai
"""

from __future__ import annotations

from typing import Any, Final

import libcst as cst

from bridge.codemod.fixer import Fixer, statement
from bridge.codemod.plan import Around, Plan
from bridge.scan.python import dotted
from bridge.scan.python.values import MAKERS

CLIENTS: Final = frozenset(MAKERS) - {"BedrockOpenAI", "AsyncBedrockOpenAI"}
"""Those that bridge has, by the same names."""


def convert(plan: Plan) -> None:
    for node in plan.nodes:
        if isinstance(node, cst.ImportFrom) and dotted(node.module) == "openai" and not node.relative:
            _import_from(plan, node)
        elif isinstance(node, cst.ImportAlias) and dotted(node.name) == "openai":
            _import(plan, node)


def _import(plan: Plan, node: cst.ImportAlias) -> None:
    if isinstance(plan.parent(node), cst.Import) and _is_client(plan, node):
        plan.replace(node, _bridge)


def _import_from(plan: Plan, node: cst.ImportFrom) -> None:
    if isinstance(node.names, cst.ImportStar):
        return
    ours = [each for each in node.names if dotted(each.name) in CLIENTS]
    others = [each for each in node.names if each not in ours]
    if ours and not others:
        plan.replace(node, lambda updated, around: updated.with_changes(module=cst.Name("bridge")))
    elif ours:
        names = ", ".join(plan.code(each.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for each in ours)
        plan.replace(node, lambda updated, around: _split(updated, around, names, others))


def _split(updated: Any, around: Around, names: str, others: list[cst.ImportAlias]) -> Any:
    around.before.append(statement(f"from bridge import {names}"))
    last = others[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return updated.with_changes(names=[*others[:-1], last])


def _is_client(plan: Plan, alias: cst.ImportAlias) -> bool:
    """Whether the module makes clients, or is itself one (``openai.beta``)."""
    name = dotted(alias.asname.name) if alias.asname is not None else "openai"
    return any(
        isinstance(parent := plan.parent(each), cst.Attribute) and parent.attr.value in (*CLIENTS, "beta")
        for each in plan.names(name or "")
    )


def _bridge(updated: Any, around: Around) -> Any:
    asname = updated.asname or cst.AsName(cst.Name("openai"))
    return updated.with_changes(name=cst.Name("bridge"), asname=asname)


FIXER = Fixer("bridge_imports", target="bridge", begin=convert)
