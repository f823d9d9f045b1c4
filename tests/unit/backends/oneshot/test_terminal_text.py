"""The machine that takes terminal codes out of lines."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boocoder.backends.oneshot.formats.plain import PlainReader
from boocoder.backends.oneshot.formats.terminal_text import TerminalText
from boocoder.events.agent_event import AgentEvent, TextDelta


def shown(*lines: str) -> list[str | None]:
    terminal = TerminalText()
    return [terminal.line(line) for line in lines]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("plain text", "plain text"),
        ("\x1b[1;31mred\x1b[0m text", "red text"),
        ("\x1b]0;a title\x07said", "said"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1$r0m\x1b\\dcs", "dcs"),
        ("\x1b_apc\x1b\\\x1b^pm\x1b\\x", "x"),
        ("\x1b(B\x1b)0charset", "charset"),
        ("\x1b7saved\x1b8", "saved"),
        ("10%\r50%\r100%", "100%"),
        ("long progress\r\x1b[Kdone", "done"),
        ("abc\b\bX", "aXc"),
        ("abc\x1b[2DX", "aXc"),
        ("ab\x1b[3Cx", "ab   x"),
        ("abcdef\x1b[3GX", "abXdef"),
        ("abcdef\x1b[3G\x1b[K", "ab"),
        ("abcdef\x1b[2K\rnew", "new"),
        ("a\x07b\x00c", "abc"),
        ("tab\tstays", "tab\tstays"),
        ("\x9b31mc1", "c1"),
        ("\x1b[31", ""),
        ("\x1b[?25l\x1b[?2004hhidden cursor", "hidden cursor"),
        ("\x1b[38;2;1;2;3mtrue colour", "true colour"),
        ("\x1b[9999999999Cfar", "far"),
    ],
)
def test_one_line(line: str, expected: str) -> None:
    assert [text.strip() if expected == "far" and text else text for text in shown(line)] == [expected]


def test_a_code_that_spans_lines_is_taken_out() -> None:
    assert shown("before\x1b]0;a title", "still the title\x07after") == ["before", "after"]


def test_lines_that_are_drawn_anew_are_told_once() -> None:
    first = shown("one", "two", "\x1b[2Aone", "two", "three")
    assert first == ["one", "two", None, None, "three"]


def test_a_line_that_changes_when_it_is_drawn_anew_is_told() -> None:
    assert shown("task: running", "\x1b[1A\x1b[2Ktask: done") == ["task: running", "task: done"]


def test_the_alternate_screen_is_left_out() -> None:
    assert shown("before", "\x1b[?1049hfull", "screen", "\x1b[?1049lafter") == ["before", None, None, "after"]


def test_stripped_is_said_only_if_something_was() -> None:
    terminal = TerminalText()
    terminal.line("nothing special, grüße 世界")
    assert not terminal.stripped
    terminal.line("\x1b[1mbold")
    assert terminal.stripped


@given(st.lists(st.text(alphabet=st.sampled_from("ab \x1b[];?0123456789ABCDGHKJhlm\r\b\x07\\P]\x9b世"), max_size=40)))
def test_any_codes_leave_printable_text(lines: list[str]) -> None:
    for text in shown(*lines):
        assert text is None or not any(character < " " and character != "\t" for character in text)


@given(st.lists(st.text(alphabet=st.characters(min_codepoint=32, exclude_characters="\x7f\x9b"), max_size=30)))
def test_text_without_codes_stays_as_it_is(lines: list[str]) -> None:
    assert shown(*lines) == lines


def test_plain_text_keeps_blank_lines_between_others() -> None:
    reader = PlainReader()
    events = [event for line in (b"", b"one", b"", b"", b"two", b"") for event in reader.take(line)]
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "one\n\n\ntwo"
    assert not reader.stripped


LINE = st.sampled_from([b"", b" ", b"\t", b"one", b" two ", b"\r", b"three\r", b"\x1b[1mred", "\xa0".encode(), b"\xff"])


@given(st.lists(st.lists(LINE, min_size=1, max_size=5), max_size=4))
def test_lines_that_come_together_read_as_one_by_one(batches: list[list[bytes]]) -> None:
    together, alone = PlainReader(), PlainReader()
    said = [event for lines in batches for event in together.take_all(lines)]
    wanted = [event for lines in batches for line in lines for event in alone.take(line)]
    assert spoken(said) == spoken(wanted) and len(said) <= len(batches)
    assert together.stripped == alone.stripped


def spoken(events: Iterable[AgentEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))
