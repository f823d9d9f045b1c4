"""A program in the sandbox connects to a host that no setting names: the connection waits for what a person says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import expect

from boocoder.process.sandbox.profile import SandboxMechanism
from boocoder.process.sandbox.support import find_support
from tests.acceptance.approvals.asking import new_open
from tests.acceptance.approvals.test_permissions_network import FETCH, output
from tests.acceptance.harness import ServiceHarness
from tests.browser import seen
from tests.browser.page.test_looks import PHONE, assert_accessible
from tests.fixtures.browser import MakeVisit, Visit
from tests.fixtures.program.pages import lan_address, pages
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class Limited:
    """A service whose sandbox limits the network, and a web server that no setting names."""

    service: Installation
    desk: ServiceHarness
    place: str

    @property
    def fetch(self) -> str:
        """A turn whose command connects to the server."""
        return FETCH.format(place=self.place)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def limited_service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    if (await find_support(own_network=True)).mechanism is not SandboxMechanism.BUBBLEWRAP:
        pytest.skip("the network cannot be limited here")
    made = Installation(tmp_path_factory.mktemp("limited"), {"BOOCODER_SANDBOX_PROFILE": "files+network"})
    await asyncio.to_thread(made.start)
    yield made
    await asyncio.to_thread(made.stop)


@pytest_asyncio.fixture(loop_scope="session")
async def limited(limited_service: Installation, project: Repository) -> AsyncIterator[Limited]:
    with pages(lan_address()) as port:
        async with limited_service.client() as client:
            yield Limited(limited_service, ServiceHarness(client, project.path), f"{lan_address()}:{port}")


async def asked(person: Visit, limited: Limited) -> None:
    """The card says what waits, to which host and port, what follows, and what spares the question."""
    box = person.page.get_by_role("region", name=f"May this session reach {limited.place}?")
    await expect(box).to_contain_text("A program of the session waits to connect")
    await expect(box).to_contain_text("the program gets the error 403")
    await expect(box.get_by_role("button", name="Allow for this turn")).to_be_enabled()
    await box.get_by_text("Neither sandbox.hosts nor a rule names this host.").click()
    await expect(box).to_contain_text(f"Tool network, for {limited.place}")
    await expect(box).to_contain_text(f'sandbox.hosts = ["{limited.place}"]')


@pytest.mark.parametrize(
    ("button", "decided", "printed", "options"),
    [
        ("Allow for this turn", "allowed by you", "page /", {}),
        ("Refuse", "refused by you", "403", {}),
        ("Always in this project", "allowed by a rule", "page /", PHONE),
    ],
)
async def test_a_connection_waits_for_the_answer_on_the_page(
    button: str, decided: str, printed: str, options: dict[str, object], limited: Limited, visit: MakeVisit
) -> None:
    created = await limited.desk.queue(limited.fetch)
    person = await visit(limited.service, path="", **options)
    await person.open_session(created.session_id)
    await asked(person, limited)
    await assert_accessible(person.page, "a request for a host")
    assert not await seen.scrolls_sideways(person)
    await person.page.get_by_role("button", name=button).click()
    await expect(seen.answer(person.page)).to_contain_text(decided)
    await limited.desk.follow(created)
    assert await output(limited.desk, created) == printed


@pytest.mark.parametrize(("words", "printed"), [(("allow",), "page /"), (("refuse", "-m", "not this one"), "403")])
async def test_a_connection_waits_for_the_answer_of_the_command_line(
    words: tuple[str, ...], printed: str, limited: Limited, visit: MakeVisit
) -> None:
    created = await limited.desk.queue(limited.fetch)
    person = await visit(limited.service, path="")
    await person.open_session(created.session_id)
    await expect(person.page.get_by_role("button", name="Allow for this turn")).to_be_visible()
    listed = await asyncio.to_thread(limited.service.run, "permissions", "list")
    assert f"network {limited.place}" in listed.stdout
    request = await new_open(limited.desk.client, created)
    shown = (await asyncio.to_thread(limited.service.run, "permissions", "show", request)).stdout
    assert f"May this session reach {limited.place}?" in shown
    assert "yes holds for this turn, no gives the program the error 403" in shown
    assert f"boocoder permissions rules add allow network {limited.place}" in shown
    answered = await asyncio.to_thread(limited.service.run, "permissions", words[0], request, *words[1:])
    assert answered.returncode == 0, answered.stderr
    await expect(seen.answer(person.page)).to_contain_text(f"{'allowed' if words == ('allow',) else 'refused'} by you")
    await limited.desk.follow(created)
    assert await output(limited.desk, created) == printed
