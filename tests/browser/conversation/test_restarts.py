"""A chat and a new session keep their agent and model while the service starts again, at whatever moment."""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.acceptance.harness import ServiceHarness
from tests.fakes.acp.harness import FAKE
from tests.fixtures.browser import OFFLINE, MakeVisit, Visit
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation, MakeInstallation

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(600)]

RESTARTS = 3
MODEL = "scripted-large"
# Notes every word that the picker has shown.
WATCH = """
window.shown = [];
const note = () => {
  const picker = document.querySelector('button[aria-label^="Agent and model"]');
  const words = picker && picker.textContent;
  if (words && words !== window.shown.at(-1)) window.shown.push(words);
};
new MutationObserver(note).observe(document, { childList: true, subtree: true, characterData: true });
"""
CONFIG = """
default_agent = "scripted"
[agents.fake]
command = {command}
"""


class Given(msgspec.Struct):
    """To whom a task was given."""

    session_id: str
    agent: str
    model: str | None


@pytest_asyncio.fixture(loop_scope="session")
async def frail(installation: MakeInstallation) -> AsyncIterator[Installation]:
    """A service that is stopped and started again, with the scripted agent by default and another one."""
    made = installation({"BOOCODER_DRAIN_S": "0.3"})
    config = made.home / ".config" / "boocoder" / "config.toml"
    config.parent.mkdir(parents=True)
    command = json.dumps([sys.executable, str(FAKE), "--store", str(made.home / "conversations")])
    config.write_text(CONFIG.format(command=command))
    await asyncio.to_thread(made.start)
    made.settings = {**made.settings, "BOOCODER_PORT": str(urlsplit(made.url).port)}
    yield made
    await asyncio.to_thread(made.stop)


@pytest.mark.parametrize("place", ["session", "new session"])
async def test_no_restart_changes_the_agent_that_is_shown(
    place: str, frail: Installation, visit: MakeVisit, project: Repository
) -> None:
    chance = random.Random(place)
    person = await visit(frail, path="")
    address = await begin(frail, project)
    await person.page.add_init_script(WATCH)
    await person.go(address if place == "session" else "/")
    if place == "new session":
        await choose(person)
    await expect(picker(person)).to_contain_text(f"fake · {MODEL}")
    await person.page.evaluate("window.shown = []")
    for number in range(RESTARTS):
        restart = asyncio.create_task(asyncio.to_thread(restart_service, frail, kill=chance.random() < 0.5))
        written = chance.random()
        while not restart.done():
            await act(person, chance)
        if written < 0.5:  # before the page is connected again
            await person.composer.fill(f"[[say number {number}]]")
            await person.composer.press("Enter")
        await restart
        await expect(person.page.get_by_text("No connection to the service.")).to_be_hidden()
        if written >= 0.5 or await person.composer.input_value():
            await person.write(f"[[say number {number}]]")
        answer = person.page.get_by_role("article", name="fake's answer").last
        await expect(answer).to_contain_text(f"number {number}")
        if place == "new session":
            await person.page.get_by_role("link", name="New session").first.click()
            await expect(person.composer).to_have_value("")
    shown = await person.page.evaluate("window.shown")
    assert [one for one in shown if not one.startswith(f"fake · {MODEL}")] == []
    async with frail.client() as client:
        given = await client.items("/api/tasks", Given)
    assert {(one.agent, one.model) for one in given} == {("fake", MODEL)}
    person.forgive(OFFLINE)


def restart_service(service: Installation, *, kill: bool) -> None:
    if kill:
        service.kill()
    else:
        service.stop()
    service.start()


async def begin(service: Installation, project: Repository) -> str:
    """The address of a session whose chat has an agent and a model that are not the default ones."""
    async with service.client() as client:
        desk = ServiceHarness(client, project.path)
        created = await desk.queue("[[say hello]]", agent="fake", model=MODEL)
        await desk.follow(created)
    return f"/sessions/{created.session_id}"


def picker(person: Visit) -> Locator:
    return person.page.get_by_role("button", name="Agent and model")


async def choose(person: Visit) -> None:
    """Choose agent and model for a new session."""
    await picker(person).click()
    dialog = person.page.get_by_role("dialog", name="Agent and model")
    await dialog.get_by_role("radio", name=re.compile("^fake", re.IGNORECASE)).click()
    await dialog.get_by_role("radio", name=MODEL).click()
    await person.page.keyboard.press("Escape")


async def act(person: Visit, chance: random.Random) -> None:
    """Do something that decides nothing, as somebody who waits does."""
    match chance.randrange(4):
        case 0:
            await person.composer.press("x")
        case 1:
            await person.composer.press("Backspace")
        case 2:
            await person.page.mouse.move(chance.randrange(1200), chance.randrange(700))
        case _:
            await person.page.evaluate("window.dispatchEvent(new Event('focus'))")
