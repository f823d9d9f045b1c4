"""Base of both runners: one command per turn, and kept-open processes."""

from __future__ import annotations

from pathlib import Path
from typing import Generic, Protocol, TypeVar

from boocoder.backends.oneshot.session_setup import OneShotReadySession
from boocoder.backends.oneshot.session_store import OneShotSessionStore
from boocoder.backends.oneshot.settings import OneShotAgent, OneShotSettings
from boocoder.backends.oneshot.turn_record import TurnRecord
from boocoder.model.ids import TaskId
from boocoder.model.turn import TurnRequest
from boocoder.process.host import ProcessHost


class RunningTurn(Protocol):
    """A turn that is under way."""

    @property
    def running(self) -> bool:
        """Whether its process runs."""


R = TypeVar("R", bound=RunningTurn)


class Runner(Generic[R]):
    """The turns of one agent.

    Args:
        host: starts processes.
        agent: who it is.
        state_dir: ours alone.
        store: where sessions are known.
        settings: limits.
    """

    def __init__(
        self,
        *,
        host: ProcessHost,
        agent: OneShotAgent,
        state_dir: Path,
        store: OneShotSessionStore,
        settings: OneShotSettings,
    ) -> None:
        self._host = host
        self._state_dir = state_dir
        self._store = store
        self.agent = agent
        self.settings = settings
        self.turns: dict[tuple[TaskId, int], R] = {}

    def running(self, task_id: TaskId, epoch: int) -> bool:
        """Whether a turn's process runs."""
        turn = self.turns.get((task_id, epoch))
        return turn is not None and turn.running

    def record(self, request: TurnRequest, opening: OneShotReadySession) -> TurnRecord:
        """An open record of a turn.

        Raises:
            OSError: it cannot be written.
        """
        return TurnRecord(
            state_dir=self._state_dir,
            agent=self.agent,
            request=request,
            opening=opening,
            store=self._store,
            settings=self.settings,
        )
