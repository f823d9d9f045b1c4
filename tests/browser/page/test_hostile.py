"""Hostile strings wherever an agent may put them: nothing is run, loaded or hidden, and everything is shown."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

from boocoder.client.http_client import Client
from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Created, Id
from tests.browser import seen
from tests.browser.hostile import HOSTILE, canary, file_name, in_one_line, with_canaries
from tests.fixtures.browser import LOOK_MS, MakeVisit, Visit
from tests.fixtures.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

TRAP = "window.hits = 0; window.hit = () => { window.hits++; return true }; window.name = ''"
# What must never be in the page: active elements, handlers, addresses that run, links without protection.
INSPECT = r"""() => {
  const bad = [];
  const tell = (why, element) => bad.push(`${why}: ${element.outerHTML.slice(0, 160)}`);
  const active = 'script,iframe,object,embed,base,meta,link,style,video,audio,img,template,math,form[action],[srcdoc]';
  for (const element of document.body.querySelectorAll(active)) tell('element', element);
  const controls = '\\u0001-\\u0008\\u000b-\\u001f\\u007f-\\u009f';
  const hidden = new RegExp(`[\\u200b\\u200e\\u200f\\u061c\\u202a-\\u202e\\u2066-\\u2069\\u2060\\ufeff${controls}]`);
  for (const element of document.body.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name)) tell('handler', element);
      const address = /^(href|src|action|formaction|xlink:href|data|poster)$/i.test(name);
      if (address && !/^(https?:|mailto:|\/|#)/i.test(value)) tell('address', element);
      if (/^(aria-label|title|alt|placeholder)$/.test(name) && hidden.test(value)) tell(`hidden in ${name}`, element);
    }
  }
  for (const link of document.querySelectorAll('[role=log] a[href]')) {
    const safe = link.target === '_blank' && link.relList.contains('noopener') && link.relList.contains('noreferrer');
    if (!safe || link.host === location.host) tell('link', link);
  }
  const turned = hidden.exec(document.body.innerText);
  if (turned) bad.push(`hidden character U+${turned[0].charCodeAt(0).toString(16)} near `
    + JSON.stringify(document.body.innerText.slice(Math.max(0, turned.index - 60), turned.index + 30)));
  return [...bad.slice(0, 20), ...(window.hits ? [`run ${window.hits} times`] : [])];
}"""
UNFOLD = """() => {
  const folded = document.querySelectorAll('[role=log] button[aria-expanded=false]');
  for (const button of folded) button.click();
  return folded.length;
}"""
SCRIPTS = {
    "text": lambda one: f"[[think (between)]] [[say {one}]]",
    "thinking": lambda one: f"[[say (between)]] [[think {one}]]",
    "tools": lambda one: f'[[tool {in_one_line(one)}|{{"command": "{in_one_line(one)}"}}]]',
    "notices": lambda one: f"[[notice {one}]]",
    "commands": lambda one: f"[[bash cat <<'END'\n{one}\nEND\n]]",
}


class Requests(list[str]):
    """Every address that the browser asked for elsewhere than at the service."""


async def guarded(visit: MakeVisit, service: Installation) -> tuple[Visit, Requests]:
    """A visit with a trap in every document, and an ear on the network."""
    person = await visit(service, path="")
    elsewhere, home = Requests(), urlsplit(service.url).netloc
    person.context.on(
        "request",
        lambda asked: elsewhere.append(asked.url) if urlsplit(asked.url).netloc not in (home, "") else None,
    )
    await person.context.add_init_script(TRAP)
    return person, elsewhere


async def unfold(page: Page) -> None:
    """Open everything that can be opened in the conversation."""
    for _ in range(6):
        if not await page.evaluate(UNFOLD):
            return
        await page.wait_for_timeout(300)


async def assert_harmless(page: Page, elsewhere: Requests) -> None:
    assert await page.evaluate(INSPECT) == []
    assert elsewhere == [], "something was loaded from elsewhere"


async def assert_all_shown(page: Page) -> None:
    shown = await page.get_by_role("log", name="Messages").text_content() or ""
    answer = await seen.answer(page).text_content() or ""
    missing = [HOSTILE[number][:80] for number in range(len(HOSTILE)) if canary(number) not in answer]
    assert shown and not missing, f"{len(missing)} strings are not to be seen: {missing[:5]}"


@pytest.mark.parametrize("carrier", SCRIPTS)
async def test_nothing_that_an_agent_says_is_run(
    carrier: str, visit: MakeVisit, served: Installation, desk: ServiceHarness
) -> None:
    assert len(HOSTILE) >= 60
    created = await said(desk, " ".join(SCRIPTS[carrier](one) for one in with_canaries()))
    person, elsewhere = await guarded(visit, served)
    await person.open_session(created.session_id)
    await expect(seen.answer(person.page)).to_contain_text("in context")
    await unfold(person.page)
    await assert_all_shown(person.page)
    await assert_harmless(person.page, elsewhere)


async def test_hostile_plans_and_questions_are_shown_as_text(
    visit: MakeVisit, served: Installation, desk: ServiceHarness
) -> None:
    lines = [in_one_line(one) for one in with_canaries()]
    created = await desk.queue(f"[[plan {'; '.join(lines)}]] [[question {lines[0]} {lines[-5]}|{'; '.join(lines)}]]")
    person, elsewhere = await guarded(visit, served)
    await person.open_session(created.session_id)
    await expect(person.page.get_by_role("radio")).to_have_count(len(lines))
    await expect(person.page.get_by_role("region", name="Plan").get_by_role("listitem")).to_have_count(len(lines))
    await assert_all_shown(person.page)
    await assert_harmless(person.page, elsewhere)
    await person.page.get_by_role("radio").first.check()
    await person.page.get_by_role("button", name="Answer", exact=True).click()
    await expect(seen.answer(person.page)).to_contain_text("in context")
    await assert_harmless(person.page, elsewhere)


async def test_hostile_permissions_are_shown_as_text(
    visit: MakeVisit, served: Installation, desk: ServiceHarness
) -> None:
    person, elsewhere = await guarded(visit, served)
    chosen = [one for one in with_canaries() if any(mark in one for mark in ("<img", "\u202e", "\x1b[2J", "\u2066"))]
    for one in chosen[:4] + chosen[-3:]:
        created = await desk.queue(f"[[permission {in_one_line(one)}|{one}]]")
        await person.open_session(created.session_id)
        await expect(person.page.get_by_role("button", name="Allow once")).to_be_visible()
        await expect(person.page.get_by_role("log", name="Messages")).to_contain_text(one[-9:])
        await assert_harmless(person.page, elsewhere)
        await person.page.get_by_role("button", name="Refuse").click()
        await expect(seen.answer(person.page)).to_contain_text("refused by you")


async def test_hostile_files_are_shown_as_text(visit: MakeVisit, served: Installation, desk: ServiceHarness) -> None:
    named = [(file_name(one), one[:2_000]) for one in with_canaries()]
    created = await said(desk, " ".join(f"[[write {name}|{text}]]" for name, text in named))
    person, elsewhere = await guarded(visit, served)
    page = person.page
    await person.open_session(created.session_id)
    await expect(page.get_by_role("complementary", name="Change")).to_contain_text(f"{len(named)} files")
    listed = page.get_by_role("navigation", name="Files of the change")
    await listed.get_by_role("searchbox", name="Filter files").fill(canary(0))
    await expect(listed).to_contain_text(canary(0))
    await listed.get_by_role("searchbox", name="Filter files").fill("")
    await unfold(page)
    await assert_harmless(page, elsewhere)
    differences = page.get_by_role("group", name=re.compile("^Differences"))
    for _ in range(12):
        await differences.evaluate("box => box.scrollBy(0, box.clientHeight * 2)")
        await page.wait_for_timeout(150)
        await assert_harmless(page, elsewhere)


async def test_hostile_titles_are_shown_as_text_in_every_list(
    visit: MakeVisit, served: Installation, desk: ServiceHarness
) -> None:
    project = (await desk.client.post("/api/projects", Id, {"path": str(desk.project)})).id
    titles = [in_one_line(one)[-190:] for one in with_canaries()]
    for title in reversed(titles):  # the list has the newest first
        await titled(desk.client, project, title)
    person, elsewhere = await guarded(visit, served)
    await person.go("/")
    navigation = person.page.get_by_role("navigation", name="Sessions and pages")
    await expect(navigation).to_contain_text(canary(0))
    await navigation.hover()
    async with asyncio.timeout(LOOK_MS / 1000):
        while await navigation.get_by_text(canary(len(titles) - 1)).count() == 0:  # rows exist while they are in view
            await assert_harmless(person.page, elsewhere)
            await person.page.mouse.wheel(0, 200)
    await assert_harmless(person.page, elsewhere)
    for path in ("/tasks", "/"):
        await person.go(path)
        await expect(navigation).to_contain_text(canary(1))
        await assert_harmless(person.page, elsewhere)
    await person.page.keyboard.press("Control+k")
    await person.page.get_by_role("combobox", name="Search").fill("canary00")
    await expect(person.page.get_by_role("option").first).to_be_visible()
    await assert_harmless(person.page, elsewhere)


async def titled(client: Client, project_id: str, title: str) -> None:
    """A session of this title."""
    await client.post("/api/sessions", Id, {"project_id": project_id, "title": title.strip()})


async def said(desk: ServiceHarness, prompt: str) -> Created:
    """Run a hostile script to its end."""
    created, ended = await desk.run(prompt)
    assert ended.outcome == "completed", ended
    return created
