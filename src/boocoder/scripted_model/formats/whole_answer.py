"""Writes an answer that is not streamed, in any wire format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec

from boocoder.scripted_model.connection import ClientConnection
from boocoder.scripted_model.player import CallEnding
from boocoder.scripted_model.tools import ScriptedToolCall


@dataclass(slots=True)
class ModelOutput:
    """The complete output of one model call."""

    words: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    uses: list[ScriptedToolCall] = field(default_factory=list)
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def text(self) -> str:
        """Its text."""
        return "".join(self.words)

    @property
    def reasoning(self) -> str:
        """Its reasoning."""
        return "".join(self.thoughts)


class WholeAnswer:
    """Collects the output and sends it as one body.

    Args:
        connection: of the client.
        compose: builds the body.
    """

    def __init__(self, connection: ClientConnection, compose: Callable[[ModelOutput], Mapping[str, object]]) -> None:
        self._connection = connection
        self._compose = compose
        self._said = ModelOutput()

    async def say(self, text: str) -> None:
        self._said.words.append(text)

    async def think(self, text: str) -> None:
        self._said.thoughts.append(text)

    async def use_tool(self, use: ScriptedToolCall) -> None:
        self._said.uses.append(use)

    async def finish(self, ending: CallEnding, input_tokens: int, output_tokens: int) -> None:
        """Send the answer; for a cut or dropped one, close the connection."""
        if ending in (CallEnding.DROP, CallEnding.CUT):
            self._connection.close()
            return
        self._said.input_tokens, self._said.output_tokens = input_tokens, output_tokens
        self._connection.reply(HTTPStatus.OK, msgspec.json.encode(self._compose(self._said)))
