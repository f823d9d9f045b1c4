"""The way of a new person: the first project, a session by keyboard alone, what waits, stopping, the other pages."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.acceptance.harness import ServiceHarness
from tests.browser import seen
from tests.fixtures.browser import MakeVisit, Visit, login_url
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation, MakeInstallation

pytestmark = pytest.mark.asyncio(loop_scope="session")

LINK = re.compile(r"open\s+(http\S+)")


async def test_the_first_run_ends_with_an_answer(
    installation: MakeInstallation, visit: MakeVisit, project: Repository
) -> None:
    """By the link that `boocoder serve` prints, with the keyboard alone."""
    service = installation()
    await asyncio.to_thread(service.start)
    person = await visit(service, path=None)
    printed = LINK.search(await asyncio.to_thread(service.wait_said, "works once"))
    assert printed is not None
    await person.page.goto(printed[1])
    page = person.page
    await page.get_by_role("combobox", name="Repository folder").fill(str(project.path))
    await page.keyboard.press("Enter")
    await expect(person.composer).to_be_focused()
    await page.keyboard.type("[[think hm]] [[say all is well]]")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/sessions/"))
    await expect(seen.answer(page)).to_contain_text("all is well")
    await expect(page.get_by_role("navigation").get_by_role("link", name="all is well")).to_be_visible()


async def test_a_link_signs_in_once(visit: MakeVisit, served: Installation) -> None:
    first = await visit(served, path=None)
    other = await visit(served, path=None)
    link = await login_url(served)
    await first.page.goto(link)
    await expect(first.page.get_by_role("navigation", name="Sessions and pages")).to_be_visible()
    await other.page.goto(link)
    await expect(other.page.get_by_role("navigation", name="Sessions and pages")).to_be_hidden()
    other.forgive("401|403|404")


async def test_a_new_session_takes_two_keys(person: Visit, desk: ServiceHarness, project: Repository) -> None:
    first, _ = await desk.run("[[say hello]]")
    await person.open_session(first.session_id)
    await expect(seen.answer(person.page)).to_contain_text("hello")
    await person.page.get_by_role("log", name="Messages").focus()
    await person.page.keyboard.press("n")
    await expect(person.composer).to_be_focused()
    await person.page.keyboard.type("[[say one more]]")
    await person.page.keyboard.press("Enter")
    await expect(seen.answer(person.page)).to_contain_text("one more")
    assert first.session_id not in person.page.url


async def test_what_is_sent_during_a_turn_waits_for_its_end(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue("[[say first]] [[bash until test -e go; do sleep 0.05; done]] [[say ready]]")
    await person.open_session(created.session_id)
    await expect(person.page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    await person.write("[[say second]]")
    await expect(person.composer).to_have_value("")
    await expect(person.page.get_by_role("region", name="Queued messages")).to_contain_text("second")
    (person.service.data_dir / "worktrees" / created.session_id / "go").touch()
    await expect(seen.answer(person.page)).to_contain_text("second")
    answers = person.page.get_by_role("article", name="Scripted agent's answer")
    await expect(answers).to_have_count(2)
    await expect(answers.first).to_contain_text("ready")


async def test_a_turn_is_stopped_and_says_so(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue("[[say going]] [[hang]]")
    await person.open_session(created.session_id)
    await expect(seen.answer(person.page)).to_contain_text("going")
    await person.page.get_by_role("button", name="Stop", exact=True).click()
    ended = person.page.get_by_role("group", name="Outcome of the turn")
    await expect(ended).to_contain_text("Stopped")
    await expect(person.page.get_by_role("button", name="Stop", exact=True)).to_be_hidden()
    assert (await desk.task(created)).state == "cancelled"


async def test_a_failed_turn_names_reason_and_cure_and_is_sent_again(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue("[[say so far]] [[fail 500]]")
    await person.open_session(created.session_id)
    ended = person.page.get_by_role("group", name="Outcome of the turn")
    await expect(ended).to_contain_text("The scripted model answered with status 500.")
    await expect(ended).to_contain_text("Take the fail directive out of the prompt.")
    await expect(ended).to_contain_text("model_failed")
    await ended.get_by_role("button", name="Retry").click()
    await expect(ended).to_have_count(2)


async def test_tools_plan_and_thinking_are_shown_as_what_they_are(person: Visit, desk: ServiceHarness) -> None:
    prompt = "[[think let me see]] [[plan read; write]] [[write a.txt|one]] [[bash echo out; exit 3]] [[notice a note]]"
    created, _ = await desk.run(prompt)
    await person.open_session(created.session_id)
    page = person.page
    await expect(page.get_by_role("region", name="Plan, 0 of 2 done")).to_contain_text("read")
    await page.get_by_role("button", name="Thought").click()
    await expect(page.get_by_text("let me see", exact=True)).to_be_visible()
    await expect(seen.answer(page)).to_contain_text("a note")
    command = page.get_by_role("button", name=re.compile("echo out; exit 3, completed"))
    await expect(command).to_contain_text("exit 3")
    await command.click()
    await expect(page.get_by_text("exit code 3")).to_be_visible()
    await page.get_by_role("button", name=re.compile(r"a\.txt, completed")).click()
    await expect(seen.answer(page)).to_contain_text("one")


async def test_what_was_written_but_not_sent_is_kept(person: Visit, desk: ServiceHarness) -> None:
    created, _ = await desk.run("[[say hello]]")
    await person.open_session(created.session_id)
    await person.composer.fill("half a sentence")
    await person.go("/agents")
    await person.open_session(created.session_id)
    await expect(person.composer).to_have_value("half a sentence")


async def test_the_board_and_the_agents_are_told(person: Visit, desk: ServiceHarness) -> None:
    done, _ = await desk.run("[[say quick]]")
    waits = await desk.queue("[[permission bash|echo hi]]")
    await person.go("/tasks")
    waiting = person.page.get_by_role("region", name="Waiting for you")
    await expect(waiting.get_by_role("link", name="echo hi").first).to_be_visible()
    await expect(person.page.get_by_role("region", name="Ended")).to_contain_text("say quick")
    await waiting.get_by_role("link", name="echo hi").first.click()
    await expect(person.page).to_have_url(re.compile(waits.session_id))
    await person.page.get_by_role("button", name="Refuse").click()
    await person.go("/agents")
    await expect(person.page.get_by_role("heading", name="Scripted", exact=False).first).to_be_visible()
    assert done.session_id != waits.session_id


async def test_the_palette_finds_a_session_and_a_page(person: Visit, desk: ServiceHarness) -> None:
    created, _ = await desk.run("[[say the needle in the haystack]]")
    await person.page.reload()
    await expect(person.composer).to_be_visible()  # keys before that are nobody's
    await person.page.keyboard.press("Control+k")
    field = person.page.get_by_role("combobox", name="Search")
    await field.fill("needle in the haystack")
    await person.page.keyboard.press("Enter")
    await expect(person.page).to_have_url(re.compile(created.session_id))
    await person.page.keyboard.press("Control+k")
    await field.fill("Agents")
    await person.page.get_by_role("option", name="Agents").last.click()
    await expect(person.page).to_have_url(re.compile("/agents$"))


async def test_a_session_is_archived_and_brought_back(person: Visit, desk: ServiceHarness) -> None:
    await desk.run("[[say put me away]]")
    page = person.page
    await person.go("/agents")
    link = page.get_by_role("navigation", name="Sessions and pages").get_by_role("link", name="put me away")
    await page.get_by_role("button", name="Actions for [[say put me away]]").click()
    await page.get_by_role("menuitem", name="Archive").click()
    await expect(link).to_be_hidden()
    await page.get_by_role("button", name="archived").click()
    await expect(link).to_be_visible()
    await page.get_by_role("button", name="Actions for [[say put me away]]").click()
    await page.get_by_role("menuitem", name="Reopen").click()
    await page.get_by_role("button", name="all", exact=True).click()
    await expect(link).to_be_visible()


async def test_a_word_of_an_answer_is_found(person: Visit, desk: ServiceHarness) -> None:
    created, _ = await desk.run("[[say the flibbertigibbet stands in line 7]]")
    page = person.page
    await person.go("/tasks")  # at home the composer has the keyboard
    await expect(page.get_by_role("region", name="Ended")).to_be_visible()
    await page.keyboard.press("/")
    field = page.get_by_role("searchbox", name="Search all sessions")
    await expect(field).to_be_focused()
    await field.fill("flibbertigibbet")
    found = page.get_by_role("navigation", name="Sessions and pages").get_by_role("link", name="flibbertigibbet")
    await found.first.click()
    await expect(page).to_have_url(re.compile(created.session_id))
    await expect(seen.answer(page)).to_contain_text("flibbertigibbet")


async def test_the_header_names_place_agent_and_what_was_used(
    person: Visit, desk: ServiceHarness, project: Repository
) -> None:
    created, _ = await desk.run("[[say counted once]]")
    await person.open_session(created.session_id)
    facts = person.page.locator("header", has=person.page.get_by_role("heading", level=1))
    await expect(facts).to_contain_text(f"{project.path.name} · Scripted agent · 1 turn · 101 tokens")
    await desk.run("[[say counted twice]]", session=created.session_id)
    await expect(facts).to_contain_text("2 turns · 202 tokens")
