"""Nothing is decided by keys or clicks that were meant for something else."""

from __future__ import annotations

import random
import string
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.acceptance.approvals.asking import RUN, Asked, asked, new_open
from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Created
from tests.browser import seen
from tests.fixtures.browser import Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")

PUSH = "[[permission bash|git push --force origin main]] [[say after]]"
CARDS = 20
PRESSES = 50  # around each card: 1,000 in all
KEYS = (*string.ascii_lowercase, *"ASR .,?/", "Space", "Backspace", "Enter", "Shift+A", "ArrowDown", "PageDown")


# A click on the button in the moment in which it comes to be, as early as a click can be.
CLICK_AT_ONCE = """
new MutationObserver(() => {
  const button = [...document.querySelectorAll("button")].find((one) => one.textContent.startsWith("Allow once"));
  if (button && !window.clicked) { window.clicked = true; button.click(); }
}).observe(document, { childList: true, subtree: true });
"""
Queue = Callable[..., Awaitable[Created]]


@pytest_asyncio.fixture(loop_scope="session")
async def queue(desk: ServiceHarness) -> AsyncIterator[Queue]:
    """Queues tasks, and cancels at the end what still waits for an answer."""
    created: list[Created] = []

    async def add(prompt: str, *, session: str = "") -> Created:
        created.append(await desk.queue(prompt, session=session))
        return created[-1]

    yield add
    for one in created:
        if (await desk.task(one)).state in ("pending", "running"):
            await desk.cancel(one)


def card(person: Visit, title: str = "Run this command?") -> Locator:
    return person.page.get_by_role("region", name=title)


async def decisions(desk: ServiceHarness, session: str) -> list[Asked]:
    rows = await desk.client.items("/api/permissions", Asked, session_id=session)
    return [row for row in rows if row.state != "asked"]


async def stand_still(person: Visit) -> None:
    """Stop the page's clock, which was installed, so that nothing depends on how busy the machine is."""
    soon = await person.page.evaluate("Date.now() + 30_000")  # the clock goes on until the call arrives
    await person.page.clock.pause_at(soon / 1000)


async def test_a_card_takes_no_focus_from_an_empty_composer(person: Visit, desk: ServiceHarness, queue: Queue) -> None:
    created = await queue("[[say hello]]")
    await person.open_session(created.session_id)
    await expect(seen.answer(person.page)).to_contain_text("hello")
    await person.composer.focus()
    await queue(PUSH, session=created.session_id)
    await expect(card(person)).to_be_visible()
    await expect(person.composer).to_be_focused()
    await person.page.keyboard.type("also remove the rest")
    await expect(person.composer).to_have_value("also remove the rest")
    await expect(card(person)).to_be_visible()
    assert await decisions(desk, created.session_id) == []


async def test_scrolling_by_space_decides_nothing(person: Visit, desk: ServiceHarness, queue: Queue) -> None:
    created = await queue("[[permission bash|terraform destroy]]")
    await person.open_session(created.session_id)
    await person.page.get_by_role("log", name="Messages").focus()
    await expect(card(person).get_by_role("button", name="Allow once")).to_be_enabled()
    for key in ("Space", "Space", "Enter", "a", "s", "r"):
        await person.page.keyboard.press(key)
    await expect(card(person)).to_be_visible()
    assert await decisions(desk, created.session_id) == []


async def test_a_focused_card_ignores_keys_that_follow_others_quickly(
    person: Visit, desk: ServiceHarness, queue: Queue
) -> None:
    created = await queue(RUN)
    await person.page.clock.install()
    await person.open_session(created.session_id)
    await expect(card(person).get_by_role("button", name="Allow once")).to_be_enabled()
    await person.page.keyboard.press("Control+.")
    await stand_still(person)
    await person.page.keyboard.type("brass parrot")
    await expect(card(person)).to_be_visible()
    assert await decisions(desk, created.session_id) == []


async def test_a_new_card_cannot_be_answered_at_once(person: Visit, desk: ServiceHarness, queue: Queue) -> None:
    created = await queue(RUN)
    await person.page.add_init_script(CLICK_AT_ONCE)
    await person.open_session(created.session_id)
    await seen.until(person.page, "window.clicked === true")
    await expect(card(person).get_by_role("button", name="Allow once")).to_be_enabled()
    assert await decisions(desk, created.session_id) == []


async def test_a_request_that_is_hard_to_undo_takes_a_second_step_and_can_be_undone(
    person: Visit, desk: ServiceHarness, queue: Queue
) -> None:
    created = await queue(PUSH)
    await person.page.clock.install()
    await person.open_session(created.session_id)
    await card(person).get_by_role("button", name="Allow once").dblclick()
    confirm = card(person).get_by_role("group", name="Confirm")
    await expect(confirm).to_contain_text("rewrites or deletes remote history")
    await confirm.get_by_role("button", name="Back").click()
    assert await decisions(desk, created.session_id) == []
    await card(person).get_by_role("button", name="Allow once").click()
    await expect(confirm.get_by_role("button", name="Allow it anyway")).to_be_enabled()
    await stand_still(person)
    await confirm.get_by_role("button", name="Allow it anyway").click()
    await expect(card(person)).to_contain_text("Sent to the agent in")
    await card(person).get_by_role("button", name="Undo").click()
    await person.page.clock.resume()
    await expect(card(person).get_by_role("button", name="Allow once")).to_be_enabled()
    assert await decisions(desk, created.session_id) == []
    await card(person).get_by_role("button", name="Allow once").click()
    await confirm.get_by_role("button", name="Allow it anyway").click()
    await expect(seen.answer(person.page)).to_contain_text("allowed by you")
    assert [row.state for row in await decisions(desk, created.session_id)] == ["allowed"]


async def test_a_thousand_random_keys_while_cards_appear_decide_nothing(
    person: Visit, desk: ServiceHarness, queue: Queue
) -> None:
    chance = random.Random(1)
    script = " ".join(f"[[permission bash|echo {number}]]" for number in range(CARDS))
    created = await queue(script)
    request = await asked(desk, created)
    shown = str(request.request_id)
    for number in range(CARDS):
        await person.open_session(created.session_id)
        await expect(card(person)).to_be_visible()
        await start_somewhere(person, chance)
        before = chance.randrange(PRESSES - 10)
        await press(person, chance, before)
        if number < CARDS - 1:  # the next card appears while somebody types
            await answer_by_id(desk, shown)
            await press(person, chance, PRESSES - before)
            shown = await new_open(desk.client, created, shown)
        else:
            await press(person, chance, PRESSES - before)
        assert len(await decisions(desk, created.session_id)) == min(number + 1, CARDS - 1), f"card {number}"
    refused = [row for row in await decisions(desk, created.session_id) if row.message != "by the test"]
    assert refused == []


async def start_somewhere(person: Visit, chance: random.Random) -> None:
    """Put the focus where a person may be when a card appears."""
    match chance.randrange(4):
        case 0:
            await person.composer.focus()
        case 1:
            await person.page.get_by_role("log", name="Messages").focus()
        case 2:
            await person.page.get_by_role("searchbox", name="Search all sessions").focus()
        case _:
            await person.page.get_by_role("heading", level=1).click()


async def press(person: Visit, chance: random.Random, times: int) -> None:
    for _ in range(times):
        await person.page.keyboard.press(chance.choice(KEYS))


async def answer_by_id(desk: ServiceHarness, request_id: str) -> None:
    body = {"decision": "refuse", "message": "by the test"}
    await desk.client.post(f"/api/permissions/{request_id}/answer", Asked, body)
