"""The real opencode behind the page, on a scripted model: chosen, watched, reviewed and applied by a person."""

from __future__ import annotations

import asyncio
import re
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


async def test_a_turn_of_opencode_from_the_first_word_to_the_applied_file(
    installation: MakeInstallation, visit: MakeVisit, project: Repository, opencode_program: Path
) -> None:
    async with ScriptedModel() as model:
        service = installation(
            {
                "BOOCODER_AGENTS_OPENCODE_ENABLED": "true",
                "BOOCODER_AGENTS_OPENCODE_PROGRAM": str(opencode_program),
                "BOOCODER_AGENTS_OPENCODE_USE_OWN_CONFIG": "false",
                "BOOCODER_MODELS_BASE_URL": model.base_url,
            }
        )
        await asyncio.to_thread(service.start)
        person = await visit(service)
        page = person.page
        await page.get_by_role("combobox", name="Repository folder").fill(str(project.path))
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Agent and model").click()
        await page.get_by_role("radio", name=re.compile("^opencode", re.IGNORECASE)).first.check(timeout=START_MS)
        await page.keyboard.press("Escape")
        await person.write("[[think hm]] [[write pears.txt|ripe]] [[say two pears]]")
        answer = page.get_by_role("article", name="opencode's answer")
        await expect(answer).to_contain_text("two pears", timeout=START_MS)
        await expect(page.get_by_role("button", name="Stop", exact=True)).to_be_hidden()
        panel = page.get_by_role("complementary", name="Change")
        await expect(panel.get_by_role("region", name="at line 1, open")).to_contain_text("ripe")
        await panel.get_by_role("button", name="Apply…").click()
        await page.get_by_role("dialog").get_by_role("button", name="Apply to my working tree").click()
        await expect(page.get_by_text("Applied to your working tree: 1 file.")).to_be_visible()
        assert (project.path / "pears.txt").read_text() == "ripe"
