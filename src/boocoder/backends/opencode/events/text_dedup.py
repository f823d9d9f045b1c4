"""Passes each character of opencode's text on exactly once.

opencode sends a part's text as deltas and once more whole when the part ends, and a lost stream loses deltas for
good. One rule covers both: a whole text passes on only what follows the characters already passed on.
A part whose deltas may have a hole is frozen: its deltas are dropped, and its whole text fills in at its end.
Under load a delta may overtake the event that opens its part; such deltas are held until the part is opened.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from boocoder.events.clean_text import clean, split_high_surrogate


@dataclass(slots=True)
class _PartProgress:
    frozen: bool
    sent: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    half: str = ""  # of a surrogate pair, until the next delta brings the other one
    opened: bool = False
    closed: bool = False

    def text(self) -> str:
        if len(self.sent) > 1:
            self.sent = ["".join(self.sent)]
        return self.sent[0] if self.sent else ""


class TextDeduplicator:
    """The characters passed on, part by part."""

    def __init__(self) -> None:
        self._parts: dict[str, _PartProgress] = {}
        self.disagreements: list[str] = []

    @property
    def closed(self) -> bool:
        """Whether every part was opened, and had its whole text at its end."""
        return all(account.opened and account.closed for account in self._parts.values())

    def delta(self, part: str, text: str, *, trusted: bool) -> str:
        """What of a delta to pass on.

        Args:
            part: its key.
            text: the delta.
            trusted: whether no event of this part can have been missed.
        """
        account = self._parts.get(part)
        if account is None:
            account = self._parts[part] = _PartProgress(frozen=not trusted)
        if account.frozen or account.closed:
            return ""
        text, account.half = split_high_surrogate(account.half + text)
        text = clean(text)
        if not account.opened:
            account.held.append(text)
            return ""
        account.sent.append(text)
        return text

    def whole(self, part: str, text: str, *, closed: bool, trusted: bool) -> str:
        """What of a whole text to pass on, with the deltas that were held.

        Args:
            part: its key.
            text: all of the text that opencode has of it; empty while it is unfinished.
            closed: whether nothing will be added to it.
            trusted: whether no event of this part can have been missed. What the store has of an unfinished
                part is not to be trusted: how much of it the stream has already sent is not known.
        """
        account = self._parts.get(part)
        if account is None:
            account = self._parts[part] = _PartProgress(frozen=not trusted)
        text = clean(text)
        account.opened = True
        account.closed = account.closed or closed
        account.frozen = account.frozen or (bool(text) and not closed and not trusted)
        held = "".join(account.held)
        account.held.clear()
        account.half = ""  # the whole text has it
        if held:
            account.sent.append(held)
        sent = account.text()
        missing = text[len(sent) :]
        if not (text.startswith(sent) or sent.startswith(text)):
            self.disagreements.append(part)
        if missing:
            account.sent.append(missing)
        return held + missing

    def freeze_open(self) -> None:
        """The stream was cut: no open part's deltas can be trusted to follow on."""
        for account in self._parts.values():
            if not account.closed:
                account.frozen = True
                account.held.clear()
                account.half = ""
