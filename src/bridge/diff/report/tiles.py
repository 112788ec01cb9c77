"""The part of the page that is made here: the verdict, the numbers, what differs, what was accepted.

All HTML is made by `tag`, which escapes.
"""

from __future__ import annotations

from html import escape
from typing import Final

from attrs import frozen

from bridge.diff.observations import KINDS, Comparison, Kind, Severity
from bridge.diff.report import counts
from bridge.diff.report.counts import HEAVIEST_FIRST, Acceptance, Counts, Group
from bridge.diff.report.shown import line
from bridge.diff.report.spent import Seconds, Spent, Tokens

GROUPS: Final = 25
"""Rows of the table of what differs; the exchanges show the rest."""

PLACES: Final = 3
"""Other places that a row names."""

REASONS: Final = 100
NOTES: Final = 50
LONGEST: Final = 400
"""Characters of a foreign text in the summary."""


@frozen
class Html:
    """Text that is HTML already."""

    text: str


def tag(name: str, *children: Html | str, **attributes: str) -> Html:
    """`class_` is the attribute `class`, `aria_label` is `aria-label`."""
    given = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    inner = "".join(child.text if isinstance(child, Html) else escape(child) for child in children)
    return Html(f"<{name}{given}>{inner}</{name}>")


def foreign(text: str, limit: int = LONGEST) -> Html:
    """A text of others, in a box of its own reading direction."""
    return tag("span", line(text, limit), class_="foreign")


# --- the head


def sides(comparison: Comparison) -> Html:
    return tag(
        "span",
        *("control ", tag("b", foreign(comparison.control.name)), " ", foreign(comparison.control.source)),
        *(" · candidate ", tag("b", foreign(comparison.candidate.name)), " ", foreign(comparison.candidate.source)),
    )


def verdict(counted: Counts) -> Html:
    word = counts.verdict(counted)
    return tag("div", tag("strong", counts.WORDS[word]), f"{counts.in_words(counted)}.", class_=f"verdict {word}")


def notes(comparison: Comparison) -> Html:
    if not comparison.notes:
        return Html("")
    rest = len(comparison.notes) - NOTES
    more = [tag("li", f"… and {rest:,} more")] if rest > 0 else []
    return tag("ul", *(tag("li", foreign(each)) for each in comparison.notes[:NOTES]), *more, class_="notes")


# --- tiles


def tiles(counted: Counts, cost: Spent) -> Html:
    accepted = f"{sum(counted.accepted.values()):,}"
    reached = tag("a", accepted, href="#?show=accepted") if counted.accepted else accepted
    return Html(
        "".join(
            each.text
            for each in (
                tag("div", tag("h3", "Mismatches by class and severity"), _matrix(counted), class_="tile wide"),
                _tile("Exchanges", f"{counted.exchanges:,}", _exchanges(counted)),
                _tile("Accepted", reached, [("by reasons below", "")] if counted.accepted else []),
                _tile("Tokens", _change(_total(cost.control_tokens), _total(cost.candidate_tokens)), _tokens(cost)),
                _tile(
                    "Latency, median",
                    _change(_median(cost.control_seconds), _median(cost.candidate_seconds)),
                    _time(cost),
                ),
            )
        )
    )


def _tile(title: str, big: Html | str, rows: list[tuple[str, str]]) -> Html:
    pairs = [each for name, value in rows for each in (tag("dt", name), tag("dd", value))]
    return tag("div", tag("h3", title), tag("p", big, class_="big"), tag("dl", *pairs), class_="tile")


def _matrix(counted: Counts) -> Html:
    head = tag("tr", tag("td"), *(tag("th", each, scope="col") for each in HEAVIEST_FIRST))
    rows = [
        tag("tr", tag("th", kind, scope="row"), *(_number(counted, kind, each) for each in HEAVIEST_FIRST))
        for kind in KINDS
    ]
    return tag("table", tag("thead", head), tag("tbody", *rows), class_="matrix")


def _number(counted: Counts, kind: Kind, severity: Severity) -> Html:
    count = counted.unaccepted[kind, severity]
    if not count:
        return tag("td", "·", class_="quiet")
    where = f"#?show=unaccepted&kind={kind}&severity={severity}"
    return tag("td", tag("a", tag("span", f"{count:,}", class_=f"chip {severity}"), href=where))


def _exchanges(counted: Counts) -> list[tuple[str, str]]:
    rows = {"differ": counted.differing, "control only": counted.control_only, "candidate only": counted.candidate_only}
    legs = {"legs only": counted.legs_only} if counted.legs_only else {}
    return [(name, f"{count:,}") for name, count in {**rows, **legs}.items()]


