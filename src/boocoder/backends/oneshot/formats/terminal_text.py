"""Removes terminal codes from a program's output, line by line.

A small state machine after ECMA-48: cursor movement within a line is applied, so that a progress line that is
overwritten many times comes out in its last state; lines above that are rewritten unchanged are not repeated; the
alternate screen (a full-screen program) is left out.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

_LINE_MAX_CHARS = 1_000_000  # a cursor that is sent further than that is not followed
_ABOVE_MAX = 200  # lines that can be rewritten
_TAB = 8


class _EscapeState(Enum):
    TEXT = auto()
    ESCAPE = auto()
    INTERMEDIATE = auto()
    CSI = auto()
    STRING = auto()  # OSC, DCS, APC, PM, SOS
    STRING_ESCAPE = auto()


class TerminalText:
    """Strips one stream.

    Attributes:
        stripped: whether anything was taken out or written over so far.
    """

    def __init__(self) -> None:
        self.stripped = False
        self._state = _EscapeState.TEXT
        self._parameters = ""
        self._cells: list[str] = []
        self._column = 0
        self._hidden = False
        self._written_lines: deque[str] = deque(maxlen=_ABOVE_MAX)
        self._above = 0

    def line(self, text: str) -> str | None:
        """The text of a finished line; None if it was returned before or shows nothing.

        Args:
            text: the line without its newline.
        """
        for character in text:
            self._take(character)
        if self._state is _EscapeState.CSI or self._state is _EscapeState.ESCAPE:
            self._state = _EscapeState.TEXT  # a code that a newline cuts short is over
        return self._finish()

    def rest(self) -> str | None:
        """The text of a last line without a newline."""
        return self._finish() if self._cells else None

    def _finish(self) -> str | None:
        line = "".join(self._cells).rstrip(" ") if self.stripped else "".join(self._cells)
        self._cells, self._column = [], 0
        if self._hidden:
            return None
        if self._above:
            place = self._above
            self._above -= 1
            known = self._written_lines[-place] if place <= len(self._written_lines) else None
            if known is not None:
                self._written_lines[-place] = line
            return None if known == line else line
        self._written_lines.append(line)
        return line

    def _take(self, character: str) -> None:
        match self._state:
            case _EscapeState.TEXT:
                self._text(character)
            case _EscapeState.ESCAPE:
                self._escape(character)
            case _EscapeState.INTERMEDIATE:
                self._state = _EscapeState.INTERMEDIATE if " " <= character <= "/" else _EscapeState.TEXT
            case _EscapeState.CSI:
                self._csi(character)
            case _EscapeState.STRING:
                self._string(character)
            case _EscapeState.STRING_ESCAPE:
                self._state = _EscapeState.TEXT if character == "\\" else _EscapeState.STRING

    def _text(self, character: str) -> None:
        match character:
            case "\x1b":
                self.stripped = True
                self._state = _EscapeState.ESCAPE
            case "\x9b":
                self.stripped = True
                self._state, self._parameters = _EscapeState.CSI, ""
            case "\r":
                self._column = 0
            case "\b" | "\x7f":
                self.stripped = True
                self._column = max(0, self._column - 1)
            case "\t":
                self._put(character)
            case _ if character < " ":
                self.stripped = True
            case _:
                self._put(character)

    def _put(self, character: str) -> None:
        if self._hidden or self._column >= _LINE_MAX_CHARS:
            return
        if self._column < len(self._cells):
            self.stripped = True
            self._cells[self._column] = character
        else:
            self._cells.extend(" " * (self._column - len(self._cells)))
            self._cells.append(character)
        self._column += 1

    def _escape(self, character: str) -> None:
        self._state = _EscapeState.TEXT
        if character == "[":
            self._state, self._parameters = _EscapeState.CSI, ""
        elif character in "]P_^X":
            self._state = _EscapeState.STRING
        elif " " <= character <= "/":
            self._state = _EscapeState.INTERMEDIATE
        elif character == "\x1b":
            self._state = _EscapeState.ESCAPE

    def _string(self, character: str) -> None:
        if character in "\x07\x9c":
            self._state = _EscapeState.TEXT
        elif character == "\x1b":
            self._state = _EscapeState.STRING_ESCAPE

    def _csi(self, character: str) -> None:
        if "@" <= character <= "~":
            self._state = _EscapeState.TEXT
            self._do(character, self._parameters)
        elif " " <= character <= "?":
            self._parameters = (self._parameters + character)[:64]
        elif character == "\x1b":
            self._state = _EscapeState.ESCAPE
        else:
            self._state = _EscapeState.TEXT

    def _do(self, final: str, parameters: str) -> None:
        number = _number(parameters)
        match final:
            case "C":
                self._column = min(self._column + max(1, number), _LINE_MAX_CHARS)
            case "D":
                self._column = max(0, self._column - max(1, number))
            case "G" | "`":
                self._column = min(max(1, number) - 1, _LINE_MAX_CHARS)
            case "K":
                self._erase(number)
            case "A" | "F":
                self._up(max(1, number), home=final == "F")
            case "h" | "l" if parameters in ("?1049", "?1047", "?47"):
                self._hidden = final == "h"
                self._cells, self._column = [], 0

    def _erase(self, which: int) -> None:
        if which == 0:
            del self._cells[self._column :]
        elif which == 1:
            self._cells[: self._column + 1] = " " * min(self._column + 1, len(self._cells))
        else:
            self._cells.clear()

    def _up(self, lines: int, *, home: bool) -> None:
        """Lines above are rewritten from here on."""
        self._above = min(self._above + lines, len(self._written_lines))
        self._cells = []
        if home:
            self._column = 0


def _number(parameters: str) -> int:
    first = parameters.partition(";")[0].lstrip("?>=")
    return int(first) if first.isascii() and first.isdigit() and len(first) < 8 else 0
