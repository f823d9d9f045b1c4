"""What the two ways of running a turn have in common: a command a turn, and a kept-open agent. It runs none."""

from __future__ import annotations

from typing import Protocol

from boocoder.backends.base import TurnPort
from boocoder.backends.oneshot.opening import Opening
from boocoder.model.turn import Outcome


class NotResumed(Exception):
    """The agent does not have the session, and took no prompt in it. `why` is in words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Try(Protocol):
    """One try of a turn in one session."""

    @property
    def opening(self) -> Opening:
        """The session, with the step that was really taken."""

    async def run(self, port: TurnPort) -> Outcome:
        """Let the agent have the prompt and stay until the turn is over.

        Raises:
            NotResumed: the agent does not have the session.
            LeaseLost: the port refused to go on.
            ProcessError, BackendError, OSError: it cannot be run.
        """

    async def close(self) -> None:
        """Free what the try holds."""
