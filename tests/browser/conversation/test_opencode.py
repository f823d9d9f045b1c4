"""The real opencode behind the page, on a scripted model: chosen, watched, reviewed and applied by a person."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from boocoder.scripted_model.server import ScriptedModel
from tests.fixtures.browser import MakeVisit
from tests.fixtures.repository import Repository
from tests.fixtures.service import MakeInstallation

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.opencode,
    pytest.mark.slow,
]
START_MS = 120_000  # the first turn of a cold opencode
CLICKS_MAX = 4  # from the first page to the first applied change
COUNT_CLICKS = "addEventListener('click', ({detail}) => { window.clicks = (window.clicks ?? 0) + (detail > 0); }, true)"


def on_path(folder: Path, program: Path) -> Path:
    """A folder for PATH with the agent in it, as its installer leaves it: boocoder has to find it."""
    found = folder / "bin"
    found.mkdir()
    (found / "opencode").symlink_to(program)
    return found


async def test_the_first_change_of_opencode_is_applied_within_four_clicks(
    installation: MakeInstallation, visit: MakeVisit, project: Repository, opencode_program: Path, tmp_path: Path
) -> None:
    async with ScriptedModel() as model:
        service = installation(
            {
                "BOOCODER_AGENTS_SCRIPTED_ENABLED": "false",
                "BOOCODER_AGENTS_OPENCODE_ENABLED": "true",  # as where no setting says otherwise
                "BOOCODER_AGENTS_OPENCODE_USE_OWN_CONFIG": "false",
                "PATH": f"{on_path(tmp_path, opencode_program)}:{os.environ['PATH']}",
                "BOOCODER_MODELS_BASE_URL": model.base_url,
            }
        )
        await asyncio.to_thread(service.start)
        person = await visit(service, path="")
        page = person.page
        await page.add_init_script(COUNT_CLICKS)
        await person.go("/")
        await expect(page.get_by_role("region", name="1. Add a project")).to_be_visible()
        await page.get_by_role("combobox", name="Repository folder").click()
        await page.keyboard.insert_text(str(project.path))
        await page.keyboard.press("Enter")
        await expect(person.composer).to_be_focused()
        await expect(page.get_by_role("button", name="Agent and model")).to_contain_text("opencode", timeout=START_MS)
        await page.keyboard.insert_text("[[think hm]] [[write pears.txt|ripe]] [[say two pears]]")
        await page.keyboard.press("Enter")
        answer = page.get_by_role("article", name="opencode's answer")
        await expect(answer).to_contain_text("two pears", timeout=START_MS)
        await expect(page.get_by_role("button", name="Stop", exact=True)).to_be_hidden()
        panel = page.get_by_role("complementary", name="Change")
        await expect(panel.get_by_role("region", name="at line 1, open")).to_contain_text("ripe")
        await panel.get_by_role("button", name="Apply…").click()
        await page.get_by_role("dialog").get_by_role("button", name="Apply to my working tree").click()
        await expect(page.get_by_text("Applied to your working tree: 1 file.")).to_be_visible()
        assert (project.path / "pears.txt").read_text() == "ripe"
        assert 0 < int(await page.evaluate("window.clicks")) <= CLICKS_MAX
