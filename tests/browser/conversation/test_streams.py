"""Text as it comes: two sessions at once, a reload in the middle, a lost line, the service restarted in the middle."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Page, WebSocketRoute, expect

from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Created
from tests.browser.seen import answer, is_marked, mark, words
from tests.fixtures.browser import OFFLINE, MakeVisit, Visit
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation, MakeInstallation

pytestmark = pytest.mark.asyncio(loop_scope="session")

SLOW = "[[delay 0.03]] [[tokens 400]]"  # two words each 30 ms: at least six seconds
ENDLESS = "[[delay 0.03]] [[tokens 40000]]"


@pytest_asyncio.fixture(loop_scope="session")
async def frail(installation: MakeInstallation) -> AsyncIterator[Installation]:
    """A service that the test may stop and kill; it does not wait for turns when it stops."""
    made = installation({"BOOCODER_DRAIN_S": "0.3"})
    await asyncio.to_thread(made.start)
    made.settings = {**made.settings, "BOOCODER_PORT": str(urlsplit(made.url).port)}
    yield made
    await asyncio.to_thread(made.stop)


async def stored_words(desk: ServiceHarness, created: Created) -> list[str]:
    """The words that the database has of the task's answer."""
    return (await desk.answer(created)).split()


async def test_two_sessions_stream_at_once_in_two_tabs(person: Visit, desk: ServiceHarness) -> None:
    (one, _), (other, _) = await asyncio.gather(desk.run("[[say hello]]"), desk.run("[[say hello]]"))
    await person.open_session(one.session_id)
    tab = await person.tab(f"/sessions/{other.session_id}")
    for page in (person.page, tab):  # both are open before the first word
        await expect(answer(page)).to_contain_text("hello")
    first, second = await asyncio.gather(*(desk.queue(SLOW, session=made.session_id) for made in (one, other)))
    for page in (person.page, tab):
        await expect(answer(page)).to_contain_text("w10 ")
    seen = [len(await words(page)) for page in (person.page, tab)]
    assert all(count < 400 for count in seen), f"one of them was over before the other began: {seen}"
    for page, created in ((person.page, first), (tab, second)):
        await expect(answer(page)).to_contain_text("w399")
        assert await words(page) == await stored_words(desk, created)


