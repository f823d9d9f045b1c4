"""Wraps text at words while it arrives in pieces."""

from __future__ import annotations

import re

_PIECES = re.compile(r"\n|[^\S\n]+|\S+")


class WordWrap:
    """Breaks lines between words; a word is held back until it is whole.

    Args:
        width: columns of the terminal.
    """

    def __init__(self, width: int) -> None:
        self._width = max(width, 1)
        self._column = 0
        self._word = ""

    def feed(self, text: str) -> str:
        """The part of the text so far that can be printed now."""
        printed = ""
        for piece in _PIECES.findall(text):
            if not piece.isspace():
                self._word += piece
                if _cells(self._word) >= self._width:
                    printed += self._take_word()
            elif piece == "\n":
                printed += self._take_word() + "\n"
                self._column = 0
            else:
                printed += self._take_word() + self._blanks(piece)
        return printed

    def flush(self) -> str:
        """The word that was held back; the next text begins a line."""
        rest = self._take_word()
        self._column = 0
        return rest

    def _take_word(self) -> str:
        word, self._word = self._word, ""
        if not word:
            return ""
        size = _cells(word)
        broken = "\n" if self._column and self._column + size > self._width else ""
        self._column = (0 if broken else self._column) + size
        if self._column > self._width:
            self._column %= self._width  # the terminal breaks a word that is longer than a line
        return broken + word

    def _blanks(self, piece: str) -> str:
        if self._column + len(piece) >= self._width:
            self._column = 0
            return "\n"
        self._column += len(piece)
        return piece


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)
