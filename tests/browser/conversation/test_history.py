"""The history of a session's files: any two moments compared, files brought back, another session begun at a moment."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, expect

from tests.acceptance.changes.test_review import LINES, replaced
from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Created
from tests.browser import seen
from tests.browser.changes.test_review import changed, panel
from tests.fixtures.browser import Visit
from tests.fixtures.repository import Repository

pytestmark = pytest.mark.asyncio(loop_scope="session")


def moment(person: Visit, label: str) -> Locator:
    """A choice of moments: "Changed since" or "until"."""
    return panel(person).get_by_role("combobox", name=label)


async def pick(person: Visit, label: str, words: str) -> None:
    """Choose the only moment whose words begin so."""
    option = moment(person, label).get_by_role("option").filter(has_text=re.compile(f"^{words}"))
    await expect(option).to_have_count(1)
    await moment(person, label).select_option(await option.get_attribute("value") or "")


async def three_turns(person: Visit, desk: ServiceHarness) -> Created:
    """A session whose turns changed lines 3, 20 and 30; its history is open."""
    created = await changed(person, desk, 3)
    await desk.run(f"Second. {replaced(20)}", session=created.session_id)
    await desk.run(f"Third. {replaced(30)}", session=created.session_id)
    await panel(person).get_by_role("tab", name="History").click()
    await expect(moment(person, "until").get_by_role("option").filter(has_text="After “Third.")).to_have_count(1)
    return created


async def shows(person: Visit, *lines: int) -> None:
    """Wait until exactly these changed lines are shown."""
    compared = panel(person).get_by_role("group", name="Changes")
    for line in (3, 20, 30):
        told = re.compile(rf"changed {line}(?!\d)")
        if line in lines:
            await expect(compared).to_contain_text(told, use_inner_text=True)
        else:
            await expect(compared).not_to_contain_text(told, use_inner_text=True)


async def test_any_two_moments_are_compared(person: Visit, desk: ServiceHarness) -> None:
    await three_turns(person, desk)
    await pick(person, "Changed since", "Start of the session")
    await shows(person, 3, 20, 30)
    await pick(person, "until", "After “Second")
    await shows(person, 3, 20)
    await pick(person, "Changed since", "After “\\[\\[bash")
    await shows(person, 20)
    await pick(person, "until", "After “\\[\\[bash")
    await expect(panel(person)).to_contain_text("No differences.")
    await pick(person, "until", "Now")
    await shows(person, 20, 30)


async def test_files_that_were_put_away_are_brought_back(person: Visit, desk: ServiceHarness) -> None:
    created = await three_turns(person, desk)
    await desk.client.request("POST", f"/api/sessions/{created.session_id}/worktree/remove", body={})
    await person.page.reload()
    await panel(person).get_by_role("tab", name="History").click()
    away = panel(person).get_by_role("status").filter(has_text="was removed")
    await expect(away).to_be_visible()
    await pick(person, "Changed since", "Start of the session")
    await shows(person, 3, 20, 30)
    await away.get_by_role("button", name="Restore now").click()
    await expect(person.page.get_by_text("Files restored.").first).to_be_visible()
    await expect(away).to_be_hidden()
    await pick(person, "until", "Now")
    await shows(person, 3, 20, 30)
    await person.write(f"[[bash grep -c changed {LINES}]]")
    await expect(seen.answer(person.page)).to_be_visible()
    await seen.card(person.page, f"grep -c changed {LINES}, completed").click()
    await expect(seen.answer(person.page).get_by_text("3", exact=True).first).to_be_visible()


async def test_going_back_is_asked_first_and_can_be_undone(person: Visit, desk: ServiceHarness) -> None:
    await three_turns(person, desk)
    sure = person.page.get_by_role("alertdialog")
    await pick(person, "Changed since", "After “Second")
    await panel(person).get_by_role("button", name="Rewind to this").click()
    await sure.get_by_role("button", name="Cancel").click()
    await expect(sure).to_be_hidden()
    await pick(person, "Changed since", "Start of the session")
    await shows(person, 3, 20, 30)
    for since, *lines in (("After “Second", 3, 20), ("After “Third", 3, 20, 30)):
        await pick(person, "Changed since", str(since))
        await panel(person).get_by_role("button", name="Rewind to this").click()
        await sure.get_by_role("button", name="Rewind").click()
        await expect(sure).to_be_hidden()
        await pick(person, "Changed since", "Start of the session")
        await shows(person, *lines)


async def test_a_fork_begins_at_its_moment_and_leaves_the_first_alone(
    person: Visit, desk: ServiceHarness, project: Repository
) -> None:
    created = await three_turns(person, desk)
    await pick(person, "Changed since", "After “Second")
    await panel(person).get_by_role("button", name="Fork from here").click()
    await expect(person.page).not_to_have_url(f"{person.service.url}/sessions/{created.session_id}")
    fork = person.page.url.rsplit("/", 1)[1]
    await person.write(f"[[say in the fork]] {replaced(10)}")
    await expect(seen.answer(person.page)).to_contain_text("in the fork")
    await expect(panel(person).get_by_role("region", name="at line 10, open")).to_be_visible()
    await expect(panel(person).get_by_role("region", name="at line 20, open")).to_be_visible()
    await expect(panel(person).get_by_role("region", name="at line 30, open")).to_be_hidden()
    lines = {
        session: (person.service.data_dir / "worktrees" / session / LINES).read_text()
        for session in (fork, created.session_id)
    }
    assert "changed 10\n" in lines[fork] and "changed 30\n" not in lines[fork]
    assert "changed 30\n" in lines[created.session_id] and "changed 10\n" not in lines[created.session_id]
    assert "changed" not in (project.path / LINES).read_text()
