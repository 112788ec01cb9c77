"""Tools, formats and content parts that are written down as dicts, in the words of Responses (mapping §3, §5, §6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import libcst as cst

from bridge.codemod import literals, nodes
from bridge.codemod.plan import Around, NotConverted, Plan
from bridge.scan.python import MISSING, Constant, Several
from bridge.translate.tools import DEFAULT_RESULTS

NO_PARAMETERS: Final = cst.parse_expression('{"type": "object", "properties": {}}')
NO_PARAMETERS_STRICT: Final = cst.parse_expression(
    '{"type": "object", "properties": {}, "required": [], "additionalProperties": False}'
)
RANKING: Final = cst.parse_expression('{"ranker": "auto", "score_threshold": 0}')

Change = Callable[[cst.Dict], cst.Dict]


def change(plan: Plan, node: cst.Dict, by: Change) -> None:
    """Once, however often the same dict is used."""

    def edit(updated: cst.CSTNode, around: Around) -> cst.CSTNode:
        assert isinstance(updated, cst.Dict)
        return by(updated)

    if node not in plan.edits:
        plan.replace(node, edit)


def kind(plan: Plan, node: cst.Dict) -> object:
    return plan.flow.constant(nodes.get(node, "type"))


def convert(plan: Plan, given: cst.BaseExpression, resources: cst.BaseExpression | None) -> None:
    """Note the edits of each tool. Raises NotConverted."""
    found = [(tool, kind(plan, tool)) for tool in literals.elements(plan, given, "the tools")]
    for tool, what in found:
        if what == "function":
            _function(plan, tool)
        elif what == "file_search":
            _file_search(plan, tool, _ids(plan, resources, "file_search", "vector_store_ids"))
        elif what == "code_interpreter":
            _code_interpreter(plan, tool, _ids(plan, resources, "code_interpreter", "file_ids"))
        else:
            raise NotConverted(tool, "what kind of tool this is cannot be seen")
    plan.has_functions = plan.has_functions or any(what == "function" for _, what in found)


def _function(plan: Plan, tool: cst.Dict) -> None:
    """Flat, with `parameters`, and with `strict`: left out, Responses would try strict, the Assistants API did not."""
    inner = nodes.get(tool, "function")
    if not isinstance(inner, cst.Dict):
        raise NotConverted(tool, "the function is not written down in its tool")
    strict = nodes.get(inner, "strict")
    is_strict = plan.flow.constant(strict) if strict is not None else False
    more = []
    if nodes.get(inner, "parameters") is None:
        more.append(nodes.element("parameters", NO_PARAMETERS_STRICT if is_strict is True else NO_PARAMETERS))
    if strict is None:
        more.append(nodes.element("strict", cst.Name("False")))
    change(plan, tool, lambda updated: nodes.flattened(updated, "function", more))


def _file_search(plan: Plan, tool: cst.Dict, stores: cst.BaseExpression | None) -> None:
    if stores is None:
        raise NotConverted(tool, "file_search without a vector store of this file: Responses refuses it")
    inner = nodes.get(tool, "file_search")
    if inner is not None and not isinstance(inner, cst.Dict):
        raise NotConverted(tool, "the options of file_search are not written down here")
    more = [nodes.element("vector_store_ids", stores)]
    if inner is None or nodes.get(inner, "max_num_results") is None:
        more.append(nodes.element("max_num_results", cst.Integer(str(DEFAULT_RESULTS))))
    more.append(nodes.element("ranking_options", RANKING))  # what the old service took, said in full
    if inner is not None and nodes.get(inner, "ranking_options") is not None:
        raise NotConverted(tool, "rankers have other names")

    def changed(updated: cst.Dict) -> cst.Dict:
        if inner is None:
            return nodes.with_elements(updated, more)
        return nodes.flattened(updated, "file_search", more)

    change(plan, tool, changed)


def _code_interpreter(plan: Plan, tool: cst.Dict, files: cst.BaseExpression | None) -> None:
    container = [nodes.element("type", nodes.text("auto"))]
    if files is not None:
        container.append(nodes.element("file_ids", files))
    more = [nodes.element("container", nodes.laid_out(cst.Dict([]), container))]
    change(plan, tool, lambda updated: nodes.with_elements(updated, more))


def _ids(plan: Plan, resources: cst.BaseExpression | None, tool: str, key: str) -> cst.BaseExpression | None:
    """The list of ids in `tool_resources`."""
    if resources is None:
        return None
    if not isinstance(resources, cst.Dict):
        raise NotConverted(resources, "the tool's resources are not written down here")
    of_tool = nodes.get(resources, tool)
    if of_tool is None:
        return None
    found = nodes.get(of_tool, key) if isinstance(of_tool, cst.Dict) else None
    if found is None or len(getattr(of_tool, "elements", ())) > 1:
        raise NotConverted(resources, f"only {key} of {tool} can be converted")
    return found


# --- formats


def convert_format(plan: Plan, given: cst.BaseExpression) -> bool:
    """Note the edit of a response_format. Whether it asks for more than text. Raises NotConverted."""
    value = plan.flow.constant(given)
    if value in ("auto", {"type": "text"}) or value is None:
        return False
    found = literals.written(plan, given)
    what = kind(plan, found) if isinstance(found, cst.Dict) else MISSING
    if what not in ("json_object", "json_schema") or not isinstance(found, cst.Dict):
        raise NotConverted(given, "the response format is not written down here")
    if what == "json_schema":
        if not isinstance(nodes.get(found, "json_schema"), cst.Dict):
            raise NotConverted(given, "the schema is not written down in its format")
        change(plan, found, lambda updated: nodes.flattened(updated, "json_schema"))
    return True


# --- content


def convert_content(plan: Plan, given: cst.BaseExpression, role: object) -> None:
    """Note the edits of a message's content: a text stays as it is. Raises NotConverted."""
    found = literals.written(plan, given) if _is_list(plan, given) else given
    if not isinstance(found, (cst.List, cst.ListComp)):
        return
    if role != "user":
        raise NotConverted(given, "the content of an assistant's message has parts")
    plan.has_parts = True
    for part in literals.elements(plan, found, "the parts of the message"):
        _part(plan, part)


