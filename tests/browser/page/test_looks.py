"""How every page looks: nothing that axe calls serious, light and dark, at a desk and on a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.acceptance.changes.test_review import replaced
from tests.acceptance.harness import ServiceHarness
from tests.browser import seen
from tests.fixtures.browser import MakeVisit, Visit
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
EVERYTHING = (
    "[[think let me see]] [[plan read; write]] [[read README.md]] [[bash echo out; exit 3]] [[notice a note]] "
    "[[say # A heading\n\nSome `code`, a [link](https://example.org/page), and\n\n```python\nprint('hello')\n```\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n]]" + replaced(3, 20)
)
BRIGHTNESS = (
    "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((sum, one) => sum + +one / 3, 0)"
)
# Fades have ended; those that never end, such as that of a working mark, are not waited for.
AT_REST = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const ends = (one) => one.playState === "running" && one.effect?.getComputedTiming().endTime !== Infinity;
  await frame();
  await frame();
  while (document.getAnimations().some(ends)) await frame();
}"""
AXE_OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],  # what passes is told by one element a rule, not by all of them
}
AXE_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


@dataclass
class Scenery:
    """Sessions in every state, made once."""

    done: str
    asks: str
    failed: str


@pytest_asyncio.fixture(loop_scope="session")
async def scenery(desk: ServiceHarness) -> AsyncIterator[Scenery]:
    """Sessions with something of everything."""
    done, _ = await desk.run(EVERYTHING)
    failed, _ = await desk.run("[[say so far]] [[fail 500]]")
    asks = await desk.queue("[[permission bash|echo hi]]")
    yield Scenery(done.session_id, asks.session_id, failed.session_id)
    await desk.cancel(asks)


async def assert_accessible(page: Page, where: str, options: dict[str, Any] = AXE_OPTIONS) -> None:
    """No serious or critical fault; animations have ended, so that half-seen colours are not judged."""
    await page.evaluate(AT_REST)
    if not await page.evaluate("'axe' in window"):
        await page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    found = await page.evaluate("async options => (await axe.run(document, options)).violations", options)
    grave = [fault for fault in found if fault["impact"] in ("serious", "critical")]
    told = [
        f"{fault['id']} ({fault['help']}): "
        + "; ".join(f"{node['html'][:160]} {node['failureSummary'][:200]}" for node in fault["nodes"][:4])
        for fault in grave
    ]
    assert not told, f"{where}:\n" + "\n".join(told)


async def assert_accessible_in_both_themes(page: Page, where: str) -> None:
    """Every rule in the light theme, and the rules about colours, the only ones that depend on it, in the dark one."""
    await assert_accessible(page, where)
    await page.emulate_media(color_scheme="dark")
    await seen.until(page, f"{BRIGHTNESS} < 60")
    await assert_accessible(page, f"{where}, dark", AXE_COLOURS)
    await page.emulate_media(color_scheme="light")


@pytest.mark.parametrize("size", ["desk", "phone"])
async def test_no_page_has_a_serious_fault(size: str, visit: MakeVisit, served: Installation, scenery: Scenery) -> None:
    person = await visit(served, color_scheme="light", reduced_motion="reduce", **(PHONE if size == "phone" else {}))
    page = person.page
    await expect(person.composer).to_be_visible()
    await assert_accessible_in_both_themes(page, "home")
    await person.open_session(scenery.done)
    await expect(seen.answer(page)).to_contain_text("A heading")
    await page.get_by_role("button", name="Thought").click()
    if size == "desk":
        await expect(page.get_by_role("region", name="at line 3, open")).to_be_visible()
    await assert_accessible_in_both_themes(page, "a session")
    if size == "phone":
        await page.get_by_role("button", name="Change", exact=False).first.click()
        await expect(page.get_by_role("complementary", name="Change")).to_be_visible()
        await assert_accessible_in_both_themes(page, "the change on a phone")
    await page.get_by_role("tab", name="History").click()
    await expect(page.get_by_role("slider")).to_be_visible()
    await assert_accessible_in_both_themes(page, "history")
    await person.open_session(scenery.failed)
    await expect(page.get_by_role("group", name="Outcome of the turn")).to_be_visible()
    await assert_accessible_in_both_themes(page, "a failed turn")
    await person.open_session(scenery.asks)
    await expect(page.get_by_role("button", name="Allow once")).to_be_visible()
    await assert_accessible_in_both_themes(page, "a permission")
    await person.go("/tasks")
    await expect(page.get_by_role("region", name="Ended")).to_contain_text("A heading")
    await assert_accessible_in_both_themes(page, "tasks")
    await person.go("/agents")
    await expect(page.get_by_role("heading", name="Agents", level=1)).to_be_visible()
    await expect(page.get_by_role("listitem").first).to_be_visible()
    await assert_accessible_in_both_themes(page, "agents")
    await person.go("/settings")
    await expect(page.get_by_role("checkbox", name="Desktop notifications")).to_be_visible()
    await assert_accessible_in_both_themes(page, "settings")


