"""Narrow terminals: streamed text breaks between words, tables become records, waiting is said."""

from __future__ import annotations

import io
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from boocoder.cli.views.live_turn import LiveView
from boocoder.cli.views.style import show_rows
from boocoder.cli.views.word_wrap import WordWrap
from boocoder.events import frames

TEXT = "The quick brown fox jumps over the lazy dog and\nthen\n\nstops."


def terminal(width: int) -> Console:
    return Console(
        file=io.StringIO(), width=width, force_terminal=True, color_system=None, highlight=False, soft_wrap=True
    )


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_lines_break_between_words_however_the_text_is_cut(size: int) -> None:
    wrap = WordWrap(12)
    out = "".join(wrap.feed(TEXT[at : at + size]) for at in range(0, len(TEXT), size)) + wrap.flush()
    assert max(map(len, out.splitlines())) <= 12
    assert out.split() == TEXT.split()
    lines = ["The quick", "brown fox", "jumps over", "the lazy dog", "and", "then", "", "stops."]
    assert [line.rstrip() for line in out.split("\n")] == lines


@given(st.text(st.sampled_from("ab \n"), max_size=200), st.integers(1, 20))
def test_no_character_but_blanks_is_lost(text: str, width: int) -> None:
    wrap = WordWrap(width)
    assert (wrap.feed(text) + wrap.flush()).split() == text.split() or any(len(word) >= width for word in text.split())


def test_streamed_text_keeps_its_words_at_forty_columns() -> None:
    console, message, session = terminal(40), uuid4(), uuid4()
    view = LiveView(console)
    said, offset = " ".join(f"word{number}" for number in range(40)), 0
    for start in range(0, len(said), 7):
        piece = said[start : start + 7]
        view.show(frames.DeltaFrame(session_id=session, message_id=message, part=0, offset=offset, text=piece))
        offset += len(piece)
    view.end_line()
    lines = printed(console).splitlines()
    assert max(map(len, lines)) <= 40 and " ".join(lines).split() == said.split()


def test_a_table_that_does_not_fit_becomes_records() -> None:
    rows = [
        (
            ("12345678", ""),
            ("completed", "green"),
            ("opencode", ""),
            ("3 min", "dim"),
            ("add a test for the parser", ""),
        ),
    ]
    columns = ("id", "state", "agent", "age", "prompt")
    narrow, wide = terminal(40), terminal(100)
    show_rows(narrow, columns, rows)
    show_rows(wide, columns, rows)
    assert printed(narrow).splitlines()[0] == "12345678  completed"
    assert "  prompt: add a test for the parser" in printed(narrow).splitlines()
    assert max(map(len, printed(narrow).splitlines())) <= 40
    assert "add a test for the parser" in printed(wide).splitlines()[1]


def test_a_quiet_agent_is_said_to_be_waited_for() -> None:
    console = Console(file=io.StringIO(), width=80)
    view = LiveView(console)
    for second in range(1, 70):
        view.idle(float(second))
    said = [line for line in printed(console).splitlines() if "waiting for the agent" in line]
    assert 3 <= len(said) <= 6 and "5.0 s" in said[0]