def _is_list(plan: Plan, given: cst.BaseExpression) -> bool:
    if isinstance(given, (cst.List, cst.ListComp)):
        return True
    if not isinstance(given, cst.Name):
        return False
    value = plan.flow.of(given)
    if isinstance(value, Several) or (isinstance(value, Constant) and isinstance(value.value, list)):
        return True
    made = [each.node for each in plan.scope(given).lookup(given.value)]
    return any(isinstance(each, (cst.List, cst.ListComp)) for each in made)


def _part(plan: Plan, part: cst.Dict) -> None:
    """text => input_text; image_url, image_file => input_image."""
    what = kind(plan, part)
    if what == "text":
        change(plan, part, lambda updated: _renamed(updated, {"type": nodes.text("input_text")}))
        return
    inner = nodes.get(part, str(what)) if what in ("image_url", "image_file") else None
    if not isinstance(inner, cst.Dict):
        raise NotConverted(part, "what kind of part this is cannot be seen")

    def changed(updated: cst.Dict) -> cst.Dict:
        flat = _renamed(nodes.flattened(updated, str(what)), {"type": nodes.text("input_image")})
        keys = [each.with_changes(key=nodes.text("image_url")) if nodes.key_of(each) == "url" else each
                for each in flat.elements]  # fmt: skip
        return flat.with_changes(elements=keys)

    change(plan, part, changed)


def _renamed(node: cst.Dict, values: dict[str, cst.BaseExpression]) -> cst.Dict:
    changed = [
        each.with_changes(value=values[key]) if (key := nodes.key_of(each)) in values else each
        for each in node.elements
    ]
    return node.with_changes(elements=changed)
