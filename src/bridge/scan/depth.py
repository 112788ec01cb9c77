"""How deep code is nested. libcst goes down by recursion, in Rust and Python: what is too deep would end the process.

Python's own parser refuses such code with an error, and its tree can be measured without recursion.
"""

from __future__ import annotations

import ast
import re
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any, Final, TypeVar

from bridge.scan.languages import Source

T = TypeVar("T")
BRACKETS: Final = 150
LEVELS: Final = 400
STRINGS: Final = 300
"""Strings side by side, which are one: libcst nests them."""

FRAMES: Final = 20_000
STACK: Final = 256 * 1024 * 1024
"""Bytes of address space; what is not used costs nothing."""


def check(source: Source, text: str) -> None:
    """Raises RecursionError for what is nested too deep."""
    if _brackets(source.code()) > BRACKETS or _strings(source) > STRINGS or _levels(text) > LEVELS:
        raise RecursionError("nested too deep")


def _brackets(code: str) -> int:
    deepest = depth = 0
    for mark in re.findall(r"[()\[\]{}]", code):
        depth = max(0, depth + (1 if mark in "([{" else -1))
        deepest = max(deepest, depth)
    return deepest


def _strings(source: Source) -> int:
    """The most that follow each other."""
    longest = length = end = 0
    for each in source.segments:
        is_next = not source.text[end : each.start].strip()
        length = length + 1 if is_next else 1
        longest, end = max(longest, length), each.end
    return longest


def _levels(text: str) -> int:
    """Of the syntax tree; 0 of what this Python's parser does not read, since libcst may know a newer Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return 0
    except MemoryError as error:  # what the parser says of code that is too complex for it
        raise RecursionError("nested too deep") from error
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [below for node in level for below in ast.iter_child_nodes(node)]  # type: ignore[misc]
    return deepest


def deeply(work: Callable[[], T]) -> T:
    """The result of the work, done in a thread with more stack than usual. Raises what it raises."""
    result: list[Any] = []
    size, frames = threading.stack_size(STACK), sys.getrecursionlimit()
    thread = threading.Thread(target=_kept, args=(work, result))
    try:
        sys.setrecursionlimit(max(frames, FRAMES))
        thread.start()
    finally:
        threading.stack_size(size)
    thread.join()
    sys.setrecursionlimit(frames)
    if isinstance(result[0], BaseException):
        raise result[0]
    done: T = result[0]
    return done


def _kept(work: Callable[[], Any], result: list[Any]) -> None:
    try:
        result.append(work())
    except BaseException as error:  # raised again by whoever waits
        result.append(error)
