"""Parts of a change that are split, taken line by line and edited, and an apply that is undone again."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.acceptance.changes.test_review import LINES
from tests.acceptance.harness import ServiceHarness
from tests.browser.changes.test_review import changed, panel, part
from tests.fixtures.browser import Visit
from tests.fixtures.repository import Repository

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_part_is_split_by_keyboard_edited_applied_and_the_apply_undone(
    person: Visit, desk: ServiceHarness, project: Repository
) -> None:
    before = (project.path / LINES).read_text()
    created, ended = await desk.run(f"[[bash sed -i 's/^line 3$/three/; s/^line 5$/five/; s/^line 20$/a/' {LINES}]]")
    assert ended.outcome == "completed"
    await person.open_session(created.session_id)
    await part(person, 3, "open").focus()
    await person.page.keyboard.press("s")
    await expect(part(person, 5, "open")).to_be_visible()
    await expect(part(person, 3, "open")).to_be_focused()
    await person.page.keyboard.press("e")
    field = part(person, 3, "open").get_by_role("textbox", name="Your text in place of the agent's lines")
    await expect(field).to_have_value("three\n")
    await field.fill("III\n")
    await field.press("Control+Enter")
    await expect(part(person, 3, "accepted")).to_contain_text("Accepted with your text")
    await part(person, 5, "open").focus()
    await person.page.keyboard.press("s")  # nothing unchanged inside: its lines can be selected
    await part(person, 5, "open").get_by_role("checkbox", name="added line 5").check()
    await part(person, 5, "open").get_by_role("button", name="Accept lines").click()
    await expect(part(person, 5, "accepted")).to_be_visible()
    await panel(person).get_by_role("button", name="Apply…").click()
    dialog = person.page.get_by_role("dialog", name="Apply the change")
    await dialog.get_by_role("button", name="Apply to my working tree").click()
    applied = before.replace("line 3\n", "III\n").replace("line 5\n", "line 5\nfive\n")
    await expect(person.page.get_by_text("Applied to your working tree: 1 file.").first).to_be_visible()
    assert (project.path / LINES).read_text() == applied
    project.write(LINES, applied.replace("III\n", "mine\n"))
    await person.page.locator("[data-kind=said]").get_by_role("button", name="Undo").click()
    await expect(person.page.locator("[data-kind=error]")).to_contain_text(LINES)
    assert "mine\n" in (project.path / LINES).read_text()
    project.write(LINES, applied)
    await panel(person).get_by_role("region", name="Applied last").get_by_role("button", name="Undo").click()
    await person.page.get_by_role("alertdialog").get_by_role("button", name="Undo the apply").click()
    await expect(person.page.get_by_text("Restored 1 file in your working tree.").first).to_be_visible()
    assert (project.path / LINES).read_text() == before
    await expect(panel(person).get_by_role("region", name="Applied last")).to_be_hidden()
    await expect(part(person, 20, "open")).to_be_visible()
    person.forgive("409")
    person.forgive("422")


async def test_white_space_is_hidden_and_units_stay(person: Visit, desk: ServiceHarness) -> None:
    await changed(person, desk, 20)
    await person.write(f"[[bash sed -i 's/^line 3$/  line  3/' {LINES}]]")
    await expect(part(person, 3, "open")).to_be_visible()
    await panel(person).get_by_role("button", name="Hide white space changes").click()
    await expect(part(person, 3, "open")).to_contain_text("Only white space differs here.")
    await expect(part(person, 20, "open")).not_to_contain_text("Only white space")
    await part(person, 3, "open").get_by_role("button", name="Accept").click()
    await expect(part(person, 3, "accepted")).to_be_visible()
