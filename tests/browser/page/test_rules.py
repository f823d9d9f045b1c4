"""The rules and the sandbox of a session's agent on the page: what is in force, what is not trusted, by keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from boocoder.wire.worktrees import WorktreeInfo
from tests.acceptance.harness import ServiceHarness
from tests.browser.page.test_looks import assert_accessible
from tests.fixtures.browser import MakeVisit
from tests.fixtures.repository import Repository
from tests.fixtures.service import MakeInstallation

pytestmark = pytest.mark.asyncio(loop_scope="session")

QWEN = '[agents.qwen]\ntransport = "oneshot"\ncommand = ["sh", "-c", "cat QWEN.md # {prompt}"]\nformat = "plain"\n'


async def test_rules_and_sandbox_of_a_session_are_shown(
    installation: MakeInstallation, visit: MakeVisit, project: Repository
) -> None:
    for name in ("QWEN.md", "GEMINI.md"):
        project.write(name, "Use tabs.\n")
    project.commit("Add rules")
    made = installation({"BOOCODER_SANDBOX_PROFILE": "off"})
    place = made.home / ".config" / "boocoder" / "config.toml"
    place.parent.mkdir(parents=True)
    place.write_text(QWEN, "utf-8")
    made.start()
    async with made.client() as client:
        created, ended = await ServiceHarness(client, project.path).run("obey", agent="qwen")
        assert ended.outcome == "completed", ended
        (worktree,) = await client.items("/api/worktrees", WorktreeInfo, session_id=created.session_id)
    person = await visit(made)
    page = person.page
    await person.open_session(created.session_id)
    button = page.get_by_role("button", name="Rules and sandbox")
    await button.focus()
    await page.keyboard.press("Enter")
    shown = page.get_by_role("dialog", name="Rules and sandbox")
    obeyed = shown.get_by_role("region", name="In force", exact=True)
    ignored = shown.get_by_role("region", name="Not in force")
    await expect(obeyed).to_contain_text("QWEN.md the project's, read by Qwen Code, 10 bytes.")
    await expect(ignored).to_contain_text("GEMINI.md the project's, 10 bytes. qwen does not read it.")
    sandbox = shown.get_by_role("region", name="Sandbox")
    await expect(sandbox).to_contain_text("Profile off")
    await expect(sandbox).to_contain_text('Set sandbox.profile = "auto"')
    await assert_accessible(page, "rules of a session")
    await page.keyboard.press("Escape")
    await expect(shown).to_have_count(0)
    await expect(button).to_be_focused()
    settings = Path(worktree.path) / ".qwen" / "settings.json"
    settings.parent.mkdir()
    settings.write_text("{}")
    await button.click()
    await expect(shown).to_contain_text("No turn begins while files of the project are not trusted.")
    await expect(ignored).to_contain_text(".qwen/settings.json")
    await expect(ignored).to_contain_text("Nobody has trusted it with its present content.")
    await expect(obeyed).not_to_contain_text("QWEN.md")
