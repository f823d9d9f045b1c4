"""A host that the sandbox would refuse is asked about, and reached only if a person or a rule says so."""

from __future__ import annotations

import asyncio

import pytest

from boocoder.events import frames
from boocoder.process.sandbox.profile import SandboxMechanism
from boocoder.process.sandbox.support import find_support
from tests.acceptance.approvals.asking import Asked, answer, asked, ended, new_open, rule
from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Created
from tests.fixtures.program.pages import lan_address, pages

FETCH = (
    "[[bash python3 -c 'import urllib.request as u, urllib.error as e\n"
    'try: print(u.urlopen("http://{place}/", timeout=200).read().decode())\n'
    "except e.HTTPError as error: print(error.code)']]"
)


@pytest.fixture
def home_settings(home_settings: dict[str, str]) -> dict[str, str]:
    if asyncio.run(find_support(own_network=True)).mechanism is not SandboxMechanism.BUBBLEWRAP:
        pytest.skip("the network cannot be limited here")
    return {**home_settings, "BOOCODER_SANDBOX_PROFILE": "files+network", "BOOCODER_PERMISSION_TIMEOUT_ANSWER": "allow"}


async def output(desk: ServiceHarness, created: Created) -> str:
    """What the newest message's tool said."""
    parts = (await desk.messages(created))[-1].parts
    return next(str((part.data or {})["output"]).strip() for part in parts if part.kind == "tool_call")


async def test_a_person_is_asked_about_a_host_and_the_answer_holds_as_long_as_it_says(desk: ServiceHarness) -> None:
    with pages(lan_address()) as port:
        place = f"{lan_address()}:{port}"
        fetch = FETCH.format(place=place)
        await rule(desk.client, "allow", "*", "*")  # what allows all tools does not open the network

        refused = await desk.queue(fetch)
        request = await asked(desk, refused)
        assert isinstance(request, frames.PermissionFrame)
        assert (request.tool, request.argument) == ("network", place)
        assert request.title == f"May this session reach {place}?"
        await answer(desk.client, request, "refuse")
        assert (await ended(desk, refused))[0].outcome == "completed"
        assert await output(desk, refused) == "403"

        again = await desk.queue(fetch, session=refused.session_id)
        second = await new_open(desk.client, again, request.request_id)
        await desk.client.post(f"/api/permissions/{second}/answer", Asked, {"decision": "allow_session"})
        await desk.follow(again)
        assert await output(desk, again) == "page /"

        _, end = await desk.run(fetch, session=refused.session_id)
        assert end.outcome == "completed"
        rows = await desk.client.items("/api/permissions", Asked, session_id=refused.session_id)
        assert [(row.state, row.decided_by) for row in rows] == [
            ("allowed", "rule"),
            ("allowed", "person"),
            ("refused", "person"),
        ]
        await rule(desk.client, "allow", "network", "192.0.2.7:*")
        other = await desk.queue(fetch)
        await new_open(desk.client, other)  # another session, and a rule about another host
        await desk.cancel(other)
        assert (await ended(desk, other))[0].outcome == "cancelled"
