"""The shell in a session's worktree: what is typed and shown, its size and colours, how it is left, and how it ends."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import FrameLocator, Locator, expect

from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Id
from tests.browser import seen
from tests.browser.hostile import ESC
from tests.fixtures.browser import MakeVisit, Visit
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

TITLE = "Terminal of the agent's copy"
OPEN = "A shell in the agent's copy, running as you"


def tab(person: Visit, name: str = "Terminal") -> Locator:
    """One of the tabs beside the conversation."""
    return person.page.get_by_role("complementary", name="Change").get_by_role("tab", name=name)


def inside(person: Visit) -> FrameLocator:
    """The document that draws the terminal."""
    return person.page.frame_locator(f'iframe[title="{TITLE}"]')


def screen(person: Visit) -> Locator:
    """What the terminal shows."""
    return inside(person).locator(".xterm-rows")


async def type_line(person: Visit, line: str) -> None:
    """Type a command and Enter."""
    await inside(person).get_by_role("textbox", name="Terminal").press_sequentially(f"{line}\n")


async def opened(person: Visit, desk: ServiceHarness, prompt: str = "[[write notes.txt|from the agent]]") -> str:
    """A session with a worktree, its terminal open; the session's id."""
    created, _ = await desk.run(prompt)
    await person.open_session(created.session_id)
    await tab(person).click()
    await expect(person.page.get_by_text(OPEN)).to_be_visible()
    return created.session_id


async def test_a_command_runs_in_the_agents_copy(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk)
    await type_line(person, "cat notes.txt; echo in $PWD > where.txt; echo and$((40 + 2))more")
    await expect(screen(person)).to_contain_text("from the agent")
    await expect(screen(person)).to_contain_text("and42more")


async def test_the_terminal_outlives_its_tab_and_a_reload(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk)
    await type_line(person, "kept=still-the-same; echo be$((1 + 1))fore")
    await expect(screen(person)).to_contain_text("be2fore")
    await tab(person, "Change").click()
    await expect(screen(person)).to_be_hidden()
    await tab(person).click()
    await expect(screen(person)).to_contain_text("be2fore")
    await type_line(person, "echo $kept-shell")
    await expect(screen(person)).to_contain_text("still-the-same-shell")
    await person.page.reload()
    await tab(person).click()
    await expect(screen(person)).to_contain_text("still-the-same-shell")


async def test_the_shell_knows_how_large_the_screen_is(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk)
    size = re.compile(r"size (\d+) (\d+);")

    async def told(mark: str) -> tuple[int, int]:
        await type_line(person, f"clear; echo size $(stty size)\\; {mark}$((1 + 1))")
        await expect(screen(person)).to_contain_text(f"{mark}2")
        found = size.search(await screen(person).inner_text())
        assert found is not None
        return int(found[1]), int(found[2])

    async def drawn() -> int:
        return await screen(person).locator("> div").count()

    rows, _ = await told("first")
    assert rows == await drawn()
    await person.page.set_viewport_size({"width": 1600, "height": 500})
    await expect(screen(person).locator("> div")).not_to_have_count(rows)
    smaller, _ = await told("second")
    assert smaller == await drawn() < rows


async def test_colours_are_shown(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk)
    await type_line(person, r"printf '\033[31mr%sd\033[0m pl%sin\n' e a")
    red = screen(person).locator("span").filter(has_text=re.compile("^red$"))
    plain = screen(person).locator("span").filter(has_text="plain")
    await expect(plain).to_be_visible()
    colours = [await one.evaluate("element => getComputedStyle(element).color") for one in (red, plain)]
    assert colours[0] != colours[1]


async def test_the_shells_end_is_told_and_another_one_begun(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk)
    await type_line(person, "exit 3")
    await expect(person.page.get_by_text("The shell exited with code 3.")).to_be_visible()
    await person.page.get_by_role("button", name="Restart").click()
    await expect(person.page.get_by_text(OPEN)).to_be_visible()
    await type_line(person, "echo an$((10 + 1))other")
    await expect(screen(person)).to_contain_text("an11other")


