"""What both ways of running turns of one agent keep: a command a turn, and kept-open processes. It runs none."""

from __future__ import annotations

from pathlib import Path
from typing import Generic, Protocol, TypeVar

from boocoder.backends.oneshot.opening import Opening
from boocoder.backends.oneshot.record import TurnRecord
from boocoder.backends.oneshot.sessions import SessionStore
from boocoder.backends.oneshot.settings import OneShotAgent, OneShotSettings
from boocoder.model.ids import TaskId
from boocoder.model.turn import TurnRequest
from boocoder.process.host import ProcessHost


class Running(Protocol):
    """A turn that is under way."""

    @property
    def running(self) -> bool:
        """Whether its process runs."""


R = TypeVar("R", bound=Running)


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
        store: SessionStore,
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

    def record(self, request: TurnRequest, opening: Opening) -> TurnRecord:
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