async def test_two_tabs_of_one_session_show_the_same(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue(SLOW)
    await person.open_session(created.session_id)
    await expect(answer(person.page)).to_contain_text("w20 ")
    tab = await person.tab(f"/sessions/{created.session_id}")
    for page in (person.page, tab):
        await expect(answer(page)).to_contain_text("w399")
        assert await words(page) == await stored_words(desk, created)


async def test_a_reload_in_the_middle_loses_and_doubles_nothing(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue(SLOW)
    await person.open_session(created.session_id)
    for step in (20, 60, 100):
        await expect(answer(person.page)).to_contain_text(f"w{step} ")
        await person.page.reload()
    person.forgive(OFFLINE)  # a socket that was just being opened
    await expect(answer(person.page)).to_contain_text("w399")
    assert await words(person.page) == await stored_words(desk, created)


@pytest.mark.parametrize("how", ["stopped", "killed"])
async def test_the_page_catches_up_when_the_service_was_restarted(
    how: str, frail: Installation, visit: MakeVisit, project: Repository
) -> None:
    person = await visit(frail)
    async with frail.client() as client:
        desk = ServiceHarness(client, project.path)
        created = await desk.queue(ENDLESS)
        await person.open_session(created.session_id)
        await mark(person.page)
        await expect(answer(person.page)).to_contain_text("w40 ")
        await asyncio.to_thread(frail.kill if how == "killed" else frail.stop)
        await expect(person.page.get_by_text("No connection to the service.")).to_be_visible()
        await asyncio.to_thread(frail.start)
        ended = person.page.get_by_role("group", name="Outcome of the turn")
        await expect(ended).to_contain_text("Interrupted")
        await expect(person.page.get_by_text("No connection to the service.")).to_be_hidden()
    async with frail.client() as client:
        desk = ServiceHarness(client, project.path)
        assert len(shown := await words(person.page)) >= 40
        assert shown == await stored_words(desk, created)
        await person.write("[[tokens 50]]")
        await expect(answer(person.page)).to_contain_text("w49")
    assert await is_marked(person.page), "the page was loaded again"
    person.forgive(OFFLINE)


class Line:
    """The page's line to the service, which can be cut and mended."""

    def __init__(self) -> None:
        self.whole = True
        self._open: list[WebSocketRoute] = []

    async def lay(self, page: Page) -> None:
        """Have every WebSocket of the page go through here."""
        await page.route_web_socket("**/api/stream", self._opened)

    async def _opened(self, route: WebSocketRoute) -> None:
        if not self.whole:
            await route.close(code=1001)
            return
        route.connect_to_server()
        self._open.append(route)

    async def cut(self) -> None:
        """Lose what is open, and whatever is opened from now on."""
        self.whole = False
        lost, self._open = self._open, []
        for route in lost:
            await route.close(code=1001)


async def test_a_lost_network_in_the_middle_loses_and_doubles_nothing(
    visit: MakeVisit, served: Installation, desk: ServiceHarness
) -> None:
    person = await visit(served, path="")
    line = Line()
    await line.lay(person.page)
    created = await desk.queue(SLOW)
    await person.open_session(created.session_id)
    await expect(answer(person.page)).to_contain_text("w20 ")
    await mark(person.page)
    await person.context.set_offline(True)
    await line.cut()
    await expect(person.page.get_by_text("No connection to the service.")).to_be_visible()
    line.whole = True
    await person.context.set_offline(False)
    await expect(answer(person.page)).to_contain_text("w399")
    await expect(person.page.get_by_text("No connection to the service.")).to_be_hidden()
    assert await words(person.page) == await stored_words(desk, created)
    assert await is_marked(person.page)
    person.forgive(OFFLINE)


async def test_a_page_that_slept_catches_up(person: Visit, desk: ServiceHarness) -> None:
    """As a browser does with a tab that is not in view, or a laptop with its lid shut."""
    created = await desk.queue(SLOW)
    await person.open_session(created.session_id)
    await expect(answer(person.page)).to_contain_text("w20 ")
    await mark(person.page)
    devtools = await person.context.new_cdp_session(person.page)
    await devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    await desk.follow(created)
    second, _ = await desk.run("[[say while it slept]]", session=created.session_id)
    await devtools.send("Page.setWebLifecycleState", {"state": "active"})
    await expect(answer(person.page)).to_contain_text("while it slept")
    assert await words(person.page, 0) == [f"w{number}" for number in range(400)]
    await expect(answer(person.page)).to_have_text(re.compile(r"while it slept(?!.*while it slept)", re.DOTALL))
    assert await is_marked(person.page)
    assert second.session_id == created.session_id


async def test_two_tabs_lose_the_network_and_show_the_same(
    visit: MakeVisit, served: Installation, desk: ServiceHarness
) -> None:
    person = await visit(served, path="")
    line = Line()
    await line.lay(person.page)
    tab = await person.context.new_page()
    await line.lay(tab)
    created = await desk.queue(SLOW)
    await person.open_session(created.session_id)
    await tab.goto(person.page.url)
    for page in (person.page, tab):
        await expect(answer(page)).to_contain_text("w20 ")
        await mark(page)
    await person.context.set_offline(True)
    await line.cut()
    for page in (person.page, tab):
        await expect(page.get_by_text("No connection to the service.")).to_be_visible()
    await desk.follow(created)
    await desk.run("[[say one more]]", session=created.session_id)
    line.whole = True
    await person.context.set_offline(False)
    for page in (person.page, tab):
        await expect(answer(page)).to_contain_text("one more")
        assert await words(page, 0) == [f"w{number}" for number in range(400)]
        await expect(answer(page)).to_have_count(1)
        await expect(page.get_by_role("article", name="Scripted agent's answer")).to_have_count(2)
        assert await is_marked(page)
    person.forgive(OFFLINE)
