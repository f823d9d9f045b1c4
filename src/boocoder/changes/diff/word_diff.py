"""Finds the changed words of a hunk, with bounded work."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from boocoder.model.limits import WORDS_MAX_CHARS

LineEnd = Literal["lf", "crlf", "none"]

EDITS_MAX = 300  # words removed and added; beyond it the cost is quadratic, and the sides have little in common
SAME_MIN_SHARE = 0.3  # of the shorter side's characters; below it marking words is harder to read than whole lines

_CJK = "\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"\n|[^\S\n]+|[{_CJK}]|(?:(?![{_CJK}])\w)+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CharSpan:
    """Characters of a line: from `start` up to `end`, in code points of its text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line as text.

    Args:
        text: without its line end. If it is not UTF-8, invalid bytes are written as `\\xNN` and each
            backslash is doubled, so that nothing is lost.
        utf8: whether it is.
        end: its line end; `none` where the file ends without one.
        changed: the words that the other side has not, in order; empty if the hunk is `whole`.
    """

    text: str
    utf8: bool
    end: LineEnd
    changed: tuple[CharSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class HunkWords:
    """Both sides of a hunk.

    Args:
        old, new: one a line.
        whole: words were not compared: one side is empty, too large, or too different.
    """

    old: tuple[TextLine, ...]
    new: tuple[TextLine, ...]
    whole: bool


def hunk_words(old_lines: Sequence[bytes], new_lines: Sequence[bytes]) -> HunkWords:
    """Compare the two sides of a hunk word by word; CJK text by character.

    Args:
        old_lines, new_lines: with their line ends.
    """
    old, new = [text_line(line) for line in old_lines], [text_line(line) for line in new_lines]
    marks = _marks(old, new)
    if marks is None:
        return HunkWords(tuple(old), tuple(new), True)
    return HunkWords(tuple(_marked(old, marks[0])), tuple(_marked(new, marks[1])), False)


def text_line(line: bytes) -> TextLine:
    """One line as text, without loss."""
    if line.endswith(b"\r\n"):
        return TextLine(*shown_text(line[:-2]), "crlf")
    if line.endswith(b"\n"):
        return TextLine(*shown_text(line[:-1]), "lf")
    return TextLine(*shown_text(line), "none")


def shown_text(data: bytes) -> tuple[str, bool]:
    """Bytes as text, and whether they are UTF-8; if not, escaped as TextLine says."""
    try:
        return data.decode(), True
    except UnicodeDecodeError:
        return data.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace"), False


_Token = tuple[str, bool]  # the text, and whether it differs


def _marks(old: Sequence[TextLine], new: Sequence[TextLine]) -> tuple[list[_Token], list[_Token]] | None:
    left, right = _text(old), _text(new)
    if not left or not right or len(left) + len(right) > WORDS_MAX_CHARS:
        return None
    one, two = _TOKEN.findall(left), _TOKEN.findall(right)
    pairs = common(one, two, EDITS_MAX)
    if pairs is None:
        return None
    same = sum(len(one[place]) for place, _ in pairs if not one[place].isspace())
    if same < SAME_MIN_SHARE * min(_weight(one), _weight(two)):
        return None
    pairs = _without_lone_spaces(one, pairs)
    kept_old, kept_new = {place for place, _ in pairs}, {place for _, place in pairs}
    return (
        [(token, place not in kept_old) for place, token in enumerate(one)],
        [(token, place not in kept_new) for place, token in enumerate(two)],
    )


def _text(lines: Iterable[TextLine]) -> str:
    return "".join(line.text + "\n" for line in lines)


def _weight(tokens: Iterable[str]) -> int:
    return sum(len(token) for token in tokens if not token.isspace())


def _without_lone_spaces(tokens: Sequence[str], pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Count the blank between two changed words as changed, so that both get one mark."""
    known = set(pairs)
    return [
        (one, two)
        for one, two in pairs
        if tokens[one] == "\n"
        or not tokens[one].isspace()
        or (one - 1, two - 1) in known
        or (one + 1, two + 1) in known
    ]


def _marked(lines: Sequence[TextLine], tokens: Iterable[_Token]) -> Iterator[TextLine]:
    rows: list[list[_Token]] = [[]]
    for token in tokens:
        if token[0] == "\n":
            rows.append([])
        else:
            rows[-1].append(token)
    for line, row in zip(lines, rows, strict=False):
        yield TextLine(line.text, line.utf8, line.end, tuple(_spans(row)))


def _spans(row: Iterable[_Token]) -> Iterator[CharSpan]:
    at = start = 0
    inside = False
    for text, differs in row:
        if differs and not inside:
            start = at
        elif inside and not differs:
            yield CharSpan(start, at)
        inside = differs
        at += len(text)
    if inside:
        yield CharSpan(start, at)


def common(one: Sequence[str], two: Sequence[str], edits_max: int) -> list[tuple[int, int]] | None:
    """The places of a longest common subsequence (Myers, "An O(ND) Difference Algorithm", 1986).

    Args:
        one, two: the tokens.
        edits_max: how many may differ on both sides together.

    Returns:
        (place in one, place in two), rising; None if more differ.
    """
    head = 0
    while head < min(len(one), len(two)) and one[head] == two[head]:
        head += 1
    tail = 0
    while tail < min(len(one), len(two)) - head and one[-1 - tail] == two[-1 - tail]:
        tail += 1
    middle = _trace(one[head : len(one) - tail], two[head : len(two) - tail], edits_max)
    if middle is None:
        return None
    return [
        *((place, place) for place in range(head)),
        *((left + head, right + head) for left, right in middle),
        *((len(one) - back, len(two) - back) for back in range(tail, 0, -1)),
    ]


def _trace(one: Sequence[str], two: Sequence[str], edits_max: int) -> list[tuple[int, int]] | None:
    """Walk the diagonals until one reaches the end, then back."""
    reached: dict[int, int] = {1: 0}
    steps: list[dict[int, int]] = []
    for edits in range(edits_max + 1):
        steps.append(dict(reached))
        for diagonal in range(-edits, edits + 1, 2):
            at = max(_entries(reached, diagonal, len(one), len(two)))
            if at < 0:
                reached.pop(diagonal, None)
                continue
            while at < len(one) and at - diagonal < len(two) and one[at] == two[at - diagonal]:
                at += 1
            reached[diagonal] = at
            if at == len(one) and at - diagonal == len(two):
                return _walk_back(steps, len(one), len(two))
    return None


def _entries(reached: dict[int, int], diagonal: int, one: int, two: int) -> tuple[int, int]:
    """Where a diagonal is entered: by a token of `two`, and by one of `one`; -1 if that leaves the grid."""
    down, right = reached.get(diagonal + 1, -1), reached.get(diagonal - 1, -2) + 1
    return (-1 if down - diagonal > two else down), (-1 if right > one else right)


def _walk_back(steps: Sequence[dict[int, int]], one: int, two: int) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    left, right = one, two
    for edits in range(len(steps) - 1, -1, -1):
        diagonal = left - right
        down, across = _entries(steps[edits], diagonal, one, two)
        entered = max(down, across)
        while left > entered:
            left, right = left - 1, right - 1
            pairs.append((left, right))
        if down >= across:
            right -= 1
        else:
            left -= 1
    pairs.reverse()
    return pairs
