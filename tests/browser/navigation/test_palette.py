"""The palette and the dialogs: every command from the keyboard, what cannot be done with its reason, one way out."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.acceptance.harness import ServiceHarness
from tests.fixtures.browser import Visit

if TYPE_CHECKING:
    from playwright.async_api import Locator, Route, WebSocketRoute

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def opened(person: Visit, typed: str) -> Locator:
    """The options that the palette shows for some letters."""
    await person.page.keyboard.press("Control+k")
    palette = person.page.get_by_role("dialog", name="Search and commands")
    await palette.get_by_role("combobox", name="Search").fill(typed)
    return palette.get_by_role("option")


async def command(person: Visit, name: str) -> None:
    """Do a command of the palette by the keyboard."""
    options = await opened(person, name)
    await expect(options.first).to_contain_text(name)
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await expect(options.first).to_be_enabled()  # a turn that was seen to end may not be settled yet
    await person.page.keyboard.press("Enter")


async def test_a_running_turn_is_stopped(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue("stop me [[say I begin.]] [[hang]]")
    await person.open_session(created.session_id)
    await expect(person.page.get_by_role("log")).to_contain_text("I begin.")
    await expect(person.page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    await command(person, "Stop the turn")
    await expect(person.page.get_by_role("group", name="Outcome of the turn")).to_contain_text("Stopped")
    await command(person, "Retry the last turn")
    await expect(person.page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    await command(person, "Stop the turn")
    await expect(person.page.get_by_role("group", name="Outcome of the turn")).to_have_count(2)


async def test_what_cannot_be_done_says_why_and_does_nothing(person: Visit, desk: ServiceHarness) -> None:
    created, _ = await desk.run("rest [[say Done.]]")
    await person.open_session(created.session_id)
    await expect(person.page.get_by_role("log")).to_contain_text("Done.")
    options = await opened(person, "")
    await expect(options.get_by_text("Rename this session…")).to_be_visible()
    await expect(options.get_by_text("Stop the turn")).to_have_count(0)
    await person.page.get_by_role("combobox", name="Search").fill("stop the turn")
    await expect(options).to_have_count(1)
    await expect(options).to_be_disabled()
    await expect(options).to_contain_text("no turn is running")
    await person.page.keyboard.press("Enter")
    await expect(options).to_be_visible()


async def test_the_change_is_applied_and_the_panel_shows_its_sides(person: Visit, desk: ServiceHarness) -> None:
    created, _ = await desk.run("[[write new.txt|one\n]]")
    page = person.page
    await person.open_session(created.session_id)
    change = page.get_by_role("complementary", name="Change")
    await expect(change.get_by_role("region", name="new.txt").first).to_be_visible()
    await command(person, "Hide the change")
    await expect(change).to_be_hidden()
    await command(person, "Show the history of the files")
    await expect(change.get_by_role("tab", name="History")).to_have_attribute("aria-selected", "true")
    await command(person, "Apply the change")
    dialog = page.get_by_role("dialog", name="Apply the change")
    await dialog.get_by_role("button", name="Apply to my working tree").click()
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_role("heading", name="Applied to your working tree")).to_be_visible()
    assert (desk.project / "new.txt").read_text() == "one\n"


async def test_the_last_turn_is_taken_back_and_the_session_forked(person: Visit, desk: ServiceHarness) -> None:
    created, _ = await desk.run("[[write a.txt|a\n]]")
    page = person.page
    await person.open_session(created.session_id)
    change = page.get_by_role("complementary", name="Change")
    await expect(change.get_by_role("region", name="a.txt").first).to_be_visible()
    await command(person, "Rewind to before the last turn")
    await page.get_by_role("alertdialog").get_by_role("button", name="Rewind").click()
    await expect(page.get_by_text("Rewound 1 file.")).to_be_visible()
    await expect(change.get_by_role("region", name="a.txt")).to_have_count(0)
    await command(person, "Fork this session")
    await expect(page).not_to_have_url(re.compile(created.session_id))
    await expect(page).to_have_url(re.compile("/sessions/"))


async def test_a_session_is_renamed_and_archived(person: Visit, desk: ServiceHarness) -> None:
    created, _ = await desk.run("[[say a poor name]]")
    page = person.page
    await person.open_session(created.session_id)
    await expect(page.get_by_role("log")).to_contain_text("a poor name")
    await command(person, "Rename this session")
    await page.get_by_role("textbox", name="Session title").fill("A better name")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("A better name")
    await command(person, "Archive this session")
    await expect(page.get_by_text("Archived.")).to_be_visible()
    await command(person, "Reopen this session")
    await expect(page.get_by_text("Reopened.")).to_be_visible()


async def test_one_key_leads_to_the_session_that_waits(person: Visit, desk: ServiceHarness) -> None:
    asks = await desk.queue("[[say May I?]] [[permission bash|ls]]")
    page = person.page
    await person.open_session(asks.session_id)
    await expect(page.get_by_role("button", name="Allow once")).to_be_visible()
    await person.go("/tasks")
    await expect(page.get_by_role("heading", level=1, name="Tasks")).to_be_visible()
    await expect(page).to_have_title(re.compile(r"^\(\d+\)"))  # the list of sessions is there
    await page.keyboard.press("w")
    await expect(page.get_by_role("button", name="Allow once")).to_be_visible()
    await person.open_session(asks.session_id)
    await page.get_by_role("button", name="Allow once").click()
    await expect(page.get_by_role("button", name="Allow once")).to_be_hidden()


async def test_plain_keys_do_nothing_behind_a_dialog(person: Visit, desk: ServiceHarness) -> None:
    await person.go("/settings")
    await expect(person.page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    await person.page.keyboard.press("?")
    sheet = person.page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(sheet).to_contain_text("Next waiting session")
    await person.page.keyboard.press("t")
    await expect(sheet).to_be_visible()
    await person.page.keyboard.press("Escape")
    await expect(sheet).to_be_hidden()
    await person.page.keyboard.press("t")
    await expect(person.page).to_have_url(re.compile("/tasks$"))


async def test_a_lost_login_is_told_with_its_cure_and_found_again(person: Visit, desk: ServiceHarness) -> None:
    created, _ = await desk.run("[[say hello]]")
    await person.open_session(created.session_id)
    await expect(person.page.get_by_role("log")).to_contain_text("hello")
    cookies = await person.context.cookies()
    await person.context.clear_cookies()
    banner = person.page.get_by_role("status").filter(has_text="boocoder open")
    await expect(banner).to_be_visible()
    await person.context.add_cookies(
        [{"name": one["name"], "value": one["value"], "url": person.service.url} for one in cookies]
    )
    await expect(banner).to_be_hidden()
    await desk.run("[[say once more]]", session=created.session_id)
    await expect(person.page.get_by_role("log")).to_contain_text("once more")
    person.forgive("401")


async def test_an_older_page_is_told_to_reload(person: Visit) -> None:
    page = person.page
    lines: list[WebSocketRoute] = []

    def connect(line: WebSocketRoute) -> None:
        line.connect_to_server()
        lines.append(line)

    await page.route_web_socket(re.compile("/api/stream$"), connect)
    await person.go("/settings")
    about = page.get_by_role("region", name="About")
    await expect(about).to_contain_text(re.compile(r"Version\d"))
    health = await page.evaluate("fetch('/api/health').then((answer) => answer.json())")
    await page.route("**/api/health", lambda route: route.fulfill(json={**health, "version": "99.0"}))
    await lines[-1].close()
    hint = page.get_by_role("status").filter(has_text="version 99.0")
    await expect(hint).to_be_visible()
    await page.unroute("**/api/health")
    await hint.get_by_role("button", name="Reload").click()
    await expect(about).to_contain_text(health["version"])
    await expect(hint).to_be_hidden()


async def test_enter_before_anything_is_found_opens_the_first_result(person: Visit, desk: ServiceHarness) -> None:
    created, _ = await desk.run("[[say quicker than the search]]")
    page, pressed = person.page, asyncio.Event()

    async def late(route: Route) -> None:
        await pressed.wait()
        await route.continue_()

    await page.route(re.compile(r"/api/(sessions\?.*quicker|search\?)"), late)
    await page.reload()  # with the project, so that it is not the first page any more
    await expect(person.composer).to_be_visible()
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox", name="Search").fill("quicker than the search")
    await expect(page.get_by_text("No results.")).to_be_visible()
    await page.keyboard.press("Enter")
    pressed.set()
    await expect(page).to_have_url(re.compile(created.session_id))
