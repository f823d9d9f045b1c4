"""What every wire format gives the server: how to read a request, a voice to answer in, and its shape of an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from boocoder.scripted_model.connection import Connection
from boocoder.scripted_model.conversation import Conversation
from boocoder.scripted_model.player import Ending, Voice

BYTES_PER_TOKEN = 4  # what a token counter answers is a guess; no agent checks it


class AnsweringVoice(Voice, Protocol):
    """A voice that also ends the answer."""

    async def finish(self, ending: Ending, input_tokens: int, output_tokens: int) -> None:
        """Say how the call ended and close the body, or leave it as torn as the ending says."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One model call, read.

    Args:
        conversation: what it says.
        voice: makes the voice that answers it on a connection.
    """

    conversation: Conversation
    voice: Callable[[Connection], AnsweringVoice]


@dataclass(frozen=True, slots=True)
class WireFormat:
    """One API of language models.

    Args:
        title: for error texts.
        ends: how the paths of its model calls end.
        read: the call of a path and a body; raises msgspec.DecodeError for a body that is none.
        error: the body of an error with a text and an HTTP status.
        counters: how the paths of its token counters end, with the name of the number in their answer.
    """

    title: str
    ends: tuple[str, ...]
    read: Callable[[str, bytes], Asked]
    error: Callable[[str, int], Mapping[str, object]]
    counters: Mapping[str, str] = field(default_factory=dict)

    def serves(self, path: str) -> bool:
        """Whether a POST to this path is one of its model calls."""
        return path.endswith(self.ends)

    def counted(self, path: str, body: bytes) -> dict[str, int] | None:
        """The answer of a token counter, None if the path is none."""
        for end, name in self.counters.items():
            if path.endswith(end):
                return {name: len(body) // BYTES_PER_TOKEN}
        return None
