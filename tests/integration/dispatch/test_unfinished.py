"""The next turn's backend gets the commands that an agent's last turn in the chat left unfinished."""

from __future__ import annotations

from pathlib import Path

from boocoder.backends.base import TurnPort
from boocoder.backends.scripted.backend import ScriptedBackend
from boocoder.db.core.pool import Database
from boocoder.events.agent_event import ToolCall, ToolKind, ToolStatus
from boocoder.model.turn import Failed, Outcome, TurnError, TurnRequest
from tests.fixtures.repository import MakeRepository
from tests.fixtures.turn_desk import turn_desk

CALLS = (
    ToolCall("1", "bash", ToolKind.EXECUTE, "true", ToolStatus.COMPLETED, input='{"command": "true"}'),
    ToolCall("2", "bash", ToolKind.EXECUTE, "Wait", ToolStatus.RUNNING, input='{"command": "sleep  60"}'),
    ToolCall("3", "shell", ToolKind.EXECUTE, "make test", ToolStatus.RUNNING),
    ToolCall("4", "read", ToolKind.READ, "read a.txt", ToolStatus.RUNNING),
)


class DyingBackend(ScriptedBackend):
    """Its first turn ends in the middle of its tool calls; keeps what every turn was asked for."""

    seen: list[TurnRequest]

    async def run_turn(self, request: TurnRequest, port: TurnPort) -> Outcome:
        self.seen.append(request)
        outcome = await super().run_turn(request, port)
        if len(self.seen) > 1:
            return outcome
        for call in CALLS:
            await port.emit(call)
        return Failed(TurnError("agent_stopped", "It was ended.", "Again."))


async def test_the_newest_turn_counts(database: Database, repository: MakeRepository, tmp_path: Path) -> None:
    desk = await turn_desk(database, repository().path, tmp_path, DyingBackend)
    backend = desk.services.agents.backend("scripted")
    assert isinstance(backend, DyingBackend)
    backend.seen = []
    for _ in range(3):
        await desk.run(await desk.claim())
    refs = [request.agent_session for request in backend.seen]
    assert refs[0] is None
    assert [ref.unfinished for ref in refs if ref is not None] == [("make test", "sleep 60"), ()]
