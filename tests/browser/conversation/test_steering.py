"""Messages to a running turn: sent by key and by button, shown where the agent got them, withdrawn while they wait."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from tests.acceptance.harness import ServiceHarness
from tests.browser import seen
from tests.fixtures.browser import Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = "[[say busy]]" + "[[sleep 0.1]]" * 6000


def waiting(person: Visit) -> Locator:
    """The messages that the agent has not taken yet."""
    return person.page.get_by_role("region", name="Messages for the running turn").get_by_role("listitem")


def taken(person: Visit) -> Locator:
    """The messages in the conversation."""
    return person.page.get_by_role("region", name="Your message during the turn")


async def test_a_message_is_sent_now_and_stands_at_its_place(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue(LONG)
    await person.open_session(created.session_id)
    await expect(seen.answer(person.page)).to_contain_text("busy")
    await person.composer.fill("[[say plum]]")
    await person.composer.press("Control+Enter")
    await expect(person.composer).to_have_value("")
    await expect(taken(person)).to_contain_text("sent during the turn, from the page")
    await expect(seen.answer(person.page)).to_contain_text("plum")
    await person.composer.fill("[[say pear]]")
    await person.page.get_by_role("button", name="Send now, to the running turn").click()
    await expect(taken(person)).to_have_count(2)
    await person.page.reload()
    await expect(taken(person).nth(1)).to_contain_text("[[say pear]]")
    await expect(taken(person).nth(1)).to_contain_text("sent during the turn")
    await desk.cancel(created)
    await expect(person.page.get_by_role("button", name="Send now, to the running turn")).to_be_hidden()


async def test_what_waits_is_withdrawn_or_runs_next(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue("[[say busy]] [[hang]]")
    await person.open_session(created.session_id)
    await expect(seen.answer(person.page)).to_contain_text("busy")
    for text in ("[[say plum]]", "[[say pear]]"):
        await person.composer.fill(text)
        await person.composer.press("Control+Enter")
    await expect(waiting(person)).to_have_count(2)
    await waiting(person).nth(0).get_by_role("button", name="Withdraw").click()
    await expect(waiting(person)).to_have_count(1)
    await desk.cancel(created)
    await expect(seen.answer(person.page, 1)).to_contain_text("pear")
    await expect(waiting(person)).to_have_count(0)
    assert not any("plum" in message.text for message in await desk.messages(created))