def _total(tokens: Tokens | None) -> float | None:
    return None if tokens is None else tokens.total


def _median(seconds: Seconds | None) -> float | None:
    return None if seconds is None else seconds.median


def _change(control: float | None, candidate: float | None) -> str:
    """``+20 %``: of the candidate against the control."""
    if not control or candidate is None:
        return "–"
    return f"{(candidate - control) / control:+.0%}".replace("%", " %").replace("-", "−")


def _tokens(cost: Spent) -> list[tuple[str, str]]:
    pairs = (("control", cost.control_tokens), ("candidate", cost.candidate_tokens))
    return [(name, f"{each.total:,}" if each else "not told") for name, each in pairs]


def _time(cost: Spent) -> list[tuple[str, str]]:
    pairs = (("control", cost.control_seconds), ("candidate", cost.candidate_seconds))
    rows = [(name, f"{each.median:.2f} s" if each else "not told") for name, each in pairs]
    return [*rows, ("of exchanges", f"{cost.timed:,}")] if cost.timed else rows


# --- what differs, what was accepted


def differs(groups: tuple[Group, ...]) -> Html:
    if not groups:
        return Html("")
    rest = sum(each.count for each in groups[GROUPS:])
    more = [tag("tr", tag("td", f"… and {rest:,} more among the exchanges", colspan="6"))] if rest else []
    names = ("Severity", "Class", "What", "Where", "Times", "First in")
    head = tag("tr", *(tag("th", name, scope="col") for name in names))
    table = tag("table", tag("thead", head), tag("tbody", *map(_row, groups[:GROUPS]), *more))
    title = tag("h2", "What differs, heaviest first", id="differs")
    return tag("section", title, tag("div", table, class_="scroll"), aria_labelledby="differs")


def _row(group: Group) -> Html:
    what, first = group.first, group.found[0]
    return tag(
        "tr",
        tag("td", tag("span", what.severity, class_=f"chip {what.severity}")),
        tag("td", what.kind),
        tag("td", foreign(what.rule, 80)),
        tag(
            "td",
            tag("code", line(group.pattern if len(group.found) > 1 else what.path, 200), class_="path"),
            *_event(group),
            _again(group),
        ),
        tag("td", f"{group.count:,}", class_="count"),
        tag("td", tag("a", f"#{first.observation.number}", href=f"#{first.anchor}")),
    )


def _event(group: Group) -> list[Html | str]:
    """The name of an event that only one side has: its place says nothing."""
    names = [each for each in (group.first.control, group.first.candidate) if isinstance(each, str)]
    return [" ", foreign(names[0], 80)] if group.pattern == counts.EVENT and len(names) == 1 else []


def _again(group: Group) -> Html:
    places = [
        tag(
            "div",
            "also ",
            tag("a", tag("code", line(each.pattern, 200), class_="path"), href=f"#{each.found[0].anchor}"),
        )
        for each in group.again[:PLACES]
    ]
    rest = len(group.again) - PLACES
    more = [tag("div", f"and at {rest:,} other places")] if rest > 0 else []
    return tag("div", *places, *more, class_="quiet") if places else Html("")


def accepted(accepted: tuple[Acceptance, ...]) -> Html:
    if not accepted:
        return Html("")
    rest = sum(each.count for each in accepted[REASONS:])
    more = [tag("tr", tag("td", f"… and {rest:,} more", colspan="4"))] if rest else []
    head = tag("tr", *(tag("th", name, scope="col") for name in ("Times", "Why", "What and where", "First in")))
    table = tag("table", tag("thead", head), tag("tbody", *map(_reason, accepted[:REASONS]), *more))
    title = tag("summary", tag("h2", "Accepted, and why"))
    return tag("details", title, tag("div", table, class_="scroll"), class_="fold-section", open="")


def _reason(each: Acceptance) -> Html:
    places = [
        tag("div", f"{line(group.first.rule, 80)} ", tag("code", line(group.pattern, 200), class_="path"))
        for group in each.groups[:PLACES]
    ]
    if each.groups[PLACES:]:
        places.append(tag("div", f"… and {len(each.groups) - PLACES:,} other places", class_="quiet"))
    first = each.groups[0].found[0]
    return tag(
        "tr",
        tag("td", f"{each.count:,}", class_="count"),
        tag("td", foreign(each.note)),
        tag("td", *places),
        tag("td", tag("a", f"#{first.observation.number}", href=f"#{first.anchor}")),
    )
