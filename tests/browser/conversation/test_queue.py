"""Messages that wait behind a running turn: seen, edited, put in another order, dropped, sent now."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Route, expect

from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Created
from tests.browser import seen
from tests.browser.hostile import in_one_line, with_canaries
from tests.browser.page.test_hostile import INSPECT
from tests.fixtures.browser import OFFLINE, Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def busy(person: Visit, desk: ServiceHarness) -> Created:
    """A session that is open and whose turn does not end by itself."""
    created = await desk.queue("[[say busy]] [[hang]]")
    await person.open_session(created.session_id)
    await expect(seen.answer(person.page)).to_contain_text("busy")
    return created


def queue(person: Visit) -> Locator:
    """The messages that wait."""
    return person.page.get_by_role("region", name="Queued messages")


async def write(person: Visit, *texts: str) -> Locator:
    """Send messages one after another; the rows that wait."""
    rows = queue(person).get_by_role("listitem")
    for number, text in enumerate(texts, 1):
        await person.write(text)
        await expect(rows).to_have_count(number)
    return rows


async def test_what_waits_is_edited_ordered_and_dropped(person: Visit, busy: Created, desk: ServiceHarness) -> None:
    rows = await write(person, "[[say one]]", "[[say two]]", "[[say three]]")
    await rows.nth(2).get_by_role("button", name="Put first").click()
    await expect(rows.nth(0)).to_contain_text("three")
    await rows.nth(2).get_by_role("button", name="Move").press("ArrowUp")
    await expect(rows.nth(1)).to_contain_text("two")
    await rows.nth(1).get_by_role("button", name="Drop").click()
    await expect(rows).to_have_count(2)
    await rows.nth(1).get_by_role("button", name="Edit").click()
    await rows.nth(1).get_by_role("textbox").fill("[[say one and a half]]")
    await rows.nth(1).get_by_role("button", name="Save").click()
    await expect(rows.nth(1)).to_contain_text("one and a half")
    await desk.cancel(busy)
    await expect(seen.answer(person.page)).to_contain_text("one and a half")
    await expect(seen.answer(person.page, 1)).to_contain_text("three")
    await expect(queue(person)).to_be_hidden()


async def test_what_waits_is_sent_now(person: Visit, busy: Created, desk: ServiceHarness) -> None:
    rows = await write(person, "[[say later]]", "[[say now]] [[sleep 1]]")
    await rows.nth(1).get_by_role("button", name="Send now").click()
    await expect(seen.answer(person.page, 1)).to_contain_text("now")
    await expect(seen.answer(person.page, 2)).to_contain_text("later")
    assert (await desk.task(busy)).state == "cancelled"


async def test_what_is_written_while_the_last_message_is_under_way_is_kept(person: Visit, busy: Created) -> None:
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def held(route: Route) -> None:
        if route.request.method == "POST":
            arrived.set()
            await go_on.wait()
        await route.continue_()

    await person.page.route("**/api/tasks", held)
    await person.write("[[say one]]")
    await arrived.wait()
    await expect(person.composer).to_have_value("")
    await person.write("[[say two]]")
    await person.composer.fill("half a")
    go_on.set()
    rows = queue(person).get_by_role("listitem")
    await expect(rows).to_have_count(2)
    await expect(rows.nth(0)).to_contain_text("one")
    await expect(rows.nth(1)).to_contain_text("two")
    await expect(person.composer).to_have_value("half a")
    await person.page.unroute("**/api/tasks")
    await person.page.reload()
    await expect(person.composer).to_have_value("half a")


async def test_what_could_not_be_sent_comes_back_and_is_sent_once(
    person: Visit, busy: Created, desk: ServiceHarness
) -> None:
    await person.context.set_offline(True)
    await person.write("[[say at last]]")
    await expect(person.composer).to_have_value("[[say at last]]")
    await expect(person.page.get_by_role("region", name="Notifications")).to_contain_text(
        "The service does not answer."
    )
    await person.context.set_offline(False)
    await person.composer.press("Enter")
    await expect(queue(person).get_by_role("listitem")).to_have_count(1)
    await expect(person.composer).to_have_value("")
    await desk.cancel(busy)
    await expect(seen.answer(person.page, 1)).to_contain_text("at last")
    assert len(await desk.messages(busy)) == 4
    person.forgive(OFFLINE)


async def test_hostile_messages_wait_as_text(person: Visit, busy: Created, desk: ServiceHarness) -> None:
    for one in with_canaries():
        await desk.queue(in_one_line(one), session=busy.session_id)
    await expect(queue(person)).to_contain_text("canary004")
    assert await person.page.evaluate(INSPECT) == []