async def test_no_dialog_has_a_serious_fault(visit: MakeVisit, served: Installation, scenery: Scenery) -> None:
    person = await visit(served, color_scheme="light", reduced_motion="reduce")
    page = person.page
    await person.open_session(scenery.done)
    await page.get_by_role("button", name="Apply…").click()
    await expect(page.get_by_role("dialog", name="Apply the change")).to_be_visible()
    await assert_accessible_in_both_themes(page, "applying")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Agent and model").click()
    await expect(page.get_by_role("dialog", name="Agent and model")).to_be_visible()
    await assert_accessible_in_both_themes(page, "agent and model")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox", name="Search")).to_be_visible()
    await assert_accessible_in_both_themes(page, "the palette")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("combobox", name="Search")).to_be_hidden()
    await page.get_by_role("log", name="Messages").focus()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await assert_accessible_in_both_themes(page, "shortcuts")


async def test_a_phone_shows_everything_without_scrolling_sideways(
    visit: MakeVisit, served: Installation, scenery: Scenery
) -> None:
    person = await visit(served, **PHONE)
    page = person.page
    for path in ("/", f"/sessions/{scenery.done}", f"/sessions/{scenery.asks}", "/tasks", "/agents", "/settings"):
        await person.go(path)
        await expect(page.get_by_role("heading", level=1)).to_have_count(1)
        assert not await seen.scrolls_sideways(person), path
    await person.go("/")
    await page.get_by_role("button", name="Sessions", exact=True).tap()
    await page.get_by_role("link", name="A heading").first.tap()
    await expect(seen.answer(page)).to_contain_text("A heading")
    await expect(page.get_by_role("button", name="Close the list")).to_be_hidden()
    await page.get_by_role("button", name="Change", exact=False).first.tap()
    part = page.get_by_role("region", name="at line 3, open")
    await part.get_by_role("button", name="Accept").tap()
    await expect(page.get_by_role("region", name="at line 3, accepted")).to_be_visible()
    assert not await seen.scrolls_sideways(person)


async def test_a_phone_answers_and_writes(visit: MakeVisit, served: Installation, desk: ServiceHarness) -> None:
    created = await desk.queue("[[permission bash|echo hi]] [[say thanks]]")
    person = await visit(served, **PHONE)
    await person.open_session(created.session_id)
    await person.page.get_by_role("button", name="Allow once").tap()
    await expect(seen.answer(person.page)).to_contain_text("thanks")
    await person.composer.fill("[[say you are welcome]]")
    await person.page.get_by_role("button", name="Send", exact=True).tap()
    await expect(seen.answer(person.page)).to_contain_text("you are welcome")


async def test_the_theme_follows_the_system_until_one_is_chosen(person: Visit) -> None:
    page = person.page
    await person.go("/")
    await page.emulate_media(color_scheme="light")
    await seen.until(page, f"{BRIGHTNESS} > 200")
    await page.emulate_media(color_scheme="dark")
    await seen.until(page, f"{BRIGHTNESS} < 60")
    await page.get_by_role("button", name="Theme: system").click()
    await expect(page.get_by_role("button", name="Theme: light")).to_be_visible()
    await seen.until(page, f"{BRIGHTNESS} > 200")
    await page.reload()
    await seen.until(page, f"{BRIGHTNESS} > 200")


async def test_the_page_says_what_it_is_for_where_there_is_nothing(
    person: Visit, desk: ServiceHarness, project: Repository
) -> None:
    created, _ = await desk.run("[[say no change]]")
    await person.open_session(created.session_id)
    await expect(person.page.get_by_text("No change to review.")).to_be_visible()
