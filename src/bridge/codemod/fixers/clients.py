"""Clients: bridge's become those of the SDK, whose responses they are; Azure's stay, since its paths are others.

from bridge import OpenAI                         => from openai import OpenAI
import bridge as openai                           => import openai
AzureOpenAI(…)                                    not converted: the Responses API of Azure stands below /openai/v1
"""

from __future__ import annotations

from typing import Any, Final

import libcst as cst

from bridge.codemod.fixer import Fixer
from bridge.codemod.plan import Around, NotConverted, Plan
from bridge.scan.python import dotted

AZURE: Final = ("AzureOpenAI", "AsyncAzureOpenAI")
OWN: Final = frozenset(("OpenAI", "AsyncOpenAI"))


def convert(plan: Plan) -> None:
    for node in plan.nodes:
        if isinstance(node, cst.ImportAlias) and dotted(node.name) in AZURE:
            raise NotConverted(
                node, "Azure's Responses API stands below another path, /openai/v1: give its client that"
            )
        if isinstance(node, cst.ImportAlias) and (dotted(node.name) or "").startswith("openai.types.beta"):
            raise NotConverted(node, "types of the Assistants API are named")
        if isinstance(node, cst.ImportFrom):
            _import_from(plan, node)
        elif isinstance(node, cst.ImportAlias) and dotted(node.name) == "bridge":
            plan.replace(node, _sdk)


def _import_from(plan: Plan, node: cst.ImportFrom) -> None:
    module = dotted(node.module) or ""
    if module.startswith("openai.types.beta"):
        raise NotConverted(node, "types of the Assistants API are named")
    if isinstance(node.names, cst.ImportStar) or module != "bridge":
        return
    if {dotted(each.name) for each in node.names} <= OWN:
        plan.replace(node, lambda updated, around: updated.with_changes(module=cst.Name("openai")))


def _sdk(updated: Any, around: Around) -> Any:
    """``bridge as openai`` is named openai, and so is the SDK."""
    name = cst.Name("openai")
    is_openai = updated.asname is not None and dotted(updated.asname.name) == "openai"
    return updated.with_changes(name=name, asname=None if is_openai else updated.asname)


FIXER = Fixer("clients", begin=convert)
