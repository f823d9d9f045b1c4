"""Word-level changes of a hunk, and bytes as text without loss."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boocoder.changes.diff.word_diff import EDITS_MAX, HunkWords, common, hunk_words, shown_text, text_line
from boocoder.model.limits import WORDS_MAX_CHARS

few = st.lists(st.sampled_from("abc"), max_size=12)


def changed(words: HunkWords) -> tuple[list[list[str]], list[list[str]]]:
    return (
        [[line.text[span.start : span.end] for span in line.changed] for line in words.old],
        [[line.text[span.start : span.end] for span in line.changed] for line in words.new],
    )


@pytest.mark.parametrize(
    ("old", "new", "gone", "come"),
    [
        ("def f(a, b):", "def f(a, long_name):", ["b"], ["long_name"]),
        ("total = price * count", "total = price * count + tax", [], [" + tax"]),
        ("日本語のテスト", "日本誤のテスト", ["語"], ["誤"]),
        ("x = 'café 😀 y'", "x = 'café 😀 z'", ["y"], ["z"]),
        ("one two three four five six", "one two 3 4 five six", ["three four"], ["3 4"]),
    ],
)
def test_changed_words(old: str, new: str, gone: list[str], come: list[str]) -> None:
    words = hunk_words([old.encode() + b"\n"], [new.encode() + b"\n"])
    assert not words.whole
    assert changed(words) == ([gone], [come])


def test_lines_are_compared_over_the_whole_hunk() -> None:
    words = hunk_words(
        [b"first line stays\n", b"second line\n"], [b"first line stays\n", b"new line here now\n", b"second line\n"]
    )
    assert changed(words) == ([[], []], [[], ["new line here now"], []])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([], [b"a\n"]),
        ([b"a\n"], []),
        ([b"entirely different words\n"], [b"nothing(in) = common;\n"]),
        ([b"a " * WORDS_MAX_CHARS], [b"b " * 3]),
        ([b" ".join(b"%d" % n for n in range(EDITS_MAX + 9))], [b" ".join(b"x%d" % n for n in range(EDITS_MAX + 9))]),
    ],
)
def test_whole_lines_where_words_say_nothing(old: list[bytes], new: list[bytes]) -> None:
    words = hunk_words(old, new)
    assert words.whole
    assert all(line.changed == () for line in (*words.old, *words.new))
    assert (len(words.old), len(words.new)) == (len(old), len(new))


def test_line_ends_are_told() -> None:
    assert [text_line(line).end for line in (b"a\n", b"a\r\n", b"a", b"a\r")] == ["lf", "crlf", "none", "none"]
    assert text_line(b"a\r").text == "a\r"
    assert text_line(b"a\r\r\n").text == "a\r"


def test_bytes_that_are_not_utf8_are_escaped() -> None:
    assert shown_text("é\\xff".encode()) == ("é\\xff", True)
    assert shown_text(b"caf\xe9 \\xff") == ("caf\\xe9 \\\\xff", False)


def restored(text: str, utf8: bool) -> bytes:
    """The way back, written independently."""
    if utf8:
        return text.encode()
    pieces = re.findall(r"\\\\|\\x[0-9a-f]{2}|[^\\]+", text)
    return b"".join(
        b"\\" if piece == "\\\\" else bytes([int(piece[2:], 16)]) if piece.startswith("\\x") else piece.encode()
        for piece in pieces
    )


@given(st.binary(max_size=40) | st.text(max_size=20).map(str.encode) | st.just(b"\\xff\xff\\"))
def test_nothing_is_lost(data: bytes) -> None:
    assert restored(*shown_text(data)) == data


@given(st.lists(st.binary(max_size=30)), st.lists(st.binary(max_size=30)))
def test_spans_lie_inside_their_lines(old: list[bytes], new: list[bytes]) -> None:
    words = hunk_words(
        [line.replace(b"\n", b"") + b"\n" for line in old], [line.replace(b"\n", b"") + b"\n" for line in new]
    )
    assert (len(words.old), len(words.new)) == (len(old), len(new))
    for line in (*words.old, *words.new):
        places = [place for span in line.changed for place in (span.start, span.end)]
        assert places == sorted(set(places))
        assert all(0 <= place <= len(line.text) for place in places)


def longest(one: list[str], two: list[str]) -> int:
    rows = [[0] * (len(two) + 1) for _ in range(len(one) + 1)]
    for left, first in enumerate(one):
        for right, second in enumerate(two):
            best = max(rows[left][right + 1], rows[left + 1][right])
            rows[left + 1][right + 1] = rows[left][right] + 1 if first == second else best
    return rows[-1][-1]


@given(few, few)
def test_the_common_subsequence_is_a_longest_one(one: list[str], two: list[str]) -> None:
    pairs = common(one, two, 99)
    assert pairs is not None
    assert all(one[left] == two[right] for left, right in pairs)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(pairs))
    assert len(pairs) == longest(one, two)


def test_too_many_edits_are_not_looked_for() -> None:
    assert common(["a"] * 5, ["b"] * 5, 9) is None
    assert common(["a"] * 5, ["b"] * 5, 10) == []
