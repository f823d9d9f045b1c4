"""The main job from outside: real opencode behind the running service, on the scripted model."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from uuid import UUID

import pytest

from boocoder.events import frames
from boocoder.scripted_model.server import ScriptedModel
from tests.acceptance.harness import ServiceHarness, close, of_kind, text_of
from tests.acceptance.opencode_home import OpenCodeHome
from tests.fixtures.repository import Repository
from tests.fixtures.service import MakeInstallation
from tests.invariants import fingerprint

pytestmark = [pytest.mark.opencode, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
OPENCODE_SETTINGS = {"BOOCODER_MAX_TURNS": "16"}
AT_ONCE = 5
ALL_COLD_S = 200.0  # so many worktrees that opencode sees for the first time, with all cores busy


async def test_two_turns_a_restart_and_an_applied_change(opencode_home: OpenCodeHome, project: Repository) -> None:
    async with opencode_home.desk(project) as desk:
        first, ended = await desk.run("[[think hm]] [[say apples]] [[write a.txt|one]]", agent="opencode")
        assert ended.outcome == "completed", ended
        second = await desk.queue("[[recall]] [[bash cat a.txt]]", session=first.session_id, agent="opencode")
        seen = await desk.follow(second)
        assert "apples" in await desk.answer(second)
        assert "session_warm" in [frame.code for frame in seen if isinstance(frame, frames.NoticeFrame)]
        tool = of_kind(seen, frames.ToolCallFrame)[-1]
        assert isinstance(tool, frames.ToolCallFrame) and "one" in tool.output
    await asyncio.to_thread(opencode_home.service.stop)
    await asyncio.to_thread(opencode_home.service.start)
    async with opencode_home.desk(project) as desk:
        third = await desk.queue("[[recall]]", session=first.session_id, agent="opencode")
        seen = await desk.follow(third)
        assert "session_resumed" in [frame.code for frame in seen if isinstance(frame, frames.NoticeFrame)]
        answer = await desk.answer(third)
        assert answer.startswith("users=3:") and "apples" in answer
        change = (await desk.changes(third))[0]
        assert not (project.path / "a.txt").exists()
        await desk.client.request("POST", f"/api/changes/{change.id}/apply", body={})
        assert (project.path / "a.txt").read_text() == "one"


async def test_a_chat_changes_its_agent_and_comes_back(opencode_home: OpenCodeHome, project: Repository) -> None:
    async with opencode_home.desk(project) as desk:
        first, _ = await desk.run("[[say apples]]", agent="opencode")
        session = first.session_id
        second, _ = await desk.run("[[reset]] [[say pears]]", session=session, agent="native")
        assert await desk.answer(second) == "pears"
        third, _ = await desk.run("[[reset]] [[recall]] [[say plums]]", session=session, agent="scripted")
        assert "Here is the conversation" in await desk.answer(third), "a new agent is told the conversation so far"
        fourth = await desk.queue("[[reset]] [[say cherries]]", session=session, agent="opencode")
        codes = [frame.code for frame in await desk.follow(fourth) if isinstance(frame, frames.NoticeFrame)]
        assert {"session_warm", "told_what_it_missed"} <= set(codes[-3:]), codes
    calls = [call.conversation for call in opencode_home.model.requests if call.conversation.side_answer is None]
    native, opencode = calls[-2].prompt, calls[-1].prompt
    assert "apples" in native and native.endswith("[[reset]] [[say pears]]")
    assert "pears" in opencode and "plums" in opencode and opencode.endswith("[[say cherries]]")
    assert len(calls[-1].prompts) == 2, "opencode's own session goes on"


async def test_opencode_waits_for_a_model_server_that_starts_later(
    installation: MakeInstallation, project: Repository, dsn: str, opencode_program: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    service = installation(
        {
            "BOOCODER_DATABASE_URL": dsn,
            "BOOCODER_AGENTS_OPENCODE_ENABLED": "true",
            "BOOCODER_AGENTS_OPENCODE_PROGRAM": str(opencode_program),
            "BOOCODER_AGENTS_OPENCODE_USE_OWN_CONFIG": "false",
            "BOOCODER_MODELS_BASE_URL": f"http://127.0.0.1:{port}/v1",
        }
    )
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        desk = ServiceHarness(client, project.path)
        first, ended = await desk.run("[[say too early]]", agent="opencode")
        assert (ended.outcome, ended.code) == ("failed", "agent_unavailable")
        assert "model server" in ended.text and ended.cure
        async with ScriptedModel(port=port):
            _, ended = await desk.run("[[say in time]]", session=first.session_id, agent="opencode")
            assert ended.outcome == "completed", ended
    await close(service, dsn, {project.path: fingerprint(project.path)})


@pytest.mark.timeout(ALL_COLD_S + 120)
async def test_sessions_at_once_do_not_meet(opencode_home: OpenCodeHome, project: Repository) -> None:
    async with opencode_home.desk(project) as desk:
        worktrees = opencode_home.service.data_dir / "worktrees"
        words = {n: " ".join(f"s{n}w{word}" for word in range(40)) for n in range(AT_ONCE)}
        queued = [
            await desk.queue(f"[[delay 0.01]] [[say {said}]] [[write mine.txt|{n}]]", agent="opencode")
            for n, said in words.items()
        ]
        seen = await asyncio.gather(*(desk.follow(created, timeout_s=ALL_COLD_S) for created in queued))
        for n, (created, stream) in enumerate(zip(queued, seen, strict=True)):
            assert text_of(stream).startswith(words[n]) and text_of(stream) == await desk.answer(created)
            assert {frame.session_id for frame in stream} == {UUID(created.session_id)}
            assert (worktrees / created.session_id / "mine.txt").read_text() == str(n)
