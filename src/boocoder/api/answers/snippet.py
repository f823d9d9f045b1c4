"""Cuts a snippet around searched words out of a text."""

from __future__ import annotations

import re

from boocoder.wire.search import SnippetPiece

SNIPPET_CHARS = 180  # two lines of a narrow list
BEFORE_CHARS = 60  # of it, in front of the first word
_WORD = re.compile(r"[^\W_]+")
_NOTHING = re.compile(r"(?!)")


def snippet(text: str, query: str) -> list[SnippetPiece]:
    """The place of a text that holds most of the words of a query, on one line.

    Args:
        text: all of it.
        query: words as typed; the last one may be the beginning of a word.
    """
    pattern = _pattern(query)
    begin = _best_start([found.start() for found in pattern.finditer(text)])
    end = begin + SNIPPET_CHARS
    line = " ".join(text[begin:end].split())
    if begin:
        line = f"… {line}"
    if end < len(text):
        line = f"{line} …"
    return _pieces(line, pattern)


def _pattern(query: str) -> re.Pattern[str]:
    words = _WORD.findall(query)
    if not words:
        return _NOTHING
    choices = [f"{re.escape(word)}(?![^\\W_])" for word in words[:-1]] + [re.escape(words[-1])]
    return re.compile(f"(?<![^\\W_])(?:{'|'.join(choices)})", re.IGNORECASE)


def _best_start(places: list[int]) -> int:
    """Where the window with the most matches begins, a little in front of its first one."""
    best, most, last = 0, 0, 0
    for first, place in enumerate(places):
        while last < len(places) and places[last] < place + SNIPPET_CHARS - BEFORE_CHARS:
            last += 1
        if last - first > most:
            best, most = place, last - first
    return max(0, best - BEFORE_CHARS)


def _pieces(line: str, pattern: re.Pattern[str]) -> list[SnippetPiece]:
    pieces, end = [], 0
    for found in pattern.finditer(line):
        pieces.append(SnippetPiece(line[end : found.start()], False))
        pieces.append(SnippetPiece(found.group(), True))
        end = found.end()
    pieces.append(SnippetPiece(line[end:], False))
    return [piece for piece in pieces if piece.text]
