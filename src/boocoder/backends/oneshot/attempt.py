"""One attempt at a turn, by a command or in a kept-open process."""

from __future__ import annotations

from typing import Protocol

from boocoder.backends.base import TurnPort
from boocoder.backends.oneshot.session_setup import OneShotReadySession
from boocoder.model.turn import Outcome


class ResumeRefused(Exception):
    """The agent does not have the session, and took no prompt in it. `why` is in words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Attempt(Protocol):
    """One try of a turn in one session."""

    @property
    def opening(self) -> OneShotReadySession:
        """The session, with the step that was really taken."""

    async def run(self, port: TurnPort) -> Outcome:
        """Let the agent have the prompt and stay until the turn is over.

        Raises:
            ResumeRefused: the agent does not have the session.
            LeaseLost: the port refused to go on.
            ProcessError, BackendError, OSError: it cannot be run.
        """

    async def close(self) -> None:
        """Free what the try holds."""
