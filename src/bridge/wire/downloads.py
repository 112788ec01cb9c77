"""A file that a run made, on its way out: where its bytes come from, and the headers they are sent under."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from bridge.records import File
from bridge.wire import paths

LONGEST_NAME: Final = 255
_NOT_A_NAME: Final = re.compile(r"[^\w .()+,@=\[\]-]")


def source(file: File) -> str:
    """The upstream path of the bytes, for as long as the container lives."""
    return paths.of("containers", file.container_id, "files", file.source_id, "content")


def headers(file: File) -> tuple[tuple[str, str], ...]:
    """Name and content were the model's to say: a browser must neither show nor run them. ASCII, no line breaks; the
    length where it is known."""
    length = (("content-length", str(file.size)),) if file.copy else ()
    return (
        ("content-type", "application/octet-stream"),
        ("content-disposition", disposition(file.filename)),
        ("x-content-type-options", "nosniff"),
        *length,
    )


def disposition(filename: str) -> str:
    """To be saved under the last part of the name, without what a path, a header or a shell could take for more.

    plot.png         => attachment; filename="plot.png"
    /mnt/data/ä.csv  => attachment; filename="_.csv"; filename*=UTF-8''%C3%A4.csv   (RFC 6266 §4.3)
    """
    last = re.split(r"[/\\]", filename)[-1][:LONGEST_NAME]
    name = _NOT_A_NAME.sub("_", last).strip(" .") or "file"
    plain = re.sub(r"[^ -~]", "_", name)
    extended = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{extended}'
