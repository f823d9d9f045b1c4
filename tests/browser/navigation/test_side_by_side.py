"""Two sessions side by side: both are live, and keys, the change and Escape belong to the one in use."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, expect

from tests.acceptance.harness import ServiceHarness
from tests.browser.page.test_looks import assert_accessible
from tests.fixtures.browser import Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")


def side(person: Visit, name: str) -> Locator:
    return person.page.get_by_role("group", name=f"{name} session")


async def test_two_sessions_are_used_side_by_side(person: Visit, desk: ServiceHarness) -> None:
    first, _ = await desk.run("[[write a.txt|one]] on the left")
    second, _ = await desk.run("[[say hello]] on the right")
    left, right = side(person, "Left"), side(person, "Right")
    await person.page.set_viewport_size({"width": 1440, "height": 900})
    await person.open_session(first.session_id)
    sessions = person.page.get_by_role("navigation", name="Sessions and pages")
    await sessions.get_by_role("link", name="on the right").hover()
    await sessions.get_by_role("button", name=re.compile("^Actions for .*on the right")).click()
    await person.page.get_by_role("menuitem", name="Open beside this session").click()
    await expect(left).to_contain_text("a.txt")
    await expect(right).to_contain_text("hello")
    await assert_accessible(person.page, "two sessions side by side")

    await person.page.keyboard.press("o")
    await expect(person.page).to_have_url(re.compile(f"{second.session_id}\\?left={first.session_id}$"))
    await person.page.keyboard.press("i")
    await expect(right.get_by_role("textbox", name="Message to the agent")).to_be_focused()
    await person.page.keyboard.type("[[say answered]]")
    await person.page.keyboard.press("Enter")
    await desk.run("[[say meanwhile]]", session=first.session_id)
    await expect(right).to_contain_text("answered")
    await expect(left).to_contain_text("meanwhile")

    await left.get_by_role("log", name="Messages").click()
    await person.page.keyboard.press("d")
    await expect(left.get_by_role("tab", name="Change")).to_be_visible()
    await expect(right.get_by_role("tab", name="Change")).to_have_count(0)
    await right.get_by_role("button", name="Close this side").click()
    await expect(person.page).to_have_url(re.compile(f"{first.session_id}$"))
    await expect(right).to_have_count(0)


async def test_escape_stops_only_the_session_in_use(person: Visit, desk: ServiceHarness) -> None:
    first = await desk.queue("[[hang]] left waits")
    second = await desk.queue("[[hang]] right waits")
    await person.go(f"/sessions/{first.session_id}?right={second.session_id}")
    left, right = (side(person, name).get_by_role("button", name="Stop", exact=True) for name in ("Left", "Right"))
    await expect(left).to_be_visible()
    await expect(right).to_be_visible()
    await side(person, "Left").get_by_role("log", name="Messages").click()
    await person.page.keyboard.press("Escape")
    await person.page.keyboard.press("Escape")
    await expect(side(person, "Left").get_by_role("group", name="Outcome of the turn")).to_contain_text("Stopped")
    await expect(right).to_be_visible()
    assert (await desk.task(second)).state == "running"
    await desk.cancel(second)


async def test_a_narrow_window_shows_one_of_two(person: Visit, desk: ServiceHarness) -> None:
    first, _ = await desk.run("[[say one]]")
    second, _ = await desk.run("[[say two]]")
    await person.page.set_viewport_size({"width": 390, "height": 800})
    await person.go(f"/sessions/{first.session_id}?right={second.session_id}")
    await expect(side(person, "Left")).to_be_visible()
    await expect(side(person, "Right")).to_be_hidden()
    await side(person, "Left").get_by_role("button", name="Show the other session").click()
    await expect(side(person, "Right")).to_be_visible()
