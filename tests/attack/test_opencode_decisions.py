"""The real opencode: its tools find no password, and a decision that boocoder did not make ends the turn."""

from __future__ import annotations

import asyncio

import pytest

from boocoder.events.agent_event import PermissionAnswer
from boocoder.model.turn import Completed, Failed
from tests.contract.port import RecordingPort
from tests.fixtures.opencode import OpenCodeDesk

pytestmark = [pytest.mark.opencode, pytest.mark.asyncio(loop_scope="module")]


async def test_tools_find_no_password(opencode: OpenCodeDesk) -> None:
    # Only the servers of this module: another test's may be starting, and its password is not hidden yet.
    split = "tr '\\0' '\\n'"
    ours = f"for f in /proc/[0-9]*/environ; do if grep -qs {opencode.directory} $f; then {split} <$f; fi; done"
    for name in ("first", "second"):  # a server's first directory, and a later one
        port, outcome = await opencode.run(
            f"[[bash (env; {ours}) 2>/dev/null | grep OPENCODE_SERVER_PASSWORD; echo looked]]", opencode.worktree(name)
        )
        assert outcome == Completed()
        (tool,) = port.final_tools
        *found, last = tool.output.strip().splitlines()
        assert last == "looked"
        assert found, "the server's own environment was not found"
        assert all(set(line.partition("=")[2]) <= {"x"} for line in found), found


@pytest.mark.parametrize("reply", ["once", "always"])
async def test_a_decision_past_boocoder_ends_the_turn(opencode: OpenCodeDesk, reply: str) -> None:
    worktree = opencode.worktree()
    request = opencode.request("[[read /etc/hostname]] [[say went on]]", worktree)
    port = RecordingPort(stop=request.stop, permission=None)
    running = asyncio.create_task(opencode.backend.run_turn(request, port))
    await port.wait_until(lambda seen: bool(seen.permission_requests))
    process = opencode.backend.server.process
    assert process is not None
    (asked,) = port.permission_requests
    await process.client.reply_permission(asked.key, reply, worktree)
    outcome = await running
    assert isinstance(outcome, Failed) and outcome.error.code == "decision_forged"


async def test_a_decision_that_the_stream_does_not_tell_is_noticed_at_the_end(opencode: OpenCodeDesk) -> None:
    worktree = opencode.worktree()
    request = opencode.request("[[read /etc/hostname]] [[say went on]]", worktree)
    port = RecordingPort(stop=request.stop, permission=None)
    running = asyncio.create_task(opencode.backend.run_turn(request, port))
    await port.wait_until(lambda seen: bool(seen.permission_requests))
    process = opencode.backend.server.process
    assert process is not None and port.agent_session is not None
    (asked,) = port.permission_requests
    process.stream.unsubscribe(port.agent_session.native_id)
    await process.client.reply_permission(asked.key, "once", worktree)
    outcome = await running
    assert isinstance(outcome, Failed) and outcome.error.code == "decision_forged"


async def test_boocoders_own_decisions_pass(opencode: OpenCodeDesk) -> None:
    for answer in (PermissionAnswer(allowed=True), PermissionAnswer(allowed=False, message="no")):
        request = opencode.request("[[read /etc/hostname]] [[say went on]]", opencode.worktree())
        port = RecordingPort(stop=request.stop, permission=answer)
        assert await opencode.backend.run_turn(request, port) == Completed()
        assert port.text == "went on"
