"""The page, read as text: what is foreign stays text, what runs is known by its hash, colours can be read."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any, Final

import pytest

from bridge.diff.observations import Comparison
from bridge.diff.report import html, shown
from diff import report_samples as samples

ASSETS: Final = files("bridge.diff.report")
STYLE: Final = (ASSETS / "page.css").read_text("utf-8")
ALLOWED: Final = {
    "a",
    "b",
    "body",
    "button",
    "code",
    "dd",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
    "fieldset",
    "footer",
}
ALLOWED_TOO: Final = {
    "form",
    "h1",
    "h2",
    "h3",
    "head",
    "header",
    "html",
    "input",
    "kbd",
    "label",
    "legend",
    "li",
    "link",
}
OTHERS: Final = {
    "main",
    "meta",
    "nav",
    "noscript",
    "ol",
    "option",
    "p",
    "script",
    "section",
    "select",
    "span",
    "strong",
}
TABLES: Final = {"style", "summary", "table", "tbody", "td", "th", "thead", "title", "tr", "ul"}


class Read(HTMLParser):
    """Elements with their attributes, and what scripts and styles hold."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.held: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.lasttag in ("script", "style"):
            if self.held and len(self.held) == self._holders():
                self.held[-1] += data
            elif data.strip():
                self.held.append(data)

    def _holders(self) -> int:
        return sum(tag in ("script", "style") for tag, _ in self.elements)


def page(comparison: Comparison) -> str:
    return b"".join(html.page(comparison)).decode()


HOSTILE: Final = page(samples.hostile(5000))


def test_hostile_text_makes_no_elements_and_no_attributes() -> None:
    read = Read(HOSTILE)
    assert {tag for tag, _ in read.elements} <= ALLOWED | ALLOWED_TOO | OTHERS | TABLES
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    hrefs = [attributes["href"] or "" for _, attributes in read.elements if "href" in attributes]
    assert hrefs and all(re.fullmatch(r"#[\w?=&-]*", href) for href in hrefs)
    scripts = [attributes for tag, attributes in read.elements if tag == "script"]
    assert len(scripts) == 2 + len(samples.hostile(5).observations)
    assert [each for each in scripts if each.get("type") != "application/json"] == [{}]


def test_every_address_of_the_page_is_inside_it() -> None:
    read = Read(page(samples.every_kind()))
    assert not [
        attributes for _, attributes in read.elements if attributes.keys() & {"src", "action", "srcset", "style"}
    ]
    assert "url(" not in STYLE and "@import" not in STYLE


def test_the_policy_lets_this_style_and_this_script_run_and_nothing_else() -> None:
    text = page(samples.every_kind())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    assert re.sub(r"sha256-[\w+/=]+", "HASH", policy[1]) == (
        "default-src 'none'; style-src 'HASH'; script-src 'HASH'; base-uri 'none'; form-action 'none'"
    )
    for name in ("style", "script"):
        inner = re.search(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
        assert inner is not None
        assert base64.b64encode(hashlib.sha256(inner[1].encode()).digest()).decode() in policy[1]


def embedded(text: str) -> list[Any]:
    return [json.loads(each) for each in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text)]


def test_the_data_are_those_of_the_comparison() -> None:
    index, *exchanges = embedded(page(samples.every_kind()))
    assert [entry[0] for entry in index] == list(range(1, 11))
    assert index[6] == [7, "POST", f"/threads/{samples.THREAD}/messages", 400, 422, ["00", "00"]]
    assert index[5][5] == ["02a", "02a", "21a"]
    assert exchanges[6]["candidate"]["answer"]["body"]["error"]["message"] == "Invalid value: 'system'."
    assert exchanges[7]["candidate"] is None and "candidate" not in exchanges[7]["mismatches"][0]
    assert index[9][1:] == ["", "legs of no exchange", None, None, ["01a"]]
    assert exchanges[2]["legs"][0][1]["request"]["instructions"] == "Be brief. Use tools."


def test_hostile_data_are_whole_but_for_secrets_and_depth() -> None:
    _, *exchanges = embedded(HOSTILE)
    for text, exchange in zip(samples.HOSTILE, exchanges, strict=False):
        assert exchange["control"]["answer"]["body"]["same"] == text
    assert shown.DEEPER in json.dumps(exchanges[len(samples.HOSTILE) + 1])
    assert "hunter2" not in HOSTILE and "Bearer abcdefghijklmnop" not in HOSTILE


def test_the_script_makes_no_html_of_strings() -> None:
    for name in html.SCRIPTS:
        text = (ASSETS / name).read_text("utf-8")
        risky = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|DOMParser"
        assert re.findall(risky, text) == [], name
        assert not re.search(r"fetch\(|XMLHttpRequest|WebSocket|sendBeacon|import\(", text), name


def test_the_script_and_python_mark_the_same_characters() -> None:
    text = (ASSETS / "text.js").read_text("utf-8")
    ranges = re.findall(r"\\\\u(?:\{(\w+)\}|(\w{4}))(?:-\\\\u(?:\{(\w+)\}|(\w{4})))?", text)
    assert len(ranges) > 15
    theirs = {
        code
        for a, b, c, d in ranges
        for code in range(int(a or b, 16), int(c or d or a or b, 16) + 1)
    }  # fmt: skip
    ours = {code for code in range(0x110000) if shown.MARKED.match(chr(code))}
    assert ours - theirs == {ord("\t"), ord("\n")} and theirs <= ours


# --- colours

COLOURS: Final = dict(re.findall(r"--([\w-]+): light-dark\((#\w{6}, #\w{6})\)", STYLE))
READ_ON: Final = [
    *[
        (ink, ground)
        for ink in ("ink", "quiet", "link")
        for ground in ("ground", "card", "sunk", "gone-row", "come-row")
    ],
    *[(name, f"{name}-ground") for name in ("breaking", "notice", "info", "accepted", "same")],
    *[("ink", ground) for ground in ("gone", "come", "breaking-ground", "notice-ground", "same-ground")],
    *[("quiet", ground) for ground in ("gone", "come")],
]


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_texts_have_contrast(theme: int) -> None:
    weak = {}
    for ink, ground in READ_ON:
        lights = sorted(luminance(COLOURS[name].split(", ")[theme]) for name in (ink, ground))
        ratio = (lights[1] + 0.05) / (lights[0] + 0.05)
        if ratio < 4.5:
            weak[ink, ground] = round(ratio, 2)
    assert weak == {}
