"""Which language a file is in, and what in its text is comment, string and code."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

from attrs import frozen

from bridge.scan.findings import Place, cut


@frozen
class Language:
    """`strings` and `comments` are patterns. `is_data`: what is not comment is text, quoted or not (YAML, shell)."""

    name: str
    comments: str
    strings: str
    is_data: bool = False


SLASHES: Final = r"//[^\n]*|/\*.*?(?:\*/|\Z)"
HASHES: Final = r"(?:(?<=\s)|(?<![^\n]))#[^\n]*"
QUOTED: Final = r"\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?"
BACKTICKS: Final = r"`(?:\\.|[^`\\])*`?"
TRIPLE: Final = r"\"{3}(?:\\.|[^\\])*?(?:\"{3}|\Z)|'{3}(?:\\.|[^\\])*?(?:'{3}|\Z)"
REGEX: Final = r"(?<=[=(,:\[!&|?{};])[ \t]*/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/"

JAVASCRIPT: Final = Language("javascript", SLASHES, f"{QUOTED}|{BACKTICKS}|{REGEX}")
PYTHON: Final = Language("python", r"#[^\n]*", f"{TRIPLE}|{QUOTED}")
NOTEBOOK: Final = Language("notebook", r"#[^\n]*", f"{TRIPLE}|{QUOTED}")
PHP: Final = Language("php", rf"{SLASHES}|{HASHES}", QUOTED)
SHELL: Final = Language("shell", HASHES, QUOTED, is_data=True)
JSON: Final = Language("json", r"(?!)", QUOTED, is_data=True)
MARKUP: Final = Language("markup", rf"<!--.*?(?:-->|\Z)|(?<!:){SLASHES}", f"{QUOTED}|{BACKTICKS}")

LANGUAGES: Final[dict[str, Language]] = {
    **dict.fromkeys(("py", "pyi", "pyw"), PYTHON),
    "ipynb": NOTEBOOK,
    **dict.fromkeys(("js", "jsx", "ts", "tsx", "mjs", "cjs", "mts", "cts"), JAVASCRIPT),
    **dict.fromkeys(("vue", "svelte", "astro", "html", "htm"), MARKUP),
    **dict.fromkeys(("java", "kt", "kts", "scala", "groovy"), Language("java", SLASHES, f"{TRIPLE}|{QUOTED}")),
    "cs": Language("csharp", SLASHES, QUOTED),
    "go": Language("go", SLASHES, rf"{QUOTED}|`[^`]*`?"),
    "rs": Language("rust", SLASHES, r"\"(?:\\.|[^\"\\])*\"?"),
    "php": PHP,
    "rb": Language("ruby", HASHES, QUOTED),
    **dict.fromkeys(("swift", "dart"), Language("swift", SLASHES, f"{TRIPLE}|{QUOTED}")),
    **dict.fromkeys(("sh", "bash", "zsh", "fish", "ps1", "bat", "http", "rest", "mk"), SHELL),
    **dict.fromkeys(("yaml", "yml", "toml", "ini", "cfg", "conf", "env", "properties", "tf", "txt"), SHELL),
    **dict.fromkeys(("json", "jsonc", "json5"), JSON),
}
"""By the end of the file's name. Documentation (Markdown and such) is no program, and looked at only if it is named."""

NAMES: Final[dict[str, Language]] = dict.fromkeys(
    ("dockerfile", "containerfile", "makefile", "gnumakefile", "procfile", "justfile", ".env", ".envrc"), SHELL
)
DOCUMENT: Final = Language("document", r"(?!)", QUOTED, is_data=True)


def language(path: str, is_named: bool = False) -> Language | None:
    """None for what is not looked at. `is_named`: the user asked for this very file."""
    name = PurePosixPath(path).name.lower()
    known = NAMES.get(name) or LANGUAGES.get(name.rpartition(".")[2])
    if known is None and name.startswith((".env", "dockerfile.")):
        known = SHELL
    return known or (DOCUMENT if is_named else None)


@frozen
class Segment:
    """A comment or a string, from `start` to before `end` (characters)."""

    is_comment: bool
    start: int
    end: int


class Source:
    """The text of one file in its language. `cell` is the notebook's cell that it is."""

    def __init__(self, path: str, text: str, language: Language, cell: int | None = None) -> None:
        self.path, self.text, self.language, self.cell = path, text, language, cell
        self.segments = _segments(text, language)
        self._lines: list[int] | None = None

    def place(self, offset: int) -> Place:
        """Of the character at `offset`."""
        start = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        column = offset - start + 1
        snippet = cut(self.text[start : len(self.text) if end < 0 else end], column)
        return Place(self.path, self.text.count("\n", 0, offset) + 1, column, snippet, self.cell)

    def code(self) -> str:
        """The text with comments and strings as blanks, at its old length."""
        return _blanked(self.text, self.segments)

    def uncommented(self) -> str:
        """The text with comments alone as blanks."""
        return _blanked(self.text, [each for each in self.segments if each.is_comment])

    def strings(self) -> list[tuple[int, str]]:
        """Each string with its quotes, and where it begins. Of data: all of it."""
        if self.language.is_data:
            return [(0, self.uncommented())]
        return [(each.start, self.text[each.start : each.end]) for each in self.segments if not each.is_comment]


def _segments(text: str, language: Language) -> list[Segment]:
    found = _pattern(language).finditer(text)
    return [Segment(match.lastgroup == "comment", match.start(), match.end()) for match in found]


_PATTERNS: dict[tuple[str, str], re.Pattern[str]] = {}


def _pattern(language: Language) -> re.Pattern[str]:
    key = (language.comments, language.strings)
    if key not in _PATTERNS:
        _PATTERNS[key] = re.compile(f"(?P<comment>{key[0]})|(?P<string>{key[1]})", re.DOTALL)
    return _PATTERNS[key]


def _blanked(text: str, segments: list[Segment]) -> str:
    parts, done = [], 0
    for each in segments:
        parts += [text[done : each.start], re.sub(r"[^\n]", " ", text[each.start : each.end])]
        done = each.end
    return "".join([*parts, text[done:]])
