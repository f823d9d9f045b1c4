"""What the real opencode asks, through the whole program: the turn waits, and goes on whatever the answer."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from boocoder.events import frames
from tests.acceptance.approvals.asking import Asked, answer, asked, ended, new_open
from tests.acceptance.harness import ServiceHarness
from tests.acceptance.opencode_home import OpenCodeHome
from tests.fixtures.program.sandbox import profile
from tests.fixtures.repository import Repository

pytestmark = [pytest.mark.opencode, pytest.mark.asyncio(loop_scope="module")]
OPENED = Path(tempfile.gettempdir()) / f"opened-to-agents-{os.getpid()}"  # the settings open it in the sandbox
OPENCODE_SETTINGS = {"BOOCODER_SANDBOX_READABLE": str(OPENED)}
LEAVE = "[[say before]] [[read {path}]] [[say after]]"


@pytest_asyncio.fixture(loop_scope="module")
async def desk(opencode_home: OpenCodeHome, project: Repository) -> AsyncIterator[ServiceHarness]:
    """A desk at the module's service."""
    async with opencode_home.desk(project) as opened:
        yield opened


@pytest.fixture(scope="module", autouse=True)
def _opened() -> Iterator[None]:
    OPENED.mkdir()
    yield
    shutil.rmtree(OPENED)


async def tools(desk: ServiceHarness, created: object) -> list[tuple[object, str]]:
    """Status and output of the newest message's tool calls."""
    parts = (await desk.messages(created))[-1].parts  # type: ignore[arg-type]
    calls = [part.data or {} for part in parts if part.kind == "tool_call"]
    return [(call["status"], str(call.get("output", ""))) for call in calls]


async def test_leaving_the_worktree(desk: ServiceHarness) -> None:
    outside = OPENED / "one" / "outside.txt"
    outside.parent.mkdir()
    outside.write_text("seen outside\n")
    created = await desk.queue(LEAVE.format(path=outside), agent="opencode")
    request = await asked(desk, created)
    assert isinstance(request, frames.PermissionFrame) and request.tool == "external_directory"
    assert str(outside) in request.argument and "sandbox" not in request.title
    await answer(desk.client, request, "allow_session")
    end, requests = await ended(desk, created)
    assert end.outcome == "completed" and [one.state for one in requests] == ["asked", "allowed"]
    ((status, output),) = await tools(desk, created)
    assert status == "completed" and "seen outside" in output and "after" in await desk.answer(created)

    again = await desk.queue(LEAVE.format(path=outside), session=created.session_id, agent="opencode")
    assert (await desk.follow(again))[-1].outcome == "completed"  # type: ignore[union-attr]
    rows = await desk.client.items("/api/permissions", Asked, session_id=created.session_id)
    assert [(row.state, row.decided_by) for row in rows] == [("allowed", "rule"), ("allowed", "person")]

    other = OPENED / "two" / "other.txt"
    other.parent.mkdir()
    other.write_text("secret\n")
    third = await desk.queue(LEAVE.format(path=other), session=created.session_id, agent="opencode")
    fresh = await new_open(desk.client, third)
    body = {"decision": "refuse", "message": "Stay in the worktree."}
    await desk.client.post(f"/api/permissions/{fresh}/answer", Asked, body)
    assert (await desk.follow(third))[-1].outcome == "completed"  # type: ignore[union-attr]
    newest = (await tools(desk, third))[-1]
    assert newest[0] == "failed" and "Stay in the worktree." in newest[1]
    assert "after" in await desk.answer(third)


@pytest.mark.skipif(profile() == "off", reason="nothing is hidden without a sandbox")
async def test_a_request_for_what_the_sandbox_hides_says_so(desk: ServiceHarness, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("seen outside\n")
    created = await desk.queue(LEAVE.format(path=outside), agent="opencode")
    before = await desk.follow(created, until=frames.PermissionFrame)
    request = before[-1]
    assert isinstance(request, frames.PermissionFrame) and request.title.endswith("(hidden by the sandbox)")
    (notice,) = [one for one in before if isinstance(one, frames.NoticeFrame) and one.code == "sandbox_hides"]
    assert str(outside) in notice.text and "sandbox.readable" in notice.text
    await answer(desk.client, request, "allow")
    assert (await ended(desk, created))[0].outcome == "completed"
    ((_, output),) = await tools(desk, created)
    assert "seen outside" not in output and "after" in await desk.answer(created)


async def test_reading_an_environment_file(desk: ServiceHarness) -> None:
    script = "[[write .env|KEY=1]] [[read .env]] [[say after]]"
    allowed = await desk.queue(script, agent="opencode")
    request = await asked(desk, allowed)
    assert isinstance(request, frames.PermissionFrame) and request.tool == "read" and request.argument.endswith(".env")
    await answer(desk.client, request, "allow")
    refused = await desk.queue(script, agent="opencode")
    second = await new_open(desk.client, refused, request.request_id)
    body = {"decision": "refuse", "message": "No more of this."}
    await desk.client.post(f"/api/permissions/{second}/answer", Asked, body)
    for created in (allowed, refused):
        assert (await ended(desk, created))[0].outcome == "completed"
        assert "after" in await desk.answer(created)
    assert "KEY=1" in (await tools(desk, allowed))[-1][1]
    assert "No more of this." in (await tools(desk, refused))[-1][1]


async def test_cancel_while_it_asks_and_the_next_turn(desk: ServiceHarness, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("seen outside\n")
    created = await desk.queue(LEAVE.format(path=outside), agent="opencode")
    await asked(desk, created)
    await desk.cancel(created)
    end, requests = await ended(desk, created)
    assert end.outcome == "cancelled" and requests[-1].state == "cancelled"
    _, after = await desk.run("[[say fine]]", session=created.session_id, agent="opencode")
    assert after.outcome == "completed"
    assert await desk.client.items("/api/permissions", Asked, state="asked") == []
