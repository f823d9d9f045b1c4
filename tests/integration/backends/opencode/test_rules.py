"""The real opencode reads a project's rules in words, and the person's own, though project configuration is off."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.backends.opencode.rules import rule_files_in_use
from boocoder.backends.opencode.settings import OpenCodeSettings
from boocoder.model.turn import Completed
from boocoder.scripted_model.server import ScriptedModel
from tests.fixtures.opencode import OpenCodeDesk, running_opencode

pytestmark = pytest.mark.opencode


async def test_rules_of_project_and_person_reach_the_model(tmp_path: Path, opencode_program: Path) -> None:
    own = tmp_path / "own"
    (own / "agent").mkdir(parents=True)
    (own / "AGENTS.md").write_text("OWN-GLOBAL-RULE")
    (own / "agent" / "critic.md").write_text("---\ndescription: Finds faults\nmode: primary\n---\nOWN-AGENT-WORDS")
    settings = OpenCodeSettings(own_config_dir=own, own_data_dir=tmp_path / "no-login")
    async with (
        ScriptedModel() as model,
        running_opencode(opencode_program, tmp_path / "state", model.base_url, settings) as backend,
    ):
        desk = OpenCodeDesk(backend, model, opencode_program, tmp_path)
        worktree = desk.worktree()
        (worktree / "AGENTS.md").write_text("PROJECT-RULE")
        (worktree / "CLAUDE.md").write_text("NOT-THIS-ONE")
        (worktree / "docs").mkdir()
        (worktree / "docs" / "style.md").write_text("INSTRUCTION-FILE")
        config = '{\n  // a comment\n  "instructions": ["docs/*.md", "../secret.md", "https://evil.example/x"],\n}'
        (worktree / "opencode.jsonc").write_text(config)
        _, outcome = await desk.run("[[say hello]] first-prompt", worktree)
        assert outcome == Completed()
        body = (await desk.model.wait_request("first-prompt")).body
        for words in (b"OWN-GLOBAL-RULE", b"PROJECT-RULE", b"INSTRUCTION-FILE"):
            assert body.count(words) == 1, words
        listed = {Path(one.path).name: one for one in rule_files_in_use(worktree, own_config=own, home=tmp_path)}
        assert {name for name, one in listed.items() if one.in_force} == {"AGENTS.md", "style.md"}
        assert listed["CLAUDE.md"].reason == "AGENTS.md comes first."
        assert b"NOT-THIS-ONE" not in body and b"evil.example" not in body
        assert "critic" in (await desk.backend.probe()).modes
        (worktree / "AGENTS.md").write_text("CHANGED-RULE")
        _, outcome = await desk.run("[[say hello]] second-prompt", worktree, mode="critic")
        assert outcome == Completed()
        body = (await desk.model.wait_request("second-prompt")).body
        assert b"CHANGED-RULE" in body and b"OWN-AGENT-WORDS" in body
