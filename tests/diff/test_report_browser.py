"""The page in a real browser: filters, links, keys, themes, print, hostile text, many exchanges."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from bridge.diff.observations import Comparison
from bridge.diff.report import html
from diff import report_samples as samples
from diff.chromium import Page, chromium

pytestmark = [pytest.mark.slow, pytest.mark.matrix, pytest.mark.needs("chromium")]

MANY: Final = 10_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def browser(folder: Path) -> Iterator[Page]:
    with chromium(folder / "profile") as page:
        yield page


@pytest.fixture
def tab(browser: Page) -> Iterator[Page]:
    """The browser, as it is at first; at the end nothing was asked of the network, alerted or thrown."""
    browser.size(1280, 900)
    browser.media()
    for noted in (browser.requests, browser.dialogs, browser.errors):
        noted.clear()
    yield browser
    assert (browser.dialogs, browser.errors) == ([], [])
    assert [url for url in browser.requests if not url.startswith(("file:", "about:"))] == []


def written(folder: Path, name: str, comparison: Comparison) -> Path:
    path = folder / f"{name}.html"
    if not path.exists():
        with path.open("wb") as file:
            file.writelines(html.page(comparison))
    return path


@pytest.fixture
def kinds(folder: Path) -> Path:
    return written(folder, "kinds", samples.every_kind())


LISTED: Final = "[...document.querySelectorAll('#list > li')].map((each) => each.id).join()"
COUNT: Final = "document.getElementById('count').textContent"
FOCUSED: Final = "document.activeElement.closest('#list > li')?.id"


OPENED: Final = "[...document.querySelectorAll('[aria-expanded=true]')].map((x) => x.closest('li').id).join()"


def is_(expression: str, value: object) -> str:
    """For `until`: a key that was pressed is not at once one that was heard."""
    return f"({expression}) === {json.dumps(value)}"


def opened(tab: Page) -> str:
    return str(tab.eval(OPENED))


def ids(*numbers: int) -> str:
    return ",".join(f"exchange-{number}" for number in numbers)


# --- filters

FILTERS = [
    ("", (2, 3, 5, 7, 8), 11),
    ("#?show=every", (1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 16),
    ("#?show=accepted", (5, 6, 10), 5),
    ("#?kind=tool", (3,), 2),
    ("#?severity=breaking", (3, 5, 7), 5),
    ("#?kind=cost,latency&severity=info", (5,), 1),
    ("#?show=every&kind=text", (5, 6), 2),
    ("#?q=SYSTEM", (7,), 2),
    ("#?show=every&q=celsius", (4,), 0),
    ("#?q=" + "nowhere", (), 0),
    ("#?kind=", (), 0),
    ("#?show=nonsense&kind=nonsense", (), 0),
]


@pytest.mark.parametrize(("fragment", "numbers", "mismatches"), FILTERS)
def test_the_hash_filters(tab: Page, kinds: Path, fragment: str, numbers: tuple[int, ...], mismatches: int) -> None:
    tab.open(kinds, fragment)
    assert tab.eval(LISTED) == ids(*numbers)
    assert tab.eval(COUNT).replace("accepted ", "") == (
        f"{len(numbers)} of 10 exchanges, {mismatches} mismatches in them"
    )


def test_controls_filter_and_write_the_hash(tab: Page, kinds: Path) -> None:
    tab.open(kinds)
    tab.eval("document.querySelector('#kinds input[value=structure]').click()")
    assert tab.eval(LISTED) == ids(3, 5)
    assert tab.eval("location.hash") == "#?kind=tool%2Ctext%2Ccost%2Clatency"
    tab.eval("document.getElementById('show').value = 'every'; show.dispatchEvent(new Event('change'))")
    tab.eval("search.value = 'Bergen'; search.dispatchEvent(new Event('input'))".replace("search", "$('search')"))
    tab.until("location.hash.includes('q=Bergen')")
    assert tab.eval(LISTED) == ids(3)
    fragment = tab.eval("location.hash")
    tab.open(kinds, fragment)
    assert tab.eval(LISTED) == ids(3) and tab.eval("$('search').value") == "Bergen"
    tab.eval("document.getElementById('reset').click()")
    assert tab.eval("location.hash") == "" and tab.eval(LISTED) == ids(2, 3, 5, 7, 8)


def test_the_numbers_of_the_summary_are_links_to_filters(tab: Page, kinds: Path) -> None:
    tab.open(kinds)
    tab.eval("document.querySelector('.matrix a').click()")
    tab.until(f"{LISTED} === '{ids(5, 7)}'")
    tab.eval("document.querySelector('.scroll a').click()")
    assert tab.until("document.querySelector('.target')?.id") == "exchange-5-m1"


# --- links

LINKS = [
    ("#exchange-5", "exchange-5", "exchange-5"),
    ("#exchange-5-m3", "exchange-5", "exchange-5-m3"),
    ("#exchange-6-m1", "exchange-6", "exchange-6-m1"),  # hidden by the usual filter
    ("#exchange-7-m2?severity=breaking", "exchange-7", "exchange-7-m2"),
    ("#exchange-1?kind=tool", "exchange-1", "exchange-1"),
]


@pytest.mark.parametrize(("fragment", "exchange", "target"), LINKS)
def test_links_open_their_exchange(tab: Page, kinds: Path, fragment: str, exchange: str, target: str) -> None:
    tab.open(kinds, fragment)
    assert opened(tab) == exchange
    assert tab.eval("document.querySelector('.target').id") == target
    top = tab.eval("document.querySelector('.target').getBoundingClientRect().top")
    assert -1 <= top < 900
    assert tab.eval("location.hash").startswith(f"#{target}")


@pytest.mark.parametrize("fragment", ["#exchange-99", "#nonsense", "#exchange-5-m99", "#%E0%A4%A", "#<img src=x>"])
def test_links_to_nothing_do_no_harm(tab: Page, kinds: Path, fragment: str) -> None:
    tab.open(kinds, fragment)
    assert tab.eval(LISTED).startswith("exchange-2,exchange-3")


# --- one exchange


def test_texts_differ_word_by_word_and_rows_carry_their_mismatches(tab: Page, kinds: Path) -> None:
    tab.open(kinds, "#exchange-5")
    texts = "[...document.querySelectorAll('#exchange-5-m3 {}')].map((each) => each.textContent).join('|')"
    assert tab.eval(texts.format("del")) == "4|;"
    assert tab.eval(texts.format("ins")) == "5|south-|,"
    flags = tab.eval("[...document.querySelectorAll('.row .flag')].map((x) => x.textContent).join()")
    assert {"m1", "m2", "m3", "m5", "m6"} <= set(flags.split(","))
    row = "document.querySelector('.row .flag[href=\"#exchange-5-m2\"]').closest('.row')"
    assert tab.eval(f"{row}.querySelector('.control').textContent") == "role: “assistant”"
    assert tab.eval(f"{row}.querySelector('.candidate').textContent") == ""


def test_events_are_drawn_on_one_scale(tab: Page, kinds: Path) -> None:
    tab.open(kinds, "#exchange-5")
    labels = tab.eval("[...document.querySelectorAll('.lane svg')].map((x) => x.getAttribute('aria-label')).join('|')")
    assert (
        labels
        == "control: 27 events, first delta 0.70 s, end 2.30 s|candidate: 26 events, first delta 0.70 s, end 1.30 s"
    )
    assert tab.eval("document.querySelector('.scale').textContent").endswith("2.30 s")


def test_an_exchange_of_one_side_and_a_broken_one_say_so(tab: Page, kinds: Path) -> None:
    tab.open(kinds, "#exchange-8")
    assert tab.eval("document.querySelector('.body .banner').textContent") == "Only the control has this exchange."
    tab.open(kinds, "#exchange-9")
    assert "broke before an answer: candidate" in tab.eval("document.querySelector('.body .banner').textContent")


def test_legs_are_aligned(tab: Page, kinds: Path) -> None:
    tab.open(kinds, "#exchange-3")
    heads = tab.eval("[...document.querySelectorAll('.part h4')].map((each) => each.textContent).join('|')")
    assert heads == "Answer|Request|Leg 1: Responses request|Leg 1: response"
    tab.open(kinds, "#exchange-10-m1")
    assert (
        tab.eval("document.querySelector('.row .flag[href$=m1]').closest('.row').textContent")
        == "m1model: “gpt-4o”model: “gpt-4.1”"
    )
    tab.open(kinds, "#exchange-3")
    assert "Use tools" in tab.eval("document.querySelectorAll('.part')[2].querySelector('ins').textContent")


# --- keys, themes, print


def test_keys(tab: Page, kinds: Path) -> None:
    tab.open(kinds)
    tab.press("j")
    tab.until(is_(FOCUSED, "exchange-2"))
    tab.press("j")
    tab.until(is_(FOCUSED, "exchange-3"))
    tab.press("o")
    tab.until(is_(OPENED, "exchange-3"))
    assert tab.eval(FOCUSED) == "exchange-3"
    tab.press("o")
    tab.until(is_(OPENED, ""))
    tab.press("n")
    tab.until(is_(OPENED, "exchange-5"))
    tab.press("k")
    tab.until(is_("location.hash", "#exchange-3"))
    tab.press("/")
    tab.until(is_("document.activeElement.id", "search"))
    tab.press("j")  # is text now
    tab.until(is_("$('search').value", "j"))
    tab.press("Escape")
    tab.until(is_("document.activeElement.id === 'search'", False))
    tab.press("?")
    tab.until("$('help').open")
    tab.press("Escape")
    tab.until("!$('help').open")


GROUND: Final = "getComputedStyle(document.body).backgroundColor"


def test_themes(tab: Page, kinds: Path) -> None:
    light, dark = "rgb(246, 247, 249)", "rgb(16, 19, 23)"
    tab.media(scheme="dark")
    tab.open(kinds)
    assert tab.eval(GROUND) == dark
    tab.eval("$('theme').click()")
    assert (tab.eval(GROUND), tab.eval("$('theme').textContent")) == (light, "Theme: light")
    tab.media(scheme="light")
    tab.eval("$('theme').click()")
    assert tab.eval(GROUND) == dark
    tab.open(kinds)
    assert tab.eval(GROUND) == dark  # remembered
    tab.eval("$('theme').click()")
    assert tab.eval(GROUND) == light


def test_print_opens_what_is_listed_and_closes_it_again(tab: Page, kinds: Path) -> None:
    tab.open(kinds, "#exchange-3")
    tab.media("print", "dark")
    tab.until("document.querySelectorAll('#list .body').length === 5")
    assert tab.eval("getComputedStyle($('filters')).display") == "none"
    assert tab.eval("getComputedStyle(document.querySelector('.tile')).backgroundColor") == "rgb(255, 255, 255)"
    tab.media()
    tab.until("document.querySelectorAll('#list .body').length === 1")
    assert tab.pdf().count(b"/Type /Page\n") > 1


@pytest.mark.parametrize("width", [400, 800, 1280])
@pytest.mark.parametrize("fragment", ["", "#exchange-5", "#exchange-3"])
def test_nothing_is_wider_than_the_window(tab: Page, kinds: Path, width: int, fragment: str) -> None:
    tab.size(width, 900)
    tab.open(kinds, fragment)
    assert tab.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_controls_have_names_and_the_page_has_landmarks(tab: Page, kinds: Path) -> None:
    tab.open(kinds, "#exchange-5")
    names = {(node.get("role") or {}).get("value"): node for node in tab.call("Accessibility.getFullAXTree")["nodes"]}
    assert {"main", "banner", "contentinfo", "search", "status"} <= names.keys()
    nameless = [
        node
        for node in tab.call("Accessibility.getFullAXTree")["nodes"]
        if (node.get("role") or {}).get("value") in ("button", "link", "checkbox", "combobox", "searchbox", "image")
        and not (node.get("name") or {}).get("value")
    ]
    assert nameless == []


# --- hostile and large


def test_hostile_text_is_shown_and_does_nothing(tab: Page, folder: Path) -> None:
    path = written(folder, "hostile", samples.hostile())
    tab.open(path, "#?show=every")
    title = tab.eval("document.title")
    assert "owned'" in title and title != "owned"
    count = tab.eval("INDEX.length")
    for place in range(count):
        tab.eval(f"toggle({place}, true)")
        tab.eval("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    time.sleep(0.2)
    assert tab.eval("document.title") == title
    assert tab.eval("document.querySelectorAll('#list :is(script, img, style, iframe, template)').length") == 0
    assert tab.eval("document.querySelectorAll('[onload], [onerror], [onfocus]').length") == 0
    text = tab.eval("document.getElementById('list').textContent")
    for mark in ("U+001B", "U+202E", "U+200B", "U+FEFF", "U+D800", "U+DFFF", "U+E0041", "U+2028", "U+0000", "U+0301"):
        assert mark in text
    assert not set(text) & set("\x1b\u202e\u200b\ufeff\u2028\x00\x9b")
    assert "</script><script>document.title='owned'</script>" in text
    assert "hunter2" not in text


def test_what_gets_in_nevertheless_is_stopped_by_the_policy(tab: Page, kinds: Path) -> None:
    tab.open(kinds)
    tab.eval("document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = 1' }))")
    tab.eval("document.body.append(Object.assign(document.createElement('img'), { src: 'http://127.0.0.1:9/x.png' }))")
    tab.until("document.querySelector('img').complete")
    assert tab.eval("window.ran") is None
    assert len(tab.errors) == 2 and all("Content Security Policy" in each for each in tab.errors)
    tab.errors.clear()
    tab.requests.clear()  # the browser names what it did not ask for


def test_markup_is_found_by_search(tab: Page, folder: Path) -> None:
    tab.open(written(folder, "hostile", samples.hostile()), "#?show=every&q=%3CSCRIPT%3Edocument.title")
    assert tab.eval(LISTED) == ids(1, 2)


def test_five_megabytes_are_cut_where_texts_part_and_shown_on_demand(tab: Page, folder: Path) -> None:
    path = written(folder, "hostile", samples.hostile())
    begun = time.perf_counter()
    tab.open(path, f"#exchange-{len(samples.HOSTILE) + 1}-m1")
    assert time.perf_counter() - begun < 10
    cell = "document.querySelector('.pair .candidate')"
    assert tab.eval(f"{cell}.querySelector('ins').textContent") == "changed "
    assert tab.eval(f"{cell}.textContent.length") < 2000
    tab.eval(f"{cell}.querySelector('button').click()")
    assert tab.eval(f"{cell}.textContent.length") == 5_000_008


def test_deep_json_is_shown_to_its_last_level(tab: Page, folder: Path) -> None:
    tab.open(written(folder, "hostile", samples.hostile()), f"#exchange-{len(samples.HOSTILE) + 2}")
    tab.eval("document.querySelector('.pair button').click()")
    tab.eval("document.querySelector('.rows .fold').click()")
    assert "deeper than 200 levels" in tab.eval("document.querySelector('.pair').textContent")
    assert "deeper than 200 levels" in tab.eval("document.querySelector('.rows').textContent")


def test_ten_thousand_exchanges(tab: Page, folder: Path) -> None:
    path = written(folder, "big", samples.big(MANY))
    assert path.stat().st_size < 3000 * MANY
    begun = time.perf_counter()
    tab.open(path, "#?show=every")
    assert time.perf_counter() - begun < 10
    assert tab.eval("document.querySelectorAll('#list > li').length") == 50
    searched = (
        "(() => { const t = performance.now(); filter.text = 'Bergen'; changed(); return performance.now() - t; })()"
    )
    assert tab.eval(searched) < 1000
    assert tab.eval(COUNT) == "1,000 of 10,000 exchanges, 1,000 mismatches in them"
    tab.open(path, "#exchange-9996")
    assert opened(tab) == "exchange-9996"
    assert tab.eval("document.querySelector('#pager span').textContent") == "page 30 of 30"
    tab.eval("document.querySelector('#pager button').click()")
    assert tab.eval("document.querySelector('#pager span').textContent") == "page 1 of 30"


def test_the_last_exchange_of_a_page_leads_to_the_next(tab: Page, folder: Path) -> None:
    tab.open(written(folder, "big", samples.big(MANY)), "#exchange-50?show=every")
    tab.press("j")
    tab.until(is_(FOCUSED, "exchange-51"))
    assert tab.eval("document.querySelector('#pager span').textContent") == "page 2 of 200"


LISTS = [
    # control, candidate, "place of the control: place of the candidate" for each pair of items
    ([1, 2, 3], [1, 3], "[0] 1 1|[1] 2 -|[2] 3 3"),
    ([1, 3], [1, 2, 3], "[0] 1 1|[1] - 2|[1] 3 3"),
    ([1, 2], [2, 1], "[0] 1 2|[1] 2 1"),
    ([], [1], "[0] - 1"),
    ([1], None, "[0] 1 -"),
]


@pytest.mark.parametrize(("control", "candidate", "expected"), LISTS)
def test_lists_are_aligned(
    tab: Page, kinds: Path, control: list[int], candidate: list[int] | None, expected: str
) -> None:
    tab.open(kinds)
    other = "undefined" if candidate is None else str(candidate)
    told = (
        f"items({control}, {other}, '').map(([at, , one, two]) => `${{at}} ${{one ?? '-'}} ${{two ?? '-'}}`).join('|')"
    )
    assert tab.eval(told) == expected


WORDS = [
    ("", "", ""),
    ("same", "same", "=same"),
    ("a cat sat", "a dog sat", "=a |-cat|+dog|= sat"),
    ("west wind", "southwest wind", "-west|+southwest|= wind"),
    ("1.5 s", "1.7 s", "-1.5|+1.7|= s"),
    ("aa", "aaa", "-aa|+aaa"),
    ("", "new", "+new"),
    ("x 😀 y", "x 😁 y", "=x |-😀|+😁|= y"),
    ("one two three", "two three four", "-one |=two three|+ four"),
]


@pytest.mark.parametrize(("one", "other", "expected"), WORDS)
def test_words(tab: Page, kinds: Path, one: str, other: str, expected: str) -> None:
    tab.open(kinds)
    told = f"words({one!r}, {other!r}).map((part) => part.join('')).join('|')"
    assert tab.eval(told) == expected
