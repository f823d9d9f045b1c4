"""The voice of an answer that is sent at once when all is said, in whatever wire format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec

from boocoder.scripted_model.connection import Connection
from boocoder.scripted_model.player import Ending
from boocoder.scripted_model.tools import ToolUse


@dataclass(slots=True)
class Said:
    """All that the model said in one call."""

    words: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    uses: list[ToolUse] = field(default_factory=list)
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def text(self) -> str:
        """What it said aloud."""
        return "".join(self.words)

    @property
    def reasoning(self) -> str:
        """What it thought."""
        return "".join(self.thoughts)


class WholeAnswer:
    """Collects what is said and sends it as one body.

    Args:
        connection: of the client.
        compose: makes the body.
    """

    def __init__(self, connection: Connection, compose: Callable[[Said], Mapping[str, object]]) -> None:
        self._connection = connection
        self._compose = compose
        self._said = Said()

    async def say(self, text: str) -> None:
        self._said.words.append(text)

    async def think(self, text: str) -> None:
        self._said.thoughts.append(text)

    async def use_tool(self, use: ToolUse) -> None:
        self._said.uses.append(use)

    async def finish(self, ending: Ending, input_tokens: int, output_tokens: int) -> None:
        """Send the answer; a cut or dropped one is a closed connection."""
        if ending in (Ending.DROP, Ending.CUT):
            self._connection.close()
            return
        self._said.input_tokens, self._said.output_tokens = input_tokens, output_tokens
        self._connection.reply(HTTPStatus.OK, msgspec.json.encode(self._compose(self._said)))
