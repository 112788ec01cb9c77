"""Bodies as a tape keeps them: compressed bytes read, JSON parsed, event streams cut into events.

JSON                               => its value
another text                       => the text
pictures, archives, uploads        => a remark of how many bytes of what they were
nothing                            => None
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final

from bridge.diff.tape import Event, read_json
from bridge.masking import masked
from bridge.wire import sse

GZIP: Final = b"\x1f\x8b"
EITHER: Final = 32 + zlib.MAX_WBITS
"""Gzip and zlib alike, by their first bytes."""

LIMIT: Final = 64 * 1024 * 1024
"""Bytes of a body that are kept, unpacked: nobody compares more, and a small archive can hold gigabytes."""

TOO_LARGE: Final = f"it unpacks to more than {LIMIT} bytes"
SLICE: Final = 64
"""Bytes that are unpacked at once by what knows no limit: a block of brotli holds 16 MiB in a few of them."""

Step = Callable[[bytes], bytes]


class Unpacking:
    """Bytes of one content-encoding in, what they hold out, piece by piece. Raises ValueError: for an encoding that is
    not known here, from `feed` for bytes that are not of it."""

    def __init__(self, encoding: str) -> None:
        names = [name.strip().lower() for name in encoding.split(",") if name.strip()]
        self._steps = [_decompress(name) for name in reversed(names) if name not in ("identity", "none", "utf-8")]

    def feed(self, piece: bytes) -> bytes:
        for step in self._steps:
            piece = step(piece)
        return piece


def unpacked(data: bytes, encoding: str = "") -> bytes:
    """The whole body. Recorders often unpack bodies and keep the header, or the other way round: so what is text stays,
    and gzip is known by its first bytes too. Raises ValueError, also for what would be larger than LIMIT."""
    if _is_text(data):
        return data
    return Unpacking("gzip" if data.startswith(GZIP) else encoding).feed(data)


def value(data: bytes, content_type: str = "") -> Any:
    """What a tape holds of the body, without secrets."""
    if not data.strip():
        return None
    try:
        return masked(read_json(data))
    except (ValueError, RecursionError):
        pass  # no JSON, or none that anybody could compare
    if content_type.startswith("multipart/") or not _is_text(data):
        return remark(len(data), content_type)
    return masked(data.decode("utf-8"))


def remark(size: int, content_type: str, why: str = "") -> str:
    """In the place of a body that is not kept."""
    kind = content_type.partition(";")[0].strip() or "something"
    return f"({size} bytes of {kind}{', ' + why if why else ''})"


def is_stream(content_type: str) -> bool:
    return content_type.lower().startswith("text/event-stream")


def event(found: sse.ServerSentEvent, at: float | None = None) -> Event:
    return Event(found.event, value(found.data), at)


def events(data: bytes) -> tuple[Event, ...]:
    """Of a whole stream, whose times are not known. Raises ValueError for what no event can be."""
    return tuple(_events(sse.Decoder(), data))


def _events(decoder: sse.Decoder, data: bytes) -> Iterator[Event]:
    try:
        yield from map(event, decoder.feed(data))
        yield from map(event, decoder.end())
    except sse.EventTooLarge as error:
        raise ValueError(str(error)) from error


# --- encodings


def _decompress(name: str) -> Step:
    if name in ("gzip", "x-gzip", "deflate"):
        return _Inflate()
    if name == "br":
        return _other(("brotli", "brotlicffi"), _brotli, name)
    if name == "zstd":
        return _other(("zstandard",), _zstd, name)
    raise ValueError(f"the content-encoding {name!r} is not known here")


def _brotli(module: Any) -> Step:
    step: Step = module.Decompressor().process
    return step


def _zstd(module: Any) -> Step:
    step: Step = module.ZstdDecompressor().decompressobj().decompress
    return step


class _Inflate:
    """Deflate has been sent with and without its zlib frame, hence the second try."""

    def __init__(self) -> None:
        self._object = zlib.decompressobj(EITHER)
        self._begun = False
        self._size = 0

    def __call__(self, piece: bytes) -> bytes:
        try:
            data = self._inflate(piece)
        except zlib.error as error:
            if self._begun:
                raise ValueError(f"the compressed body is broken: {error}") from error
            self._object = zlib.decompressobj(-zlib.MAX_WBITS)
            try:
                data = self._inflate(piece)
            except zlib.error:
                raise ValueError(f"the compressed body is broken: {error}") from error
        self._begun = True
        self._size += len(data)
        return data

    def _inflate(self, piece: bytes) -> bytes:
        data = self._object.decompress(piece, max(1, LIMIT - self._size))
        if self._object.unconsumed_tail:
            raise ValueError(TOO_LARGE)
        return data


def _other(names: tuple[str, ...], make: Callable[[Any], Step], coding: str) -> Step:
    for name in names:
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        return _guarded(_limited(make(module)))
    raise ValueError(f"the content-encoding {coding!r} needs the package {names[0]}")


def _limited(step: Step) -> Step:
    """A few bytes at a time: neither package can be told to stop, and a kilobyte can hold gigabytes."""
    size = 0

    def limited(piece: bytes) -> bytes:
        nonlocal size
        made = []
        for start in range(0, len(piece), SLICE):
            made.append(step(piece[start : start + SLICE]))
            size += len(made[-1])
            if size > LIMIT:
                raise ValueError(TOO_LARGE)
        return b"".join(made)

    return limited


def _guarded(step: Step) -> Step:
    """Their errors are of their own kinds, all of them below Exception."""

    def guarded(piece: bytes) -> bytes:
        try:
            return step(piece)
        except ValueError:
            raise
        except Exception as error:
            raise ValueError(f"the compressed body is broken: {error}") from error

    return guarded


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return "\x00" not in text
