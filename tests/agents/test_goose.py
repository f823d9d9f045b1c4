"""The real goose behind the service."""

from __future__ import annotations

from boocoder.wire.worktrees import SessionProcess
from tests.agents.habits import GOOSE
from tests.agents.real import Real, run
from tests.agents.scenes import Scenes


class TestGoose(Scenes):
    """Every scene."""

    agent = GOOSE

    async def test_what_a_tool_leaves_running_is_listed_and_ended(self, real: Real) -> None:
        async with real.desk() as desk:
            prompt = "[[bash sleep 456 >/dev/null 2>&1 & true]][[say started]]"
            created, notices = await run(desk, self.agent, prompt, mode="auto")
            assert "processes_left" in notices
            path = f"/api/sessions/{created.session_id}/processes"
            (left,) = await desk.client.items(path, SessionProcess)
            assert left.command == "sleep 456"
            await desk.client.delete(f"{path}/{left.pid}", SessionProcess)
            assert await desk.client.items(path, SessionProcess) == []
