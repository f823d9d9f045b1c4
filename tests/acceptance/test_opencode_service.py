"""The main job from outside: real opencode behind the running service, on the scripted model."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from uuid import UUID

import pytest

from boocoder.events import frames
from boocoder.scripted_model.server import ScriptedModel
from tests.acceptance.desk import Desk, of_kind, text_of
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import Installation, MakeInstallation
from tests.invariants import World, fingerprint, processes_of, violations

pytestmark = [pytest.mark.opencode, pytest.mark.slow]


def settings_for(program: Path, base_url: str, dsn: str) -> dict[str, str]:
    return {
        "BOOCODER_DATABASE_URL": dsn,
        "BOOCODER_AGENTS_OPENCODE_ENABLED": "true",
        "BOOCODER_AGENTS_OPENCODE_PROGRAM": str(program),
        "BOOCODER_AGENTS_OPENCODE_USE_OWN_CONFIG": "false",
        "BOOCODER_MODELS_BASE_URL": base_url,
    }


async def close(service: Installation, dsn: str, repositories: dict[Path, str]) -> None:
    assert await asyncio.to_thread(service.stop) == 0
    assert processes_of(service.data_dir) == []
    assert await violations(World(dsn, service.data_dir, repositories)) == []


async def test_two_turns_a_restart_and_an_applied_change(
    installation: MakeInstallation,
    repository: MakeRepository,
    dsn: str,
    opencode_program: Path,
    scripted_model: ScriptedModel,
) -> None:
    project = repository()
    service = installation(settings_for(opencode_program, scripted_model.base_url, dsn))
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        desk = Desk(client, project.path)
        first, ended = await desk.run("[[think hm]] [[say apples]] [[write a.txt|one]]", agent="opencode")
        assert ended.outcome == "completed", ended
        second = await desk.queue("[[recall]] [[bash cat a.txt]]", session=first.session_id, agent="opencode")
        seen = await desk.follow(second)
        assert "apples" in await desk.answer(second)
        assert "session_warm" in [frame.code for frame in seen if isinstance(frame, frames.Notice)]
        tool = of_kind(seen, frames.ToolCall)[-1]
        assert isinstance(tool, frames.ToolCall) and "one" in tool.output
    await asyncio.to_thread(service.stop)
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        desk = Desk(client, project.path)
        third = await desk.queue("[[recall]]", session=first.session_id, agent="opencode")
        seen = await desk.follow(third)
        assert "session_resumed" in [frame.code for frame in seen if isinstance(frame, frames.Notice)]
        answer = await desk.answer(third)
        assert answer.startswith("users=3:") and "apples" in answer
        change = (await desk.changes(third))[0]
        assert not (project.path / "a.txt").exists()
        await client.request("POST", f"/api/changes/{change.id}/apply", body={})
        assert (project.path / "a.txt").read_text() == "one"
    await close(service, dsn, {project.path: fingerprint(project.path)})


async def test_a_chat_changes_its_agent_and_comes_back(
    installation: MakeInstallation,
    repository: MakeRepository,
    dsn: str,
    opencode_program: Path,
    scripted_model: ScriptedModel,
) -> None:
    project = repository()
    service = installation(settings_for(opencode_program, scripted_model.base_url, dsn))
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        desk = Desk(client, project.path)
        first, _ = await desk.run("[[say apples]]", agent="opencode")
        session = first.session_id
        second, _ = await desk.run("[[reset]] [[say pears]]", session=session, agent="native")
        assert await desk.answer(second) == "pears"
        third, _ = await desk.run("[[reset]] [[recall]] [[say plums]]", session=session, agent="scripted")
        assert "Here is the conversation" in await desk.answer(third), "a new agent is told the conversation so far"
        fourth = await desk.queue("[[reset]] [[say cherries]]", session=session, agent="opencode")
        codes = [frame.code for frame in await desk.follow(fourth) if isinstance(frame, frames.Notice)]
        assert {"session_warm", "told_what_it_missed"} <= set(codes[-3:]), codes
    calls = [call.conversation for call in scripted_model.requests if call.conversation.side_answer is None]
    native, opencode = calls[-2].prompt, calls[-1].prompt
    assert "apples" in native and native.endswith("[[reset]] [[say pears]]")
    assert "pears" in opencode and "plums" in opencode and opencode.endswith("[[say cherries]]")
    assert len(calls[-1].prompts) == 2, "opencode's own session goes on"
    await close(service, dsn, {project.path: fingerprint(project.path)})


async def test_opencode_waits_for_a_model_server_that_starts_later(
    installation: MakeInstallation, repository: MakeRepository, dsn: str, opencode_program: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    project = repository()
    service = installation(settings_for(opencode_program, f"http://127.0.0.1:{port}/v1", dsn))
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        desk = Desk(client, project.path)
        first, ended = await desk.run("[[say too early]]", agent="opencode")
        assert (ended.outcome, ended.code) == ("failed", "agent_unavailable")
        assert "model server" in ended.text and ended.cure
        async with ScriptedModel(port=port):
            _, ended = await desk.run("[[say in time]]", session=first.session_id, agent="opencode")
            assert ended.outcome == "completed", ended
    await close(service, dsn, {project.path: fingerprint(project.path)})


async def test_sixteen_sessions_at_once_do_not_meet(
    installation: MakeInstallation,
    repository: MakeRepository,
    dsn: str,
    opencode_program: Path,
    scripted_model: ScriptedModel,
) -> None:
    project = repository()
    service = installation({**settings_for(opencode_program, scripted_model.base_url, dsn), "BOOCODER_MAX_TURNS": "16"})
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        desk = Desk(client, project.path)
        words = {n: " ".join(f"s{n}w{word}" for word in range(40)) for n in range(16)}
        queued = [
            await desk.queue(f"[[delay 0.01]] [[say {said}]] [[write mine.txt|{n}]]", agent="opencode")
            for n, said in words.items()
        ]
        seen = await asyncio.gather(*(desk.follow(created) for created in queued))
        for n, (created, stream) in enumerate(zip(queued, seen, strict=True)):
            assert text_of(stream).startswith(words[n]) and text_of(stream) == await desk.answer(created)
            assert {frame.session_id for frame in stream} == {UUID(created.session_id)}
            assert (service.data_dir / "worktrees" / created.session_id / "mine.txt").read_text() == str(n)
    await close(service, dsn, {project.path: fingerprint(project.path)})
