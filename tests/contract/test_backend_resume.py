"""What every backend remembers: warm, resumed, handed over, and what it can tell after our own death."""

from __future__ import annotations

import asyncio

import pytest

from boocoder.events.agent_event import Notice, PromptSending
from boocoder.model.turn import AgentSessionRef, Completed, Interrupted, ResumeStep
from tests.contract.case import BackendCase
from tests.contract.port import RecordingPort

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIRST = "[[say the colour is teal]]"


async def test_second_turn_is_warm_and_remembers(case: BackendCase) -> None:
    first, _ = await case.run(FIRST)
    second, outcome = await case.run("[[recall]]", agent_session=first.agent_session)
    assert outcome == Completed()
    assert second.opened.step is case.second_step
    assert second.agent_session == first.agent_session
    assert second.text.startswith("users=2: ")
    assert "teal" in second.text


async def test_a_new_object_resumes(case: BackendCase) -> None:
    first, _ = await case.run(FIRST)
    await case.restart()
    second, outcome = await case.run("[[recall]]", agent_session=first.agent_session)
    assert outcome == Completed()
    assert second.opened.step is ResumeStep.RESUMED
    assert second.opened.native_id == first.opened.native_id
    assert second.text.startswith("users=2: ")
    assert "teal" in second.text


async def test_a_lost_session_begins_afresh_and_says_so(case: BackendCase) -> None:
    first, _ = await case.run(FIRST)
    gone = AgentSessionRef("no-such-session", first.opened.config_hash)
    second, outcome = await case.run("[[recall]]", agent_session=gone)
    assert outcome == Completed()
    assert second.opened.step is ResumeStep.FRESH
    assert second.opened.native_id not in (gone.native_id, first.opened.native_id)
    assert second.of(Notice)
    assert second.text.startswith("users=1: ")


async def test_another_configuration_is_not_resumed(case: BackendCase) -> None:
    first, _ = await case.run(FIRST)
    stale = AgentSessionRef(first.opened.native_id, "another hash")
    second, _ = await case.run("[[recall]]", agent_session=stale)
    assert second.opened.step is ResumeStep.FRESH
    assert second.opened.native_id != first.opened.native_id


async def test_handover_when_there_is_nothing_to_resume(case: BackendCase) -> None:
    port, outcome = await case.run("[[recall]]", handover="The person likes the colour teal.")
    assert outcome == Completed()
    assert port.opened.step is ResumeStep.HANDED_OVER
    assert "teal" in port.text


async def test_a_turn_in_progress_is_seen_by_reconcile(case: BackendCase) -> None:
    request = case.request("[[say working]][[bash sleep 30]]")
    port = RecordingPort(stop=request.stop)
    async with case.running(request, port):
        await port.wait_until(lambda seen: len(seen.tools) == 1)
        assert await case.backend.reconcile(request, port)
    assert not await case.backend.reconcile(request, port)
    assert port.text.strip() == "working"


async def test_recover_a_turn_that_had_ended(case: BackendCase) -> None:
    request = case.request("[[think hm]][[say all]][[write a.txt|x]][[say of it]]")
    live = RecordingPort(stop=request.stop)
    assert await case.run_request(request, live) == Completed()
    await case.restart()
    found = RecordingPort(stop=request.stop)
    assert await case.backend.recover(request, live.agent_session, found) == Completed()
    assert (found.text, found.reasoning) == (live.text, live.reasoning)
    assert [(tool.part, tool.status) for tool in found.final_tools] == [
        (tool.part, tool.status) for tool in live.final_tools
    ]
    assert not found.of(PromptSending)


async def test_recover_a_turn_that_was_torn(case: BackendCase) -> None:
    request = case.request("[[say before]][[bash true]][[say after]][[delay 0.02]][[tokens 5000]]")
    live = RecordingPort(stop=request.stop)
    async with case.running(request, live) as turn:
        await live.wait_until(lambda seen: "w5 " in seen.text)
        turn.cancel()
        await asyncio.gather(turn, return_exceptions=True)
    await case.restart()
    found = RecordingPort(stop=request.stop)
    outcome = await case.backend.recover(request, live.agent_session, found)
    assert isinstance(outcome, Interrupted)
    assert outcome.error.code and outcome.error.text and outcome.error.cure
    assert found.text.startswith("before")
    assert all(tool.status.final for tool in found.final_tools)
    assert {tool.part for tool in live.final_tools} <= {tool.part for tool in found.final_tools}


async def test_recover_a_turn_that_the_agent_never_saw(case: BackendCase) -> None:
    first, _ = await case.run(FIRST)
    never = case.request("[[say never sent]]")
    found = RecordingPort(stop=never.stop)
    assert isinstance(await case.backend.recover(never, first.agent_session, found), Interrupted)
    assert found.text == ""
    assert not found.tools


async def test_warm_and_forget_never_raise(case: BackendCase) -> None:
    worktree = case.worktree()
    await case.backend.warm(worktree)
    first, _ = await case.run(FIRST, worktree=worktree)
    await case.backend.forget(worktree)
    await case.backend.forget(worktree / "no such directory")
    second, outcome = await case.run("[[recall]]", worktree=worktree, agent_session=first.agent_session)
    assert outcome == Completed()
    assert "teal" in second.text
