"""Two sequences beside each other: what belongs together, and what only one of them has.

Every element has keys from strict to loose (an operation with its body and status, …, the operation alone). Pairs that
agree in the strictest key are preferred, unless taking loose ones pairs more elements.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

Keys = tuple[str, ...]
Pair = tuple[int | None, int | None]

MOST_EDITS: Final = 600
"""Where more than so many elements have no partner, pairs are sought by occurrence: memory is quadratic in edits."""


def aligned(control: Sequence[Keys], candidate: Sequence[Keys]) -> list[Pair]:
    """Positions pair by pair, in order; None where one side has nothing. What only the control has comes first.

    Which of several equally good alignments is taken does not depend on which side is called the control.
    """
    if list(candidate) < list(control):
        return ordered([(left, right) for right, left in _matched(candidate, control)], len(control), len(candidate))
    return ordered(_matched(control, candidate), len(control), len(candidate))


def ordered(matches: Sequence[tuple[int, int]], lefts: int, rights: int) -> list[Pair]:
    """All positions, those without a partner included, from ascending matches."""
    pairs: list[Pair] = []
    left = right = 0
    for next_left, next_right in (*matches, (lefts, rights)):
        pairs += [(place, None) for place in range(left, next_left)]
        pairs += [(None, place) for place in range(right, next_right)]
        if next_left < lefts:
            pairs.append((next_left, next_right))
        left, right = next_left + 1, next_right + 1
    return pairs


def _matched(a: Sequence[Keys], b: Sequence[Keys]) -> list[tuple[int, int]]:
    if not a or not b:
        return []
    loosest = matches([keys[-1] for keys in a], [keys[-1] for keys in b])
    tiered = _tiered(a, b, 0, 0, 0)
    return tiered if len(tiered) >= len(loosest) else loosest


def _tiered(a: Sequence[Keys], b: Sequence[Keys], tier: int, left: int, right: int) -> list[tuple[int, int]]:
    """Matches by the key of this tier, and between them by those of the next."""
    if not a or not b or tier == len(a[0]):
        return []
    found = matches([keys[tier] for keys in a], [keys[tier] for keys in b])
    pairs: list[tuple[int, int]] = []
    start_a = start_b = 0
    for end_a, end_b in (*found, (len(a), len(b))):
        pairs += _tiered(a[start_a:end_a], b[start_b:end_b], tier + 1, left + start_a, right + start_b)
        if end_a < len(a):
            pairs.append((left + end_a, right + end_b))
        start_a, start_b = end_a + 1, end_b + 1
    return pairs


def matches(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """A longest common subsequence as ascending positions; close to one where the sequences have little in common."""
    head = _common(a, b)
    tail = _common(a[head:][::-1], b[head:][::-1])
    middle_a, middle_b = a[head : len(a) - tail], b[head : len(b) - tail]
    middle = _myers(middle_a, middle_b) if middle_a and middle_b else []
    if middle is None:
        middle = _by_occurrence(middle_a, middle_b)
    return [
        *((place, place) for place in range(head)),
        *((head + left, head + right) for left, right in middle),
        *((len(a) - place, len(b) - place) for place in range(tail, 0, -1)),
    ]


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    length = 0
    for left, right in zip(a, b, strict=False):
        if left != right:
            break
        length += 1
    return length


def _myers(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]] | None:
    """Myers' greedy algorithm, O((n + m) · edits); None where there are too many edits."""
    reached = {1: 0}
    history: list[dict[int, int]] = []
    for edits in range(min(len(a) + len(b), MOST_EDITS) + 1):
        history.append(dict(reached))
        for diagonal in range(-edits, edits + 1, 2):
            down = diagonal == -edits or (
                diagonal != edits and reached.get(diagonal - 1, -1) < reached.get(diagonal + 1, -1)
            )
            x = reached[diagonal + 1] if down else reached[diagonal - 1] + 1
            while x < len(a) and x - diagonal < len(b) and a[x] == b[x - diagonal]:
                x += 1
            reached[diagonal] = x
            if x >= len(a) and x - diagonal >= len(b):
                return _walked_back(history, len(a), len(b))
    return None


def _walked_back(history: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for edits in range(len(history) - 1, -1, -1):
        reached = history[edits]
        diagonal = x - y
        down = diagonal == -edits or (
            diagonal != edits and reached.get(diagonal - 1, -1) < reached.get(diagonal + 1, -1)
        )
        before = diagonal + 1 if down else diagonal - 1
        before_x = reached[before] if edits else 0
        before_y = before_x - before if edits else 0
        while x > before_x and y > before_y:
            x, y = x - 1, y - 1
            found.append((x, y))
        x, y = before_x, before_y
    return found[::-1]


def _by_occurrence(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """The nth element of a kind with the nth of the other side, as far as they do not cross (patience sorting)."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(b):
        places[key].append(place)
    used: defaultdict[str, int] = defaultdict(int)
    pairs: list[tuple[int, int]] = []
    for place, key in enumerate(a):
        if used[key] < len(places[key]):
            pairs.append((place, places[key][used[key]]))
            used[key] += 1
    return _longest_ascending(pairs)


def _longest_ascending(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, right) in enumerate(pairs):
        length = bisect_left(ends, right)
        ends[length : length + 1] = [right]
        last[length : length + 1] = [number]
        before.append(last[length - 1] if length else -1)
    chosen: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        chosen.append(pairs[number])
        number = before[number]
    return chosen[::-1]
