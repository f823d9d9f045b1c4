"""What a person sees on the page, found as they would find it: by role and name."""

from __future__ import annotations

import asyncio

from playwright.async_api import Locator, Page

from tests.fixtures.browser import LOOK_MS, Visit

MARK = "window.stillTheSamePage"


def answer(page: Page, number: int = -1) -> Locator:
    """An answer of the scripted agent, by default the newest."""
    return page.get_by_role("article", name="Scripted agent's answer").nth(number)


def card(page: Page, name: str) -> Locator:
    """A tool call by what its head says: its kind, its title and its state."""
    return page.get_by_role("button", name=name)


async def words(page: Page, number: int = -1) -> list[str]:
    """The words w0 w1 ... of an answer as they are shown."""
    text = await answer(page, number).inner_text()
    return [word for word in text.split() if word[0] == "w" and word[1:].isdigit()]


async def until(page: Page, condition: str) -> None:
    """Wait until an expression holds; Playwright's own way needs `eval`, which the page's policy forbids."""
    async with asyncio.timeout(LOOK_MS / 1000):
        while not await page.evaluate(condition):
            await asyncio.sleep(0.05)


async def mark(page: Page) -> None:
    """Remember this very document."""
    await page.evaluate(f"{MARK} = true")


async def is_marked(page: Page) -> bool:
    """Whether it is the document that was marked: it has not been loaded again."""
    return bool(await page.evaluate(f"{MARK} === true"))


async def scrolls_sideways(visit: Visit) -> bool:
    """Whether the page is wider than the window."""
    return bool(await visit.page.evaluate("document.scrollingElement.scrollWidth > innerWidth"))
