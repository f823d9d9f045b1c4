"""Splits an agent's text stream into parts, and drops what a repeating agent sends again."""

from __future__ import annotations

from boocoder.backends.acp.updates.parser import MessageChunk
from boocoder.events.agent_event import AgentEvent, ReasoningDelta, TextDelta

ENDING_CHARS = 4_000  # of the newest part, kept to distinguish an error from an answer
_PARTS_BY_MESSAGE = 200  # an agent that gives every chunk its own message id does not get a part for each
_GROWTHS = 3  # pieces in a row that begin with the whole one before, until they count as repetition


class TextParts:
    """One turn's text. Pieces of one kind in a row are one part; a new message or anything between begins another."""

    def __init__(self) -> None:
        self._part = ""
        self._kind = ("", False, "")
        self._message = ""
        self.count = 0
        """Parts so far, of text and reasoning."""
        self._last = ""
        self._growths = 0
        self.ending = ""
        """The last characters of the newest part of the answer proper."""
        self._whole: str | None = ""

    @property
    def whole(self) -> str:
        """All text so far, its parts separated by blank lines; "" if there was reasoning or too much text."""
        return self._whole or ""

    def interrupt(self) -> None:
        """Something else came: the next piece begins a new part."""
        self._part = ""

    def add(self, said: MessageChunk) -> tuple[list[AgentEvent], bool]:
        """The event of a piece, and whether the agent was found to repeat itself."""
        self._turn_to(said)
        text = self._news(said.text)
        repeats = self._growths >= _GROWTHS
        if not text:
            return [], repeats
        if said.thought or said.parent:
            self._whole = None
            return [ReasoningDelta(self._part, text)], repeats
        self._keep(text)
        return [TextDelta(self._part, text)], repeats

    def _keep(self, text: str) -> None:
        begins = not self.ending
        self.ending = (self.ending + text)[-ENDING_CHARS:]
        if self._whole is not None:
            self._whole += f"\n\n{text}" if begins and self._whole else text
            if len(self._whole) > ENDING_CHARS:
                self._whole = None

    def _turn_to(self, said: MessageChunk) -> None:
        """Begin a new part where needed. A sub-agent's text is shown as reasoning, in separate parts."""
        kind = ("text" if not said.thought and not said.parent else "reasoning", said.thought, said.parent)
        other_message = bool(said.message_id and self._message and said.message_id != self._message)
        if self._part and kind == self._kind and not (other_message and self.count < _PARTS_BY_MESSAGE):
            return
        self.count += 1
        self._part = f"{kind[0]}-{self.count}"
        self._kind, self._message = kind, said.message_id
        self._last, self._growths = "", 0
        if kind[0] == "text":
            self.ending = ""

    def _news(self, text: str) -> str:
        """The piece without what it repeats, once it is certain that the agent sends the whole text every time."""
        before, self._last = self._last, text
        grown = len(before) > 1 and len(text) > len(before) and text.startswith(before)
        if self._growths >= _GROWTHS and (grown or text == before):
            return text[len(before) :]
        self._growths = self._growths + 1 if grown else 0
        return text[len(before) :] if self._growths >= _GROWTHS else text
