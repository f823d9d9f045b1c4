"""The person is called when a turn ends or waits and the page is not in view, and only then."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.acceptance.harness import ServiceHarness
from tests.browser import seen
from tests.fixtures.browser import MakeVisit, Visit
from tests.fixtures.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

# A browser without a screen shows no notifications and gives every tab the focus: both are kept in variables here.
STAND_IN = """
window.called = [];
window.away = false;
window.Notification = class {
  static permission = 'granted';
  static async requestPermission() { return 'granted'; }
  constructor(title, options) { window.called.push(`${title} | ${options?.body ?? ''}`); }
  close() {}
};
Document.prototype.hasFocus = () => !window.away;
"""


async def listening(visit: MakeVisit, service: Installation) -> Visit:
    """A visit that has asked to be called."""
    person = await visit(service, path="")
    await person.context.add_init_script(STAND_IN)
    await person.go("/settings")
    await person.page.get_by_role("checkbox", name="Desktop notifications").check()
    return person


async def test_a_person_who_is_away_is_called_once(
    visit: MakeVisit, served: Installation, desk: ServiceHarness
) -> None:
    person = await listening(visit, served)
    created, _ = await desk.run("[[say hello]]")
    await person.open_session(created.session_id)
    await expect(seen.answer(person.page)).to_contain_text("hello")
    await person.page.evaluate("window.away = true")
    await desk.run("[[say done]]", session=created.session_id)
    await seen.until(person.page, "window.called.length > 0")
    await desk.queue("[[permission bash|echo hi]]", session=created.session_id)
    await seen.until(person.page, "window.called.length > 1")
    called = await person.page.evaluate("window.called")
    assert len(called) == 2, called
    assert all("say hello" in one for one in called), "the session's name tells which one it is"
    await expect(person.page).to_have_title(re.compile(r"^\([1-9]"))
    await person.page.get_by_role("button", name="Refuse").click()


async def test_a_person_who_looks_on_is_not_called(
    visit: MakeVisit, served: Installation, desk: ServiceHarness
) -> None:
    person = await listening(visit, served)
    created, _ = await desk.run("[[say hello]]")
    await person.open_session(created.session_id)
    await person.write("[[say again]]")
    await expect(seen.answer(person.page)).to_contain_text("again")
    await expect(person.page.get_by_role("button", name="Stop", exact=True)).to_be_hidden()
    assert await person.page.evaluate("window.called") == []
