"""The change beside the conversation: looked at part by part, remarked on, applied, set back and forked."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from tests.acceptance.changes.test_review import LINES, replaced
from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Created
from tests.browser import seen
from tests.fixtures.browser import Visit
from tests.fixtures.repository import Repository

pytestmark = pytest.mark.asyncio(loop_scope="session")


def panel(person: Visit) -> Locator:
    """The change beside the conversation."""
    return person.page.get_by_role("complementary", name="Change")


def part(person: Visit, line: int, state: str) -> Locator:
    """The part of the change at a line, if it has this state."""
    return panel(person).get_by_role("region", name=f"at line {line}, {state}")


async def changed(person: Visit, desk: ServiceHarness, *lines: int) -> Created:
    """Open a session whose change has one part at each of these lines."""
    created, ended = await desk.run(replaced(*lines))
    assert ended.outcome == "completed"
    await person.open_session(created.session_id)
    for line in lines:
        await expect(part(person, line, "open")).to_be_visible()
    return created


async def test_parts_are_decided_and_applied_by_keyboard_and_pointer(
    person: Visit, desk: ServiceHarness, project: Repository
) -> None:
    await changed(person, desk, 3, 20, 30)
    await part(person, 3, "open").focus()
    await person.page.keyboard.press("y")
    await expect(part(person, 3, "accepted")).to_be_visible()
    await person.page.keyboard.press("j")
    await expect(part(person, 20, "open")).to_be_focused()
    await person.page.keyboard.press("n")
    await expect(part(person, 20, "rejected")).to_be_visible()
    await part(person, 30, "open").get_by_role("button", name="Accept").click()
    await expect(part(person, 30, "accepted")).to_be_visible()
    await expect(panel(person)).to_contain_text("3 of 3 decided")
    await panel(person).get_by_role("button", name="Apply…").click()
    dialog = person.page.get_by_role("dialog", name="Apply the change")
    await expect(dialog.get_by_role("radio", name="Accepted parts (2)")).to_be_checked()
    await expect(dialog.get_by_role("status")).to_contain_text("No conflict. 2 parts, 1 file to write.")
    await dialog.get_by_role("button", name="Apply to my working tree").click()
    await expect(person.page.get_by_text("Applied to your working tree: 1 file.")).to_be_visible()
    text = (project.path / LINES).read_text()
    assert "changed 3\n" in text and "changed 30\n" in text
    assert "line 20\n" in text, "what was rejected was applied"


async def test_remarks_are_gathered_and_sent_to_the_agent(person: Visit, desk: ServiceHarness) -> None:
    created = await changed(person, desk, 3, 20)
    await part(person, 3, "open").focus()
    await person.page.keyboard.press("c")
    field = person.page.get_by_role("textbox", name="Comment on line 3")
    await field.fill("say it in capitals")
    await field.press("Control+Enter")
    waiting = panel(person).get_by_role("region", name="Unsent comments")
    await expect(waiting).to_contain_text("1 unsent comment")
    await expect(panel(person).get_by_role("note", name="Your comment on line 3")).to_contain_text("say it in capitals")
    await part(person, 20, "open").get_by_role("button", name="Reject").click()
    await expect(part(person, 20, "rejected")).to_be_visible()
    await waiting.get_by_role("button", name="Send 1 comment to the agent").click()
    await expect(waiting).to_be_hidden()
    prompt = person.page.get_by_role("article", name="Your message").last
    await expect(prompt).to_contain_text("say it in capitals")
    assert len(await desk.messages(created)) == 4


async def test_a_conflict_is_shown_and_nothing_is_touched(
    person: Visit, desk: ServiceHarness, project: Repository
) -> None:
    await changed(person, desk, 3)
    mine = (project.path / LINES).read_text().replace("line 3\n", "mine\n")
    project.write(LINES, mine)
    await panel(person).get_by_role("button", name="Apply…").click()
    dialog = person.page.get_by_role("dialog", name="Apply the change")
    await expect(dialog.get_by_role("alert")).to_contain_text("Nothing was written")
    await expect(dialog).to_contain_text(LINES)
    await expect(dialog.get_by_role("button", name="Resolve the conflicts first")).to_be_disabled()
    assert (project.path / LINES).read_text() == mine
    person.forgive("409")


async def test_a_session_is_set_back_and_forked(person: Visit, desk: ServiceHarness) -> None:
    created = await changed(person, desk, 3)
    await desk.run(replaced(20), session=created.session_id)
    await expect(part(person, 20, "open")).to_be_visible()
    await panel(person).get_by_role("tab", name="History").click()
    slider = panel(person).get_by_role("slider")
    await slider.focus()
    await slider.press("Home")
    await expect(panel(person)).to_contain_text("changed 20")
    steps = int(await slider.get_attribute("max") or 0)
    for _ in range(steps):
        if "After" in (await slider.get_attribute("aria-valuetext") or ""):
            break
        await slider.press("ArrowRight")
    await panel(person).get_by_role("button", name="Rewind to this").click()
    await person.page.get_by_role("alertdialog").get_by_role("button", name="Rewind").click()
    await expect(person.page.get_by_text("Rewound 1 file.")).to_be_visible()
    await panel(person).get_by_role("tab", name="Change").click()
    await expect(part(person, 3, "open")).to_be_visible()
    await expect(part(person, 20, "open")).to_be_hidden()
    await panel(person).get_by_role("tab", name="History").click()
    await panel(person).get_by_role("button", name="Fork from here").click()
    await expect(person.page).not_to_have_url(f"{person.service.url}/sessions/{created.session_id}")
    await person.write("[[say in the fork]]")
    await expect(seen.answer(person.page)).to_contain_text("in the fork")
