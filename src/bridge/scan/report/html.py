"""A scan as one page that needs nothing else, in the manner of the page of `bridge diff compare`.

The findings are HTML, so the page can be read without its script, which filters them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from html import escape
from importlib.resources import files
from itertools import groupby
from string import Template
from typing import Final

from bridge.diff.report.html import policy
from bridge.diff.report.shown import line
from bridge.diff.report.tiles import Html, foreign, tag
from bridge.scan import ladder
from bridge.scan.baseline import fingerprints
from bridge.scan.findings import Finding, Scan
from bridge.scan.report.document import FORMAT
from bridge.scan.rules import RULES, link

LONGEST: Final = 400


def page(scan: Scan, known: Collection[str] = ()) -> Iterator[bytes]:
    """The page in pieces. `known` are the fingerprints of a baseline: what is in it is not new."""
    style = (files("bridge.diff.report") / "page.css").read_text("utf-8") + _asset("page.css")
    script = f'"use strict";\n{_asset("page.js")}'
    title = ladder.in_words(scan.findings, scan.files)
    head, _, foot = (
        Template(_asset("page.html"))
        .substitute(
            policy=policy(style, script),
            title=escape(title),
            style=style,
            script=script,
            format=FORMAT,
            verdict=_verdict(scan).text,
            ladder=_ladder(scan.findings).text,
            rules=_rules(scan.findings).text,
            skipped=_skipped(scan).text,
            findings="\0",
        )
        .partition("\0")
    )
    yield head.encode()
    marked = list(zip(scan.findings, fingerprints(scan.findings), strict=True))
    for path, group in groupby(marked, key=lambda pair: pair[0].place.path):
        yield _file(path, list(group), known).text.encode()
    yield foot.encode()


def _asset(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")


def _verdict(scan: Scan) -> Html:
    heavy = next((severity for severity, count in ladder.by_severity(scan.findings).items() if count), "same")
    words = ladder.in_words(scan.findings, scan.files)
    return tag("div", tag("strong", f"{words[0].upper()}{words[1:]}."), class_=f"verdict {heavy}")


def _ladder(findings: Sequence[Finding]) -> Html:
    rows = [
        tag(
            "tr",
            tag("td", str(number), class_="count"),
            tag("td", tag("a", f"{each.findings:,}", href=f"#?rung={each.rung}"), class_="count"),
            tag("td", each.where),
            tag("td", each.says),
            class_="" if each.findings else "done",
        )
        for number, each in enumerate(ladder.ladder(findings), 1)
    ]
    return tag("table", *rows)


def _rules(findings: Sequence[Finding]) -> Html:
    rows = [
        tag(
            "tr",
            tag("td", f"{count:,}", class_="count"),
            tag("td", tag("a", name, href=f"#?rule={name}", class_=f"chip {RULES[name].severity}")),
            tag("td", RULES[name].sentence, " ", tag("span", RULES[name].cure, class_="quiet")),
            tag("td", tag("code", link(name))),
        )
        for name, count in ladder.by_rule(findings)
    ]
    return tag("table", *rows)


def _skipped(scan: Scan) -> Html:
    rows = [tag("li", foreign(path), f" ({reason})") for path, reason in scan.skipped]
    return tag("ul", *rows, class_="notes") if rows else Html("")


def _file(path: str, marked: Sequence[tuple[Finding, str]], known: Collection[str]) -> Html:
    rows = [_finding(each, mark in known) for each, mark in marked]
    return tag("section", tag("h3", foreign(path)), tag("ol", *rows), class_="file")


def _finding(finding: Finding, is_known: bool) -> Html:
    place, rule = finding.place, RULES[finding.rule]
    cell = "" if place.cell is None else f"cell {place.cell}, "
    rows = [
        tag("p", tag("span", f"{cell}{place.line}:{place.column}", class_="number"), " ", *_head(finding, is_known)),
        *([tag("pre", foreign(place.snippet))] if place.snippet else []),
        *([tag("p", "→ becomes " if finding.operation else "→ ", foreign(finding.becomes))] if finding.becomes else []),
        *(
            [tag("ul", *(tag("li", line(each, LONGEST)) for each in finding.notes), class_="notes")]
            if finding.notes
            else []
        ),
        tag(
            "p",
            foreign(f"{finding.why} · " if finding.why else ""),
            tag("code", link(finding.rule, finding.operation)),
            class_="note",
        ),
    ]
    return tag(
        "li",
        *rows,
        class_=f"finding exchange {finding.severity}",
        data_severity=finding.severity,
        data_sureness=finding.sureness,
        data_rule=finding.rule,
        data_rungs=" ".join(rule.rungs),
    )


def _head(finding: Finding, is_known: bool) -> Iterator[Html | str]:
    yield from (tag("span", finding.severity, class_=f"chip {finding.severity}"), " ", tag("b", finding.rule), " ")
    yield foreign(finding.message)
    if finding.sureness != "certain":
        yield from (" ", tag("span", finding.sureness, class_="chip accepted"))
    if is_known:
        yield from (" ", tag("span", "in the baseline", class_="chip accepted"))
