"""Arrival times of a turn's text at a client; the same code measures both sides."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

TURN_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class TimedText:
    """A whole word and when its last character was there, in time.monotonic_ns()."""

    text: str
    at_ns: int


class TextRecorder:
    """Hears one turn; made just before the request is sent."""

    def __init__(self) -> None:
        self.began_ns = time.monotonic_ns()
        self.words: list[TimedText] = []
        self.first_ns = 0
        self.last_ns = 0
        self.ended_ns = 0
        self.outcome = ""
        self._rest = ""
        self._ended = asyncio.Event()

    def hear(self, text: str, at_ns: int) -> None:
        """More text has arrived."""
        self.first_ns = self.first_ns or at_ns
        self.last_ns = at_ns
        *whole, self._rest = (self._rest + text).split(" ")
        self.words.extend(TimedText(word, at_ns) for word in whole if word)

    def end(self, outcome: str, at_ns: int) -> None:
        """The turn has ended for the client."""
        self.outcome, self.ended_ns = outcome, at_ns
        self._ended.set()

    async def wait_ended(self) -> None:
        """Wait for the end.

        Raises:
            RuntimeError: the turn did not complete, so that its times mean nothing.
        """
        async with asyncio.timeout(TURN_TIMEOUT_S):
            await self._ended.wait()
        if self.outcome != "completed" or not self.first_ns:
            raise RuntimeError(f"a measured turn ended as {self.outcome!r} with {len(self.words)} words")

    @property
    def first_s(self) -> float:
        """From the request to the first text."""
        return (self.first_ns - self.began_ns) / 1e9

    @property
    def last_s(self) -> float:
        """From the request to the last text."""
        return (self.last_ns - self.began_ns) / 1e9

    @property
    def ended_s(self) -> float:
        """From the request to the turn's end."""
        return (self.ended_ns - self.began_ns) / 1e9

    def delays_ms(self) -> dict[str, float]:
        """For each word that is a stamp of the scripted model: how long it took from there to here."""
        return {word.text: (word.at_ns - int(word.text)) / 1e6 for word in self.words if word.text.isdecimal()}
