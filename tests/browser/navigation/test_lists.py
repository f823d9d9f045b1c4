"""Nothing is hidden by the length of a list: what waits is found, counted, and reached page by page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.acceptance.approvals.asking import asked
from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Created, Id
from tests.browser import seen
from tests.fixtures.browser import Visit
from tests.fixtures.repository import committed
from tests.fixtures.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEWER = 205
LOAD_S = 120.0
STEP_PX = 300  # less than the list draws beyond its edge, so that no row is passed unseen


@pytest.fixture(scope="module")
def served(running: Installation) -> Installation:
    """The running service as it is: the long list is for all tests of this file."""
    return running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def buried(served: Installation, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Created]:
    """A session that waits for an answer, with many newer ones."""
    place = committed(tmp_path_factory.mktemp("long list") / "project").path
    async with served.client() as client:
        desk = ServiceHarness(client, place)
        created = await desk.queue("[[permission bash|ls]] buried")
        await asked(desk, created)
        project = (await client.post("/api/projects", Id, {"path": str(place)})).id
        for number in range(NEWER):
            await client.post("/api/sessions", Id, {"project_id": project, "title": f"newer {number}"})
        yield created
        await desk.cancel(created)


def listed(person: Visit) -> Locator:
    return person.page.get_by_role("navigation", name="Sessions and pages")


async def test_a_session_that_waits_is_found_behind_many_newer_ones(
    person: Visit, desk: ServiceHarness, buried: Created
) -> None:
    page = person.page
    await person.go("/")
    await expect(page).to_have_title(re.compile(r"^\(\d+\) "))
    await listed(person).get_by_role("button", name=re.compile("^waiting")).click()
    await expect(listed(person).get_by_role("link", name="buried")).to_be_visible()
    await page.get_by_role("heading", level=1).click()
    await page.keyboard.press("w")
    await expect(page.get_by_role("region", name="Run this command?")).to_be_visible()
    await person.go("/tasks")
    await expect(page.get_by_role("region", name="Waiting for you").get_by_role("link", name="buried")).to_be_visible()


async def test_the_list_of_sessions_goes_on_to_its_end(person: Visit, desk: ServiceHarness, buried: Created) -> None:
    await person.go("/")
    link = listed(person).get_by_role("link", name="buried")
    rows = listed(person).get_by_role("listitem")
    await expect(rows.first).to_be_visible()
    assert await rows.count() < 80  # only what is near the screen is drawn
    await listed(person).get_by_role("link", name=f"newer {NEWER - 1}").hover()
    async with asyncio.timeout(LOAD_S):  # the pages behind load while it scrolls
        while not await link.count():
            await person.page.mouse.wheel(0, STEP_PX)
            await person.page.evaluate("() => new Promise(requestAnimationFrame)")
    await expect(link).to_be_visible()


async def test_a_session_is_found_by_its_title_however_old_it_is(person: Visit, buried: Created) -> None:
    await person.go("/")
    await expect(person.composer).to_be_visible()  # keys before that are nobody's
    await person.page.keyboard.press("Control+k")
    await person.page.get_by_role("combobox", name="Search and commands").fill("buried")
    await expect(person.page.get_by_role("option", name="buried").first).to_be_visible()


async def test_a_session_read_in_one_browser_is_read_in_all(person: Visit, desk: ServiceHarness) -> None:
    created, _ = await desk.run("[[say news]] read me")
    row = listed(person).get_by_role("link", name="read me")
    await person.go("/")
    await expect(row).to_contain_text("unread")
    await person.open_session(created.session_id)
    await expect(seen.answer(person.page)).to_contain_text("news")
    await expect(row).not_to_contain_text("unread")
    other = await person.tab("/")  # a browser that has not seen the session would say so
    await other.evaluate("localStorage.clear()")
    await other.reload()
    named = other.get_by_role("navigation", name="Sessions and pages").get_by_role("link", name="read me")
    await expect(named).to_be_visible()
    await expect(named).not_to_contain_text("unread")
