"""Projects and what the list says of sessions: adding, where to start from, removing, silence, lost ways."""

from __future__ import annotations

import asyncio
import re
from uuid import uuid4

import pytest
from playwright.async_api import Locator, Page, expect

from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Created, Id
from tests.browser import seen
from tests.browser.page.test_looks import PHONE, assert_accessible
from tests.fixtures.browser import LOOK_MS, MakeVisit, Visit
from tests.fixtures.repository import MakeRepository, Repository
from tests.fixtures.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

SILENT = re.compile(r"silent for \d+ min")


def sidebar(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Sessions and pages")


def folder_field(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Repository folder")


async def open_adding(person: Visit) -> None:
    await person.page.get_by_text("Add a project", exact=True).click()
    await expect(folder_field(person.page)).to_be_visible()


async def test_a_project_is_found_folder_by_folder_with_the_keyboard(
    person: Visit, desk: ServiceHarness, repository: MakeRepository
) -> None:
    await desk.run("[[say hello]]")
    wanted = repository(name="places/needle")
    (wanted.path.parent / "neighbour").mkdir()
    await person.page.reload()
    await open_adding(person)
    page, field = person.page, folder_field(person.page)
    await field.fill(str(wanted.path.parent.parent / "pla"))
    offered = page.get_by_role("listbox", name="Folders").get_by_role("option")
    await expect(offered).to_have_text(["places"])
    await page.keyboard.press("ArrowDown")
    await expect(offered.first).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(field).to_have_value(f"{wanted.path.parent}/")
    await expect(offered).to_have_text(["needlegit repository", "neighbour"])
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(field).to_have_value(str(wanted.path))
    await expect(offered).to_have_count(0)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("combobox", name="Project")).to_have_value(re.compile("."))
    await expect(sidebar(page).get_by_role("heading", name="needle")).to_be_visible()


async def test_escape_closes_what_is_offered_and_any_text_may_be_sent(person: Visit, desk: ServiceHarness) -> None:
    await desk.run("[[say hello]]")
    await person.page.reload()
    await open_adding(person)
    page, field = person.page, folder_field(person.page)
    await field.fill("/")
    listbox = page.get_by_role("listbox", name="Folders")
    await expect(listbox).to_be_visible()
    await assert_accessible(page, "folders")
    await page.keyboard.press("Escape")
    await expect(listbox).to_be_hidden()
    await field.fill("/nowhere/at/all")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("There is nothing at '/nowhere/at/all'.")
    person.forgive("422")


async def add(desk: ServiceHarness, repository: Repository) -> str:
    """Make a repository a project; its id."""
    return (await desk.client.post("/api/projects", Id, {"path": str(repository.path)})).id


async def test_a_session_starts_from_a_branch_that_is_offered(
    person: Visit, desk: ServiceHarness, repository: MakeRepository
) -> None:
    place = repository(name="starting")
    place.git("branch", "fix/login")
    place.git("tag", "v1.0")
    await person.go(f"/?project={await add(desk, place)}")
    page = person.page
    await page.get_by_role("combobox", name="Start from").select_option("From a branch or commit")
    field = page.get_by_role("combobox", name="Branch, tag or commit")
    await expect(field).to_be_focused()
    offered = page.get_by_role("listbox", name="Branches, tags and commits").get_by_role("option")
    await expect(offered.filter(has_text="v1.0")).to_be_visible()
    await assert_accessible(page, "starts")
    await field.fill("login")
    await expect(offered).to_have_count(1)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(field).to_have_value("fix/login")
    await person.write("[[say from there]]")
    await expect(seen.answer(page)).to_contain_text("from there")
    session = page.url.rpartition("/")[2]
    assert b'"start_from":"fix/login"' in await desk.client.request("GET", f"/api/sessions/{session}")


async def test_a_project_is_taken_off_the_list_and_added_again(
    person: Visit, desk: ServiceHarness, repository: MakeRepository
) -> None:
    await add(desk, repository(name="staying"))  # without any project the page shows its first view again
    place = repository(name="passing")
    made = await desk.client.post("/api/sessions", Id, {"project_id": await add(desk, place), "title": "keep me"})
    await person.page.reload()
    page, listed = person.page, sidebar(person.page)
    session = listed.get_by_role("link", name="keep me")
    await expect(session).to_be_visible()
    await page.get_by_role("button", name="Actions for project passing").click()
    await page.get_by_role("menuitem", name="Remove from the list").click()
    asked = page.get_by_role("alertdialog", name="Remove passing from the list?")
    await expect(asked).to_contain_text("Nothing is deleted")
    await asked.get_by_role("button", name="Cancel").click()
    await expect(session).to_be_visible()
    await page.get_by_role("button", name="Actions for project passing").click()
    await page.get_by_role("menuitem", name="Remove from the list").click()
    await asked.get_by_role("button", name="Remove").click()
    await expect(listed.get_by_role("heading", name="passing")).to_be_hidden()
    await page.get_by_role("button", name="archived").click()
    await expect(session).to_be_visible()
    await expect(listed.get_by_role("heading", name="passing")).to_contain_text("removed")
    await page.get_by_role("button", name="all", exact=True).click()
    await open_adding(person)
    await folder_field(page).fill(str(place.path))
    await page.keyboard.press("Enter")
    await expect(session).to_be_visible()
    assert (place.path / "README.md").exists() and made.id


async def test_a_project_at_work_is_not_removed(
    person: Visit, desk: ServiceHarness, repository: MakeRepository
) -> None:
    project_id = await add(desk, repository(name="toiling"))
    body = {"project_id": project_id, "agent": "scripted", "prompt": "[[say going]] [[hang]]"}
    created = await desk.client.post("/api/tasks", Created, body)
    await person.page.reload()
    page = person.page
    await page.get_by_role("button", name="Actions for project toiling").click()
    await page.get_by_role("menuitem", name="Remove from the list").click()
    await page.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
    told = page.get_by_role("alert").filter(has_text="Project toiling has work to do")
    await expect(told).to_contain_text("Cancel its tasks or let them end")
    await expect(sidebar(page).get_by_role("heading", name="toiling")).to_be_visible()
    await desk.cancel(created)
    person.forgive("409")


async def test_a_session_is_begun_from_a_projects_menu(
    person: Visit, desk: ServiceHarness, repository: MakeRepository
) -> None:
    project_id = await add(desk, repository(name="chosen"))
    await person.go("/agents")
    await person.page.get_by_role("button", name="Actions for project chosen").click()
    await person.page.get_by_role("menuitem", name="New session here").click()
    await expect(person.page.get_by_role("combobox", name="Project")).to_have_value(project_id)


async def test_a_turn_that_says_nothing_is_shown_as_silent(
    visit: MakeVisit, served: Installation, desk: ServiceHarness
) -> None:
    """The page's clock is advanced, not the service's: the row's content and the time of its request decide."""
    created = await desk.queue("[[say the last word]] [[hang]]")
    person = await visit(served, path="")
    page = person.page
    await page.clock.install()
    await person.open_session(created.session_id)
    await expect(seen.answer(page)).to_contain_text("the last word")
    row = sidebar(page).get_by_role("link", name="the last word")
    await expect(row).to_contain_text("working")
    await page.clock.fast_forward(61_000)
    await expect(row).to_contain_text(SILENT)
    await expect(seen.answer(page)).to_contain_text(SILENT)
    await assert_accessible(page, "a silent turn")
    await person.go("/tasks")
    task = page.get_by_role("region", name="Running").get_by_role("listitem").filter(has_text="the last word")
    await page.clock.fast_forward(61_000)
    await expect(task).to_contain_text(SILENT)
    await desk.cancel(created)
    await expect(row).to_contain_text("stopped")


async def test_a_turn_that_asks_is_waiting_and_not_silent(
    visit: MakeVisit, served: Installation, desk: ServiceHarness
) -> None:
    created = await desk.queue("[[say shall we]] [[permission bash|echo hi]]")
    person = await visit(served, path="")
    page = person.page
    await page.clock.install()
    await person.open_session(created.session_id)
    await expect(page.get_by_role("button", name="Refuse")).to_be_visible()
    await page.clock.fast_forward(200_000)
    row = sidebar(page).get_by_role("link", name="shall we")
    await expect(row).to_contain_text("waiting for you")
    await expect(seen.answer(page)).to_contain_text("Waiting for you")
    await expect(seen.answer(page)).not_to_contain_text(SILENT)
    await desk.cancel(created)


async def test_an_address_that_is_none_says_so_and_leads_home(person: Visit) -> None:
    page = person.page
    for address in ("/nowhere", f"/sessions/{uuid4()}", "/sessions/not-an-id"):
        await person.go(address)
        await expect(page.get_by_role("heading", name="Nothing here")).to_be_visible()
        await expect(sidebar(page)).to_be_visible()
    await assert_accessible(page, "an address that is none")
    await page.get_by_role("main").get_by_role("link", name="Start a session").click()
    await expect(page.get_by_role("heading", name="New session", level=1)).to_be_visible()
    person.forgive("404|422")


SCROLL_DOWN = """async (navigation) => {
  const scrolls = (one) => one.scrollHeight > one.clientHeight + 1 && getComputedStyle(one).overflowY !== "visible";
  const list = [...navigation.querySelectorAll("*")].find(scrolls);
  if (list) list.scrollTop += 200;
  await new Promise(requestAnimationFrame);
}"""


async def test_adding_and_removing_fit_a_phone(
    visit: MakeVisit, served: Installation, desk: ServiceHarness, repository: MakeRepository
) -> None:
    await add(desk, repository(name="pocket"))
    person = await visit(served, **PHONE)
    page = person.page
    await page.get_by_text("Add a project", exact=True).tap()
    await folder_field(page).fill("/")
    await expect(page.get_by_role("listbox", name="Folders")).to_be_visible()
    await seen.until(page, "document.documentElement.scrollWidth <= innerWidth")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Sessions", exact=True).tap()
    actions = page.get_by_role("button", name="Actions for project pocket")
    async with asyncio.timeout(LOOK_MS / 1000):
        while await actions.count() == 0:  # rows of a long list exist while they are in view
            await sidebar(page).evaluate(SCROLL_DOWN)
    await actions.tap()
    await page.get_by_role("menuitem", name="Remove from the list").tap()
    await page.get_by_role("alertdialog").get_by_role("button", name="Remove").tap()
    await expect(sidebar(page).get_by_role("heading", name="pocket")).to_be_hidden()


async def test_a_project_whose_folder_moved_is_marked_and_relinked(
    person: Visit, desk: ServiceHarness, repository: MakeRepository
) -> None:
    moving = repository({"only.txt": "here"}, name="moving")
    await ServiceHarness(desk.client, moving.path).run("[[write a.txt|one]]")
    now = moving.path.with_name("moved elsewhere")
    await asyncio.to_thread(moving.path.rename, now)
    await person.page.reload()
    page = person.page
    heading = sidebar(page).get_by_role("heading", name="moving")
    await expect(heading).to_contain_text("moved")
    await heading.hover()
    await page.get_by_role("button", name="Actions for project moving").click()
    await page.get_by_role("menuitem", name="Say where it is now…").click()
    dialog = page.get_by_role("dialog", name="Where is moving now?")
    await dialog.get_by_role("textbox", name="New folder").fill("/nowhere/at/all")
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_role("alert")).to_contain_text("There is nothing at")
    person.forgive("422")
    await dialog.get_by_role("textbox", name="New folder").fill(str(now))
    await dialog.get_by_role("button", name="Relink").click()
    await expect(dialog).to_be_hidden()
    await expect(heading).not_to_contain_text("moved")
