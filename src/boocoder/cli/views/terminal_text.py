"""Makes text from agents safe to print: removes control sequences and shows hidden direction marks."""

from __future__ import annotations

import re

HELD_MAX_CHARS = 1_024  # no real control sequence is longer; past this its first byte is dropped and the rest is text

# ECMA-48: CSI with parameters; OSC, DCS, SOS, PM, APC up to BEL, ST or the end of the line; two-character escapes.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c|(?=\n))"
    r"|\x1b[ -/]*[0-OQ-WYZ\\`-~]"
)
# What may go on in the next piece, with a carriage return before it: a line feed may follow. NUL stands for a sequence.
_UNFINISHED = re.compile(
    r"(?:\r\0*)?"
    r"(?:(?:\x1b\[|\x9b)[0-?]*[ -/]*|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*\x1b?|\x1b[ -/]*)\Z"
    r"|\r\0*\Z"
)
_LINE_END = re.compile(r"\r\n?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Characters that reorder or hide what follows (Unicode bidi controls, zero-width characters, line separators, tags).
# U+200D stays: it joins emoji.
_HIDDEN = re.compile(
    "[\u061c\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\U000e0000-\U000e007f]"
)


def plain(text: str) -> str:
    """Whole text without control sequences; direction marks and zero-width characters as `<U+202E>`."""
    return _strip(text)


def path_text(path: str) -> str:
    """A file's name on one line: a line feed in it is shown as \\n."""
    return plain(path.replace("\r", "\\r").replace("\n", "\\n"))


def one_line(text: str, width: int) -> str:
    """The first line of a text, safe, at most `width` characters."""
    first = next((line.strip() for line in plain(text).splitlines() if line.strip()), "")
    return first if len(first) <= width else f"{first[: max(width - 1, 0)]}…"


def _strip(text: str) -> str:
    text = _SEQUENCE.sub("", text)
    text = _CONTROL.sub("", _LINE_END.sub("\n", text))
    return _HIDDEN.sub(lambda match: f"<U+{ord(match.group()):04X}>", text)


class SafeStream:
    """The same for text that comes in pieces: a sequence cut between two pieces is held back until it is whole."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> str:
        """The part of the text so far that can be shown now."""
        text = self._held + piece
        self._held = ""
        cut = _UNFINISHED.search(_SEQUENCE.sub(lambda match: "\0" * len(match.group()), text))
        if cut and len(text) - cut.start() <= HELD_MAX_CHARS:
            text, self._held = text[: cut.start()], text[cut.start() :]
        return _strip(text)
