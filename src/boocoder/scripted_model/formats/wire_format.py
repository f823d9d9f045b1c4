"""The interface of a wire format: reading requests, writing answers, and its error bodies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from boocoder.scripted_model.connection import ClientConnection
from boocoder.scripted_model.conversation import ModelConversation
from boocoder.scripted_model.player import AnswerWriter, CallEnding

BYTES_PER_TOKEN = 4  # what a token counter answers is a guess; no agent checks it


class ResponseWriter(AnswerWriter, Protocol):
    """A writer that also ends the answer."""

    async def finish(self, ending: CallEnding, input_tokens: int, output_tokens: int) -> None:
        """Send how the call ended and close the body, or break it off as the ending says."""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A parsed model call.

    Args:
        conversation: its content.
        voice: creates the writer of its answer on a connection.
    """

    conversation: ModelConversation
    voice: Callable[[ClientConnection], ResponseWriter]


@dataclass(frozen=True, slots=True)
class WireFormat:
    """An API of language models.

    Args:
        title: for error texts.
        ends: suffixes of the paths of its model calls.
        read: parses path and body; raises msgspec.DecodeError for an invalid body.
        error: builds the body of an error from a text and an HTTP status.
        counters: suffixes of the paths of its token counters, with the name of the number in the answer.
    """

    title: str
    ends: tuple[str, ...]
    read: Callable[[str, bytes], ModelRequest]
    error: Callable[[str, int], Mapping[str, object]]
    counters: Mapping[str, str] = field(default_factory=dict)

    def serves(self, path: str) -> bool:
        """Whether a POST to this path is one of its model calls."""
        return path.endswith(self.ends)

    def counted(self, path: str, body: bytes) -> dict[str, int] | None:
        """The answer of a token counter, None if the path is not one."""
        for end, name in self.counters.items():
            if path.endswith(end):
                return {name: len(body) // BYTES_PER_TOKEN}
        return None
