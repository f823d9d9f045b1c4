"""The real opencode by its server behind the service."""

from __future__ import annotations

from pathlib import Path

from boocoder.events import frames
from boocoder.wire.projects import Project, ProjectTrustInfo
from tests.acceptance.harness import ServiceHarness
from tests.agents.habits import OPENCODE
from tests.agents.real import Real, follow, run
from tests.agents.scenes import Scenes
from tests.fixtures.repository import committed
from tests.waiting import until

PLUGIN = """import { writeFileSync } from "fs"
import { dirname } from "path"
writeFileSync(`${dirname(dirname(import.meta.dirname))}/plugin-ran.txt`, "yes")
export const Proof = async () => ({})
"""


class TestOpencode(Scenes):
    """Every scene."""

    agent = OPENCODE

    async def test_a_plugin_of_the_repository_runs_once_a_person_trusts_it(self, real: Real, tmp_path: Path) -> None:
        project = committed(tmp_path / "project")
        for folder in ("plugin", "plugins"):
            project.write(f".opencode/{folder}/proof.js", PLUGIN)
        project.commit("Add a plugin")
        async with real.service.client() as client:
            desk = ServiceHarness(client, project.path)
            created = await desk.queue("[[say hello]]", agent=self.agent.name)
            end = (await follow(desk, created, frames.TurnEndedFrame))[-1]
            assert isinstance(end, frames.TurnEndedFrame)
            assert (end.outcome, end.code) == ("failed", "project_not_trusted")
            assert ".opencode/plugin/proof.js" in end.text
            proof = real.worktree(created) / "plugin-ran.txt"
            assert not proof.exists()
            made = await client.post("/api/projects", Project, {"path": str(project.path)})
            url = f"/api/projects/{made.id}/trust"
            found = await client.get(url, ProjectTrustInfo, session_id=created.session_id)
            seen = [{"path": one.path, "sha256": one.sha256} for one in found.files]
            assert (await client.post(url, ProjectTrustInfo, {"files": seen})).trusted
            await run(desk, self.agent, "[[say hello]]", created.session_id)
            await until(proof.exists)  # opencode loads plugins beside the first prompt, and may end the turn before it
            assert proof.read_text() == "yes"
            await run(desk, self.agent, "[[say again]]", created.session_id)  # its snapshot has the file