async def test_the_keyboard_gets_out(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk)
    await inside(person).get_by_role("textbox", name="Terminal").press("Shift+Escape")
    await expect(person.page.get_by_role("button", name="Shift+Esc leaves the terminal")).to_be_focused()


async def test_hostile_output_stays_in_the_terminal(person: Visit, desk: ServiceHarness, project: Repository) -> None:
    told = (
        f"{ESC}]0;hit{ESC}\\{ESC}]8;;javascript:hit()\a click {ESC}]8;;\a{ESC}]52;c;aGl0\a"
        f"{ESC}P+q544e{ESC}\\{ESC}[?1049h"
        f"<img src=https://hit.example/x onerror=hit()> <script>hit()</script> canary"
    )
    project.write("hostile.txt", told)
    project.commit()
    await person.page.add_init_script("window.hit = () => { window.wasHit = true; }")
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    await opened(person, desk)
    title = await person.page.title()
    await type_line(person, "cat hostile.txt")
    await expect(screen(person)).to_contain_text("canary")
    await expect(screen(person)).to_contain_text("<script>hit()</script>")
    assert await person.page.title() == title
    assert not await person.page.evaluate("window.wasHit === true")
    assert not [url for url in asked if "hit.example" in url]


async def test_without_a_worktree_no_terminal_is_asked_for(person: Visit, desk: ServiceHarness) -> None:
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    project = await desk.client.post("/api/projects", Id, {"path": str(desk.project)})
    session = await desk.client.post("/api/sessions", Id, {"project_id": project.id})
    await person.open_session(session.id)
    await expect(tab(person, "History")).to_be_visible()
    await person.page.get_by_role("tab", name="History").click()
    await expect(person.page.get_by_text("No snapshots yet.")).to_be_visible()
    await expect(tab(person)).to_be_hidden()
    assert not [url for url in asked if url.endswith("/terminal")]
    await person.write("[[say hello]]")
    await expect(seen.answer(person.page)).to_contain_text("hello")
    await expect(tab(person)).to_be_visible()


async def interrupt(person: Visit) -> None:
    """Type Ctrl C by the key that holds Ctrl for the next character."""
    ctrl = person.page.get_by_role("button", name="Ctrl")
    await ctrl.tap()
    await expect(ctrl).to_have_attribute("aria-pressed", "true")
    await inside(person).get_by_role("textbox", name="Terminal").press_sequentially("c")
    await expect(ctrl).to_have_attribute("aria-pressed", "false")


async def test_a_phone_has_the_keys_that_its_keyboard_lacks(
    visit: MakeVisit, served: Installation, desk: ServiceHarness
) -> None:
    created, _ = await desk.run("[[write notes.txt|one]]")
    person = await visit(served, viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True)
    await person.open_session(created.session_id)
    await person.page.get_by_role("button", name="Change").tap()
    await tab(person).tap()
    await expect(person.page.get_by_text(OPEN)).to_be_visible()
    keys = person.page.get_by_role("toolbar", name="Keys")
    await type_line(person, "echo first$((40 + 2))")
    await expect(screen(person)).to_contain_text("first42")
    await keys.get_by_role("button", name="Up").tap()
    await expect(screen(person)).to_contain_text(re.compile(r"first42.*echo first\$", re.DOTALL))
    await interrupt(person)
    await type_line(person, "cat -v")
    await expect(screen(person)).to_contain_text(re.compile(r"cat -v\s*$"))
    for name in ("Escape", "Tab", "Left"):
        await keys.get_by_role("button", name=name).tap()
    await type_line(person, "end")
    await expect(screen(person)).to_contain_text("^[[Dend")
    await interrupt(person)
    await type_line(person, "echo out$((1 + 1))")
    await expect(screen(person)).to_contain_text("out2")
