"""Text of agents on a terminal: no control sequence passes, whole or cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from boocoder.cli.views.terminal_text import HELD_MAX_CHARS, SafeStream, one_line, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text\n\twith tab", "plain text\n\twith tab"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[38;2;1;2;3mrgb", "rgb"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;ZXZpbA==\x07clipboard", "clipboard"),
        ("\x1bP1$r\x1b\\dcs", "dcs"),
        ("\x1b(Bset", "set"),
        ("\x1bcreset", "reset"),
        ("\x9b31mred8bit", "red8bit"),
        ("\x9d0;t\x9cosc8bit", "osc8bit"),
        ("a\rb\r\nc", "a\nb\nc"),
        ("a\x08\x07\x00\x7fb", "ab"),
        ("\u202eevil\u2066x", "<U+202E>evil<U+2066>x"),
        ("zero\u200bwidth", "zero<U+200B>width"),
        ("family \U0001f468\u200d\U0001f469", "family \U0001f468\u200d\U0001f469"),
        ("\x1b]never ended\nnext line", "\nnext line"),
        ("\x1b[2J\x1b[H\x1b[1;1Hboo", "boo"),
        ("tag\U000e0041", "tag<U+E0041>"),
        ("é 漢字 🙂", "é 漢字 🙂"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert plain(text) == shown


@example("000\r\x9d\n", [1, 4])
@example("a\r\x1b[0m\n", [6])
@given(st.text(st.sampled_from("ab\n\r\x1b[]0;m\x07\\P\x9b\x9d\x9c(\u202e"), max_size=60), st.lists(st.integers(1, 5)))
def test_no_escape_passes_however_the_text_is_cut(text: str, cuts: list[int]) -> None:
    stream, shown, at = SafeStream(), "", 0
    for size in [*cuts, len(text) or 1]:
        shown += stream.feed(text[at : at + size])
        at += size
    assert not set(shown) & set("\x1b\x07\r\x9b\x9d\x9c\u202e")
    assert plain(text).startswith(shown)


@given(st.text(max_size=200))
def test_plain_text_is_harmless_and_stable(text: str) -> None:
    once = plain(text)
    assert plain(once) == once
    assert not any(ord(char) < 32 and char not in "\n\t" for char in once)


def test_an_endless_sequence_is_not_held_for_ever() -> None:
    stream = SafeStream()
    shown = "".join(stream.feed("\x1b]" + "x" * 100) for _ in range(HELD_MAX_CHARS // 50))
    assert "x" * 100 in shown and "\x1b" not in shown


def test_one_line_is_the_first_line_cut_to_the_width() -> None:
    assert one_line("\n  first\nsecond", 20) == "first"
    assert one_line("x" * 30, 10) == "x" * 9 + "…"
    assert one_line("", 10) == ""
