"""What waits for a person behind hundreds of newer sessions is never denied, whatever the person does meanwhile."""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.acceptance.approvals.asking import asked, open_ids
from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Created, Id
from tests.browser import seen
from tests.fixtures.browser import Visit
from tests.fixtures.repository import committed
from tests.fixtures.service import Installation

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(900)]

NEWER = 300
WAITING = 3
MOMENTS = 1_000
LOOKS_EVERY = 100  # moments
KEYS = ("w", "Shift+W", "n", "t", "g", ",", "j", "k", "d", "PageDown", "End", "Home", "ArrowDown", "x")
FILTERS = ("all", "active", "waiting", "archived")
# Notes each title and each count of the list that says less than that something waits, once one of them has said it.
WATCH = """
window.denials = [];
const known = () => /^\\(\\d+\\) /.test(document.title);
let told = false;
new MutationObserver(() => {
  if (known()) told = true;
  else if (told) window.denials.push(document.title);
  const empty = [...document.querySelectorAll("nav p, section[aria-label='Waiting for you'] p")];
  for (const one of empty) {
    if (/^(Nothing waits for you|No open requests)/.test(one.textContent)) window.denials.push(one.textContent);
  }
}).observe(document, { childList: true, subtree: true, characterData: true });
"""


@dataclass
class Buried:
    """Sessions that wait for an answer, with many newer ones.

    Args:
        open: those that still wait, the oldest first.
        newer: ids of sessions that need nothing.
    """

    desk: ServiceHarness
    open: list[Created] = field(default_factory=list)
    newer: list[str] = field(default_factory=list)

    async def ask(self) -> None:
        """Have one more agent ask."""
        created = await self.desk.queue("[[permission bash|ls]] buried")
        await asked(self.desk, created)
        self.open.append(created)

    async def answer(self, chance: random.Random) -> None:
        """Answer one of them from elsewhere."""
        created = self.open.pop(chance.randrange(len(self.open)))
        for request in await open_ids(self.desk.client, created):
            await self.desk.client.request("POST", f"/api/permissions/{request}/answer", body={"decision": "refuse"})


@pytest.fixture
def served(running: Installation) -> Installation:
    """The running service as it is: the lists are made once."""
    return running


@pytest_asyncio.fixture(loop_scope="session")
async def buried(served: Installation, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buried]:
    place = committed(tmp_path_factory.mktemp("buried") / "project").path
    async with served.client() as client:
        made = Buried(ServiceHarness(client, place))
        for _ in range(WAITING):
            await made.ask()
        project = (await client.post("/api/projects", Id, {"path": str(place)})).id
        for number in range(NEWER):
            body = {"project_id": project, "title": f"newer {number}"}
            made.newer.append((await client.post("/api/sessions", Id, body)).id)
        yield made
        for created in made.open:
            await made.desk.cancel(created)


def listed(person: Visit) -> Locator:
    return person.page.get_by_role("navigation", name="Sessions and pages")


async def test_what_waits_is_never_denied_at_a_thousand_random_moments(person: Visit, buried: Buried) -> None:
    chance = random.Random(2)
    page = person.page
    await page.add_init_script(WATCH)
    await person.go("/")
    await expect(page).to_have_title(re.compile(r"^\(\d+\) "))
    for moment in range(MOMENTS):
        await act(person, buried, chance)
        if chance.randrange(100) == 0:
            await buried.ask()
        elif chance.randrange(100) == 0 and len(buried.open) > 1:
            await buried.answer(chance)
        if moment % LOOKS_EVERY == 0:
            await look(person, buried)
    await look(person, buried)


async def act(person: Visit, buried: Buried, chance: random.Random) -> None:
    """Do what a person may do at any moment: mostly a key, at times a click, an address, or the wheel."""
    page = person.page
    match chance.randrange(40):
        case 0:
            await visit_page(
                person, chance.choice(("/", "/tasks", "/agents", f"/sessions/{chance.choice(buried.newer)}"))
            )
        case 1:
            await listed(person).get_by_role("button", name=re.compile(f"^{chance.choice(FILTERS)}")).click()
        case 2 | 3:
            await listed(person).hover(position={"x": 100, "y": 400})
            await page.mouse.wheel(0, chance.randrange(-4000, 8000))
        case 4:
            await page.evaluate(f"window.dispatchEvent(new Event({chance.choice(('focus', 'blur', 'resize'))!r}))")
        case _:
            await page.keyboard.press(chance.choice(KEYS))


async def visit_page(person: Visit, address: str) -> None:
    """Load an address anew, keeping what was noted."""
    noted = await denials(person)
    assert noted == []
    await person.go(address)
    await expect(listed(person).get_by_role("button", name=re.compile("^waiting"))).to_be_visible()


async def denials(person: Visit) -> list[str]:
    found = await person.page.evaluate("window.denials")
    assert isinstance(found, list)
    return found


async def look(person: Visit, buried: Buried) -> None:
    """Compare title, counts, list, board and key with what waits."""
    page, count = person.page, len(buried.open)
    await person.go(f"/sessions/{buried.newer[-1]}")
    await expect(page).to_have_title(re.compile(rf"^\({count}\) "))
    await expect(listed(person).get_by_role("button", name=f"waiting {count}", exact=True)).to_be_visible()
    await listed(person).get_by_role("button", name=re.compile("^waiting")).click()
    await expect(listed(person).get_by_role("link", name="buried")).to_have_count(count)
    await listed(person).get_by_role("button", name="all", exact=True).click()
    await expect(listed(person).get_by_role("heading", name="Waiting for you")).to_be_visible()
    found = set()
    for _ in range(count):  # the key leads through all of them
        await page.get_by_role("heading", level=1).click()
        before = page.url
        await page.keyboard.press("w")
        await seen.until(page, f"location.href !== {before!r} || {count} === 1 && {len(found)} > 0")
        found.add(page.url.rsplit("/", 1)[1].split("?")[0])
    assert found == {one.session_id for one in buried.open}
    await person.go("/tasks")
    board = page.get_by_role("region", name="Waiting for you")
    await expect(board.get_by_role("heading")).to_have_text(f"Waiting for you {count}")
    await expect(board.get_by_role("link", name="buried")).to_have_count(count)
    assert await denials(person) == []
