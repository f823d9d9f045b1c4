"""The list of sessions as a person arranges it: groups, order, folding, pins, many at once, windows, exports."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from boocoder.model.session import SessionState
from boocoder.wire.sessions import Session
from tests.acceptance.approvals.asking import asked
from tests.acceptance.harness import ServiceHarness
from tests.browser.page.test_looks import assert_accessible
from tests.fixtures.browser import Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")


def listed(person: Visit) -> Locator:
    return person.page.get_by_role("navigation", name="Sessions and pages")


def rows(person: Visit) -> Locator:
    """Headers and sessions of the list, from top to bottom."""
    return listed(person).locator("li[data-index]")


async def choose(person: Visit, item: str) -> None:
    await listed(person).get_by_role("button", name="Arrange the list").click()
    await person.page.get_by_text(item, exact=True).click()


async def test_what_waits_and_what_is_pinned_stands_first(person: Visit, desk: ServiceHarness) -> None:
    waits = await desk.queue("[[permission bash|ls]] asks first")
    await asked(desk, waits)
    await desk.run("[[say one]] pinned one")
    await desk.run("[[say two]] newest")
    await expect(rows(person)).to_contain_text(["Waiting for you", "asks first", "project", "newest", "pinned one"])
    await listed(person).get_by_role("link", name="pinned one").hover()
    await listed(person).get_by_role("button", name=re.compile("^Actions for .*pinned one")).click()
    await person.page.get_by_role("menuitem", name="Pin", exact=True).click()
    await expect(rows(person)).to_contain_text(
        ["Waiting for you", "asks first", "Pinned", "pinned one", "project", "newest"]
    )
    await desk.cancel(waits)


async def test_the_list_is_grouped_folded_and_stays_so(person: Visit, desk: ServiceHarness) -> None:
    await desk.run("[[say one]] went well")
    await desk.run("[[fail 500]] went wrong")
    await choose(person, "Group by state")
    await expect(rows(person)).to_contain_text(["Failed", "went wrong", "Done", "went well"])
    await listed(person).get_by_role("button", name="Failed", exact=True).click()
    await expect(rows(person)).to_contain_text(["Failed1", "Done", "went well"])
    await person.page.reload()
    await expect(rows(person)).to_contain_text(["Failed1", "Done", "went well"])
    await assert_accessible(person.page, "the list by state")
    await choose(person, "Group by date")
    await choose(person, "Last changed first")
    await expect(rows(person)).to_contain_text(["Today", "went wrong", "went well"])


async def test_several_sessions_are_archived_at_once(person: Visit, desk: ServiceHarness) -> None:
    for name in ("first", "second", "third"):
        await desk.run(f"[[say {name}]] {name} of three")
    await expect(listed(person).get_by_role("link", name="of three")).to_have_count(3)
    await choose(person, "Select sessions…")
    bar = listed(person).get_by_role("toolbar", name="Selected sessions")
    await listed(person).get_by_role("checkbox", name="first of three").check()
    await listed(person).get_by_role("checkbox", name="third of three").check()
    await expect(bar.get_by_role("status")).to_have_text("2 selected")
    await assert_accessible(person.page, "sessions being selected")
    await bar.get_by_role("button", name="Archive").click()
    await expect(person.page.get_by_text("Archived 2 sessions.")).to_be_visible()
    await expect(listed(person).get_by_role("link", name="of three")).to_have_count(1)
    left = await desk.client.items("/api/sessions", Session, state=SessionState.OPEN)
    assert [one.title for one in left] == ["[[say second]] second of three"]


async def test_a_session_has_a_window_of_its_own(person: Visit, desk: ServiceHarness) -> None:
    await desk.run("[[say hello]] in a window")
    await listed(person).get_by_role("link", name="in a window").hover()
    await listed(person).get_by_role("button", name=re.compile("^Actions for .*in a window")).click()
    async with person.page.expect_popup() as opened:
        await person.page.get_by_role("menuitem", name="Open in a window of its own").click()
    window = await opened.value
    await expect(window.get_by_role("article", name="Scripted agent's answer")).to_contain_text("hello")
    await expect(window.get_by_role("navigation", name="Sessions and pages")).to_have_count(0)
    await window.close()


async def test_a_session_is_exported_as_a_file(person: Visit, desk: ServiceHarness, tmp_path: Path) -> None:
    created, _ = await desk.run("[[write a.txt|one]] [[say all is written]] keep this")
    await person.open_session(created.session_id)
    files = {}
    for form, name in {"Markdown": "export.md", "JSON": "export.json"}.items():
        await expect(person.composer).to_be_visible()  # keys before that are lost
        await person.page.keyboard.press("Control+k")
        palette = person.page.get_by_role("dialog", name="Search and commands")
        await palette.get_by_role("combobox", name="Search").fill(f"export {form}")
        async with person.page.expect_download() as saved:
            await person.page.get_by_role("option", name=f"Export this session as {form}").click()
        files[form] = tmp_path / name
        await (await saved.value).save_as(files[form])
    text = files["Markdown"].read_text()
    assert "### You, " in text and "all is written" in text and "a.txt" in text
    whole = json.loads(files["JSON"].read_text())
    assert whole["session"]["id"] == created.session_id
    assert [one["role"] for one in whole["chats"][0]["messages"]] == ["user", "assistant"]


async def test_sessions_are_deleted_after_saying_what_goes(person: Visit, desk: ServiceHarness) -> None:
    changed, _ = await desk.run("[[write a.txt|one]] first to go")
    await desk.run("[[say two]] second to go")
    await desk.run("[[say three]] stays")
    asks = person.page.get_by_role("alertdialog")
    await person.open_session(changed.session_id)
    await listed(person).get_by_role("link", name="first to go").hover()
    await listed(person).get_by_role("button", name=re.compile("^Actions for .*first to go")).click()
    await person.page.get_by_role("menuitem", name="Delete…").click()
    await expect(asks).to_contain_text("with its 2 messages")
    await expect(asks.get_by_role("button", name="Delete")).to_be_disabled()
    await asks.get_by_role("checkbox", name="a change that is not applied").check()
    await assert_accessible(person.page, "deleting a session")
    await asks.get_by_role("button", name="Delete").click()
    await expect(person.page.get_by_text("Deleted 1 session.")).to_be_visible()
    await expect(person.page).to_have_url(re.compile("/$"))
    await choose(person, "Select sessions…")
    await listed(person).get_by_role("checkbox", name="second to go").check()
    await listed(person).get_by_role("toolbar").get_by_role("button", name="Delete…").click()
    await asks.get_by_role("button", name="Delete").click()
    await expect(listed(person).get_by_role("link", name="stays")).to_be_visible()
    await expect(listed(person).get_by_role("link", name="to go")).to_have_count(0)
    left = await desk.client.items("/api/sessions", Session, state=SessionState.OPEN)
    assert [one.title for one in left] == ["[[say three]] stays"]
