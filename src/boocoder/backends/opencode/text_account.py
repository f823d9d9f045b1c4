"""Counts what of each text part has been passed on, so that text is passed on exactly once. Pure.

opencode sends a part's text as deltas and once more whole when the part ends, and a lost stream loses deltas for
good. One rule covers both: a whole text passes on only what is missing behind the characters already passed on.
A part whose deltas may have a hole is frozen: its deltas are dropped and its whole text, at its end, fills in.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class _Account:
    pieces: list[str] = field(default_factory=list)
    frozen: bool = False
    closed: bool = False

    @property
    def text(self) -> str:
        if len(self.pieces) > 1:
            self.pieces = ["".join(self.pieces)]
        return self.pieces[0] if self.pieces else ""


class TextAccount:
    """The characters passed on, part by part."""

    def __init__(self) -> None:
        self._parts: dict[str, _Account] = {}
        self.disagreements: list[str] = []

    def delta(self, part: str, text: str) -> str:
        """What of a delta to pass on: all of it, or nothing if a hole may stand before it."""
        account = self._parts.get(part)
        if account is None:  # its beginning was missed, so deltas may have been missed as well
            self._parts[part] = _Account(frozen=True)
            return ""
        if account.frozen or account.closed:
            return ""
        account.pieces.append(text)
        return text

    def whole(self, part: str, text: str, *, closed: bool, stored: bool = False) -> str:
        """What of a whole text to pass on.

        Args:
            part: its key.
            text: all of the text that opencode has of it; empty while it is unfinished in the store.
            closed: whether nothing will be added to it.
            stored: whether it comes from the store. An unfinished text that the stream has not opened is
                frozen then, for how much of it the stream has already sent is not known.
        """
        account = self._parts.setdefault(part, _Account(frozen=stored))
        sent = account.text
        account.closed = account.closed or closed
        account.frozen = account.frozen or (stored and bool(text) and not closed)
        missing = text[len(sent) :]
        if not (text.startswith(sent) or sent.startswith(text)):
            self.disagreements.append(part)
        if missing:
            account.pieces.append(missing)
        return missing

    def freeze_open(self) -> None:
        """The stream was cut: no open part's deltas can be trusted to follow on."""
        for account in self._parts.values():
            if not account.closed:
                account.frozen = True
