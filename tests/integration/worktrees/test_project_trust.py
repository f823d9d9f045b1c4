"""A person's trust in what a project makes agents run: by content, asked again when it changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.db.core.pool import Database
from boocoder.db.registry.trusted_files import TrustedFile
from boocoder.errors import Conflict
from boocoder.worktrees.trust.project_trust import ProjectTrust
from tests.fixtures.repository import MakeRepository
from tests.fixtures.worktrees.worktree_harness import WorktreeHarness, open_desk

PATTERNS = {"claude": (".claude/settings.json", ".mcp.json"), "opencode": (".opencode/plugin/**",)}


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> WorktreeHarness:
    made = repository()
    made.write(".mcp.json", "{}")
    made.commit("Add a server")
    return await open_desk(database, made, tmp_path / "data")


async def test_nothing_runs_before_it_is_trusted_and_after_it_changed(desk: WorktreeHarness) -> None:
    trust = ProjectTrust(database=desk.database, patterns=PATTERNS)
    project_id, session_id = desk.place.project_id, desk.session_id

    async def refused(agent: str) -> str:
        ending = await trust.refusal(project_id, session_id, agent, desk.files)
        return "" if ending is None else f"{ending.error.code}: {ending.error.text}"

    assert await refused("opencode") == ""
    assert await refused("native") == ""
    assert "project_not_trusted" in await refused("claude")
    assert ".mcp.json" in await refused("claude")
    seen = [TrustedFile(one.file.path, one.file.sha256) for one in await trust.files(project_id)]
    assert [one.trusted for one in await trust.trust(project_id, seen)] == [True]
    assert await refused("claude") == ""

    (desk.files / ".claude").mkdir()
    (desk.files / ".claude" / "settings.json").write_text('{"hooks": {}}')  # an agent, for the next turn
    assert ".claude/settings.json" in await refused("claude")
    assert ".mcp.json" not in await refused("claude")
    with pytest.raises(Conflict) as changed:
        await trust.trust(project_id, [TrustedFile(".claude/settings.json", "0" * 64)], session_id=session_id)
    assert changed.value.code == "runnable_files_changed"
    in_session = await trust.files(project_id, session_id=session_id)
    await trust.trust(
        project_id, [TrustedFile(one.file.path, one.file.sha256) for one in in_session], session_id=session_id
    )
    assert await refused("claude") == ""
    await trust.distrust(project_id)
    assert ".mcp.json" in await refused("claude")
