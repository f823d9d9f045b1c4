"""Agent, model, mode and thinking chosen by keyboard, slash commands, and why an agent is not to be had."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Locator, Route, WebSocketRoute, expect

from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Created
from tests.browser import seen
from tests.fakes.acp.harness import FAKE
from tests.fixtures.browser import MakeVisit, Visit
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANSWER = "fake's answer"
TITLES = {"scripted": "Scripted agent"}


class Chat(msgspec.Struct):
    """What the newest task of a chat was given to."""

    agent: str | None
    model: str | None
    mode: str | None
    thinking: str | None


@pytest.fixture(scope="session")
def choosy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running service with the scripted agent, and with one that offers models, modes and commands."""
    made = Installation(tmp_path_factory.mktemp("choosy"), {})
    config = made.home / ".config" / "boocoder" / "config.toml"
    config.parent.mkdir(parents=True)
    command = json.dumps([sys.executable, str(FAKE), "--store", str(made.home / "conversations")])
    config.write_text(f"[agents.fake]\ncommand = {command}\n")
    made.start()
    yield made
    made.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(choosy: Installation, project: Repository) -> AsyncIterator[ServiceHarness]:
    """A desk at that service."""
    async with choosy.client() as client:
        yield ServiceHarness(client, project.path)


@pytest_asyncio.fixture(loop_scope="session")
async def person(visit: MakeVisit, choosy: Installation) -> Visit:
    """Somebody signed in there."""
    return await visit(choosy)


def picker(person: Visit) -> Locator:
    """What opens the choice of agent and model; it says what is chosen."""
    return person.page.get_by_role("button", name="Agent and model")


def choice(person: Visit) -> Locator:
    """The choice itself."""
    return person.page.get_by_role("dialog", name="Agent and model")


async def opened(
    person: Visit, desk: ServiceHarness, prompt: str = "[[say hello]]", agent: str = "scripted"
) -> Created:
    """An open session."""
    created, ended = await desk.run(prompt, agent=agent)
    assert ended.outcome == "completed", ended
    await person.open_session(created.session_id)
    await expect(person.page.get_by_role("article", name=f"{TITLES.get(agent, agent)}'s answer").last).to_be_visible()
    return created


async def test_all_is_chosen_by_keyboard(person: Visit, desk: ServiceHarness) -> None:
    created = await opened(person, desk)
    keyboard = person.page.keyboard
    await person.composer.focus()
    await keyboard.press("Tab")
    await expect(picker(person)).to_be_focused()
    await keyboard.press("Enter")
    await expect(choice(person).get_by_role("radio", name="Scripted agent")).to_be_focused()
    fake = choice(person).get_by_role("radio", name=re.compile("^fake", re.IGNORECASE))
    await expect(fake).to_be_enabled()
    await keyboard.press("ArrowDown")
    await expect(fake).to_be_checked()
    await reach(person, choice(person).get_by_role("radio", name="Default (scripted-small)"))
    await keyboard.press("ArrowDown")
    await keyboard.press("ArrowDown")
    await expect(choice(person).get_by_role("radio", name="scripted-large")).to_be_checked()
    for name, key in (("Mode", "p"), ("Thinking", "h")):
        await reach(person, choice(person).get_by_role("combobox", name=name))
        await keyboard.press(key)
    await keyboard.press("Escape")
    await expect(choice(person)).to_be_hidden()
    await expect(picker(person)).to_be_focused()
    await expect(picker(person)).to_contain_text("fake · scripted-large · plan · high")
    await person.write("[[say over to me]]")
    await expect(person.page.get_by_role("article", name=ANSWER)).to_contain_text("over to me")
    chats = await desk.client.items(f"/api/sessions/{created.session_id}/chats", Chat)
    assert chats[-1] == Chat("fake", "scripted-large", "plan", "high")
    await person.page.reload()
    await expect(picker(person)).to_contain_text("fake · scripted-large · plan · high")


async def reach(person: Visit, wanted: Locator) -> None:
    """Press Tab until it has the keyboard."""
    for _ in range(8):
        if await wanted.evaluate("element => element === document.activeElement"):
            return
        await person.page.keyboard.press("Tab")
    await expect(wanted).to_be_focused()


