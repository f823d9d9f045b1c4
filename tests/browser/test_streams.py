"""Text as it comes: two sessions at once, a reload in the middle, a restart of the service in the middle."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Locator, Page, expect

from tests.acceptance.desk import Desk
from tests.fixtures.browser import Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")

SLOW = "[[delay 0.02]] [[tokens 400]]"  # two words each 20 ms: at least four seconds


def answer(page: Page, number: int = -1) -> Locator:
    return page.get_by_role("article", name="scripted's answer").nth(number)


async def words(page: Page) -> list[str]:
    """The words w0 w1 ... of the newest answer as they are shown."""
    text = await answer(page).inner_text()
    return [word for word in text.split() if word[0] == "w" and word[1:].isdigit()]


async def test_two_sessions_stream_at_once_in_two_tabs(person: Visit, desk: Desk) -> None:
    first, second = await asyncio.gather(desk.queue(SLOW), desk.queue(SLOW))
    await person.open_session(first.session_id)
    tab = await person.tab(f"/sessions/{second.session_id}")
    for page in (person.page, tab):
        await expect(answer(page)).to_contain_text("w10 ")
    seen = [len(await words(page)) for page in (person.page, tab)]
    assert all(count < 400 for count in seen), f"one of them was over before the other began: {seen}"
    for page, created in ((person.page, first), (tab, second)):
        await expect(answer(page)).to_contain_text("w399")
        assert " ".join(await words(page)) == (await desk.answer(created)).strip()
