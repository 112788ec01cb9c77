"""Dicts as their writer laid them out: keys added, an inner dict flattened into its outer one, arguments made keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar, cast

import libcst as cst

Whitespace = cst.BaseParenthesizableWhitespace


def text(value: str) -> cst.SimpleString:
    """A string in double quotes."""
    return cst.SimpleString('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"')


def element(key: str, value: cst.BaseExpression) -> cst.DictElement:
    return cst.DictElement(text(key), value)


def key_of(each: cst.BaseDictElement) -> str | None:
    """The key, if it is a literal text."""
    if isinstance(each, cst.DictElement) and isinstance(each.key, cst.SimpleString):
        value = each.key.evaluated_value
        return value if isinstance(value, str) else None
    return None


def get(node: cst.Dict, key: str) -> cst.BaseExpression | None:
    return next((each.value for each in node.elements if key_of(each) == key), None)


def is_spread(whitespace: object) -> bool:
    """Over several lines."""
    return isinstance(whitespace, cst.ParenthesizedWhitespace)


def with_elements(node: cst.Dict, more: Sequence[cst.DictElement]) -> cst.Dict:
    """With keys added at the end, laid out as those before."""
    return laid_out(node, [*node.elements, *more])


def laid_out(like: cst.Dict, elements: Sequence[cst.BaseDictElement]) -> cst.Dict:
    """These elements within the braces of `like`: a line each where its own have one."""
    if not elements:
        return cst.Dict([])
    spread = is_spread(like.lbrace.whitespace_after)
    between = _one_line(like.lbrace.whitespace_after) if spread else cst.SimpleWhitespace(" ")
    last = like.elements[-1].comma if like.elements else cst.MaybeSentinel.DEFAULT
    if spread and not isinstance(last, cst.Comma):
        last = cst.Comma()
    ends = [_between(each.comma, between, like) for each in elements[:-1]]
    changed = [each.with_changes(comma=comma) for each, comma in zip(elements, ends, strict=False)]
    if isinstance(last, cst.Comma) and any(_has(comma, last) for comma in ends):  # the comment stays with its element
        last = last.with_changes(whitespace_after=_one_line(last.whitespace_after))
    return like.with_changes(elements=[*changed, elements[-1].with_changes(comma=last)])


def _has(comma: cst.Comma, other: cst.Comma) -> bool:
    """Whether both are followed by the same comment."""
    comments = [_comment(each.whitespace_after) for each in (comma, other)]
    return comments[0] is not None and comments[0] == comments[1]


def _comment(whitespace: Whitespace) -> str | None:
    if isinstance(whitespace, cst.ParenthesizedWhitespace) and whitespace.first_line.comment is not None:
        return whitespace.first_line.comment.value
    return None


def _one_line(whitespace: Whitespace) -> Whitespace:
    """The break and the indentation without a comment."""
    if isinstance(whitespace, cst.ParenthesizedWhitespace):
        return cst.ParenthesizedWhitespace(indent=whitespace.indent, last_line=whitespace.last_line)
    return whitespace


def _between(comma: cst.Comma | cst.MaybeSentinel, between: Whitespace, like: cst.Dict) -> cst.Comma:
    """A comma's own space where it is one between elements, and not the one before a closing brace."""
    if isinstance(comma, cst.Comma):
        after = comma.whitespace_after
        if isinstance(after, cst.ParenthesizedWhitespace):
            last = between.last_line if isinstance(between, cst.ParenthesizedWhitespace) else after.last_line
            return comma.with_changes(whitespace_after=after.with_changes(last_line=last))
        if not is_spread(between):
            return cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    return cst.Comma(whitespace_after=between)


def flattened(node: cst.Dict, key: str, more: Iterable[cst.DictElement] = ()) -> cst.Dict:
    """The dict with the elements of the dict at `key` in its place, and `more` at the end."""
    inner = get(node, key)
    assert isinstance(inner, cst.Dict)
    like = node
    if is_spread(node.lbrace.whitespace_after):
        inner = dedented(inner, _depth(inner) - _depth(node))
    elif is_spread(inner.lbrace.whitespace_after):
        like = inner
    elements: list[cst.BaseDictElement] = []
    for each in node.elements:
        elements += inner.elements if key_of(each) == key else [each]
    return laid_out(like, [*elements, *more])


def _depth(node: cst.Dict) -> int:
    space = node.lbrace.whitespace_after
    return len(space.last_line.value) if isinstance(space, cst.ParenthesizedWhitespace) else 0


Written = TypeVar("Written", bound=cst.BaseExpression)


def dedented(node: Written, columns: int) -> Written:
    """With less space before each line within it."""
    return cast(Written, node.visit(_Dedent(columns))) if columns > 0 else node


def at_margin(node: cst.BaseExpression, indent: str) -> cst.BaseExpression:
    """A list that was an argument, as it is laid out when it stands alone."""
    if not isinstance(node, cst.List) or not isinstance(node.lbracket.whitespace_after, cst.ParenthesizedWhitespace):
        return node
    return dedented(node, len(node.lbracket.whitespace_after.last_line.value) - len(indent))


def spread(call: cst.Call, indent: str) -> cst.Call:
    """With an argument a line."""
    inside = cst.ParenthesizedWhitespace(indent=True, last_line=cst.SimpleWhitespace(indent))
    end = cst.ParenthesizedWhitespace(indent=True)
    args = [each.with_changes(comma=cst.Comma(whitespace_after=inside)) for each in call.args]
    args[-1] = args[-1].with_changes(comma=cst.Comma(whitespace_after=end))
    return call.with_changes(args=args, whitespace_before_args=inside)


class _Dedent(cst.CSTTransformer):
    def __init__(self, columns: int) -> None:
        super().__init__()
        self._columns = columns

    def leave_ParenthesizedWhitespace(
        self, original_node: cst.ParenthesizedWhitespace, updated_node: cst.ParenthesizedWhitespace
    ) -> cst.ParenthesizedWhitespace:
        line = updated_node.last_line
        return updated_node.with_changes(last_line=line.with_changes(value=line.value[self._columns :]))


def from_arguments(call: cst.Call, kept: Mapping[int, tuple[str, cst.BaseExpression]]) -> cst.Dict:
    """The arguments at these places as a dict, with the names and values given, laid out as the call was."""
    elements = [
        cst.DictElement(text(name), value, comma=call.args[place].comma) for place, (name, value) in kept.items()
    ]
    if not elements:
        return cst.Dict([])
    last = call.args[-1].comma
    like = cst.Dict(
        [*elements[:-1], elements[-1].with_changes(comma=last)],
        lbrace=cst.LeftCurlyBrace(whitespace_after=call.whitespace_before_args),
        rbrace=cst.RightCurlyBrace(whitespace_before=call.args[-1].whitespace_after_arg),
    )
    return laid_out(like, elements)