async def test_an_agent_that_is_not_there_says_why_and_what_to_do(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk)
    await picker(person).click()
    await choice(person).get_by_role("button", name=re.compile(r"^\d+ not available")).click()
    await expect(choice(person)).to_contain_text("No model server is configured.")
    await expect(choice(person)).to_contain_text("Start your model server")
    await expect(choice(person).get_by_role("radio", name="native")).to_have_count(0)


async def test_an_agent_that_takes_over_is_announced(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk, agent="fake")
    await picker(person).click()
    await choice(person).get_by_role("radio", name="Scripted agent").check()
    await person.page.keyboard.press("Escape")
    await expect(
        person.page.get_by_text("Scripted agent takes over from fake and gets the conversation so far")
    ).to_be_visible()
    await person.write("[[say mine now]]")
    await expect(seen.answer(person.page)).to_contain_text("mine now")


async def test_a_command_is_offered_and_taken_by_keyboard(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk, agent="fake")
    commands = person.page.get_by_role("listbox", name="Commands of the agent").get_by_role("option")
    await person.composer.press_sequentially("/")
    await expect(commands).to_have_text(["/review Review the change"])
    await person.composer.press("Escape")
    await expect(commands).to_have_count(0)
    await expect(person.composer).to_have_value("/")
    await person.composer.press_sequentially("rev")
    await expect(commands).to_have_count(1)
    await person.composer.press("Enter")
    await expect(person.composer).to_have_value("/review ")
    await expect(commands).to_have_count(0)
    await person.composer.press_sequentially("[[say reviewed]]\n")
    await expect(person.page.get_by_role("article", name=ANSWER).last).to_contain_text("reviewed")
    await person.composer.press_sequentially("/nothing-of-this-name")
    await expect(commands).to_have_count(0)


async def test_commands_are_those_of_the_agent_that_is_chosen(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk)
    commands = person.page.get_by_role("listbox", name="Commands of the agent").get_by_role("option")
    await person.composer.press_sequentially("/re")
    await expect(commands).to_have_count(0)
    await picker(person).click()
    await choice(person).get_by_role("radio", name=re.compile("^fake", re.IGNORECASE)).check()
    await person.page.keyboard.press("Escape")
    await person.composer.press("v")  # the agent has not said a word in this chat yet
    await expect(commands).to_have_text(["/review Review the change"])


async def test_a_command_is_taken_by_pointer(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk, agent="fake")
    await person.composer.press_sequentially("/re")
    await person.page.get_by_role("option", name="/review").click()
    await expect(person.composer).to_have_value("/review ")
    await expect(person.composer).to_be_focused()


async def test_a_chat_keeps_its_agent_while_the_catalogue_loads(person: Visit, desk: ServiceHarness) -> None:
    """The catalogue of a service that has just started: empty, then without the chat's agent, then with another one."""
    created = await opened(person, desk, agent="fake")
    states: list[list[dict[str, object]]] = [[], [{**NO_AGENT, "name": "scripted", "title": "Scripted agent"}]]
    await person.page.route_web_socket(re.compile("/api/stream"), drop_agents)
    for agents in states:
        await person.page.route(re.compile("/api/agents$"), answering(agents))
        await person.page.reload()
        await expect(picker(person)).to_contain_text("fake")
        await person.write("[[say still me]]")
        await expect(person.page.get_by_role("article", name="fake's answer").last).to_contain_text("still me")
    messages = await desk.client.items(f"/api/sessions/{created.session_id}/chats", Chat)
    assert {chat.agent for chat in messages} == {"fake"}


NO_AGENT: dict[str, object] = {
    "state": "ready",
    "models": [],
    "modes": [],
    "thinking": [],
    "commands": [],
    "version": "",
    "default_model": None,
    "default_mode": None,
}


def answering(agents: list[dict[str, object]]) -> Callable[[Route], Awaitable[None]]:
    """Answers a request for the agents."""

    async def answer(route: Route) -> None:
        await route.fulfill(json=agents)

    return answer


def drop_agents(socket: WebSocketRoute) -> None:
    """Keep the socket's news of the agents from the page."""
    server = socket.connect_to_server()
    server.on_message(lambda message: None if '"type":"agents"' in str(message) else socket.send(message))
