"""Detects endlessly repeating text, as small models produce when they fail."""

from __future__ import annotations

import re

from boocoder.backends.native.model.errors import ModelError

CHECK_EVERY_CHARS = 512
TAIL_CHARS = 4_096  # looked at; a longer unit is not found
SPOKEN_MIN_CHARS = 1_000  # of repeated text or thinking; a long line of dashes is shorter
ARGUMENT_MIN_CHARS = 16_000  # of repetition in a call's arguments; tables of zeros are legitimate content
UNIT_MIN_TIMES = 12
COUNTING_FACTOR = 6  # so much longer may a text be that differs in its numbers only, such as a list or a table
REPEATS = "Send the prompt again, in other words or smaller steps, or choose another model or a higher temperature."
_DIGITS = re.compile(r"\d+")


class RepetitionGuard:
    """Checks one stream of text.

    Args:
        min_chars: amount of repeated text that ends the answer.
        what: name of the text, for the error.
    """

    def __init__(self, *, min_chars: int = SPOKEN_MIN_CHARS, what: str = "text") -> None:
        self._min_chars = min_chars
        self._what = what
        self._tail = ""
        self._unchecked = 0
        self._exact = 0
        self._counting = 0

    def take(self, text: str) -> None:
        """Add more of the text.

        Raises:
            ModelError: `model_loop`, the text repeats itself.
        """
        self._tail = (self._tail + text)[-TAIL_CHARS:]
        self._unchecked += len(text)
        if self._unchecked < CHECK_EVERY_CHARS:
            return
        fresh, self._unchecked = self._unchecked, 0
        self._exact = _repeated_chars(self._tail, self._exact, fresh)
        self._counting = _repeated_chars(_DIGITS.sub("0", self._tail), self._counting, fresh)
        if self._exact >= self._min_chars or self._counting >= COUNTING_FACTOR * self._min_chars:
            shown = " ".join(self._tail[-60:].split())
            text = f"The model repeats the same {self._what} without end ({shown!r}), so its answer was stopped."
            raise ModelError("model_loop", text, REPEATS)


def _repeated_chars(tail: str, before: int, fresh: int) -> int:
    """Number of repeated characters, including those that have left the tail."""
    covered = repeated_end(tail)
    return before + fresh if before and covered >= len(tail) - fresh else covered


def repeated_end(text: str) -> int:
    """Number of characters at the end of a text that repeat one unit."""
    backwards = text[::-1]
    borders = [0] * len(backwards)
    covered = border = 0
    for place in range(1, len(backwards)):
        while border and backwards[place] != backwards[border]:
            border = borders[border - 1]
        border += backwards[place] == backwards[border]
        borders[place] = border
        if (place + 1) // (place + 1 - border) >= UNIT_MIN_TIMES:
            covered = place + 1
    return covered
