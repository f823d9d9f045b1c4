"""Terminals without a socket: the grace, slow viewers, how many, and the document that draws them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from boocoder.api.middleware.response_headers import SECURITY_HEADERS, AnswerHeaders
from boocoder.api.routes.page import frames
from boocoder.api.routes.sessions.terminal import terminal_frame
from boocoder.errors import Conflict, Unavailable
from boocoder.model.ids import SessionId, new_id
from boocoder.process.host import ProcessHost
from boocoder.worktrees import terminals as module
from boocoder.worktrees.history.snapshots import Snapshots
from boocoder.worktrees.terminals import WAITING_BYTES, Size, Terminals, Viewer, shell_of

SIZE = Size(24, 80)
WAIT_S = 100.0


@dataclass
class Place:
    path: Path
    ready: bool = True


@dataclass
class Places:
    """Every session's files are in one directory."""

    directory: Path

    async def place(self, _: SessionId) -> Place:
        return Place(self.directory, self.directory.is_dir())


@pytest.fixture
async def processes(tmp_path: Path) -> AsyncIterator[ProcessHost]:
    host = ProcessHost(state_dir=tmp_path / "host", instance="terminals")
    await host.start()
    yield host
    await host.stop()


@pytest.fixture
async def terminals(processes: ProcessHost, tmp_path: Path) -> AsyncIterator[Terminals]:
    (tmp_path / "tree").mkdir()
    made = Terminals(snapshots=cast("Snapshots", Places(tmp_path / "tree")), processes=processes, grace_s=1.0)
    yield made
    await made.stop()
    assert processes.statistics().running == 0


async def shown(viewer: Viewer, text: bytes) -> bytes:
    seen, searched = bytearray(), 0  # megabytes in small pieces: each is searched once
    async with asyncio.timeout(WAIT_S):
        while seen.find(text, searched) < 0:
            searched = max(0, len(seen) - len(text))
            piece = await viewer.next()
            assert piece, bytes(seen)
            seen += piece
    return bytes(seen)


async def test_a_shell_outlives_its_viewer_for_the_grace_only(terminals: Terminals, processes: ProcessHost) -> None:
    session = SessionId(new_id())
    first = await terminals.open(session, "main", SIZE)
    viewer = first.attach()
    await first.type(b"echo on$((1))e\n")
    await shown(viewer, b"on1e")
    terminals.leave(first, viewer)
    await asyncio.sleep(0.1)
    again = await terminals.open(session, "main", SIZE)
    assert again is first
    viewer = again.attach()
    assert b"on1e" in await shown(viewer, b"on1e")
    await asyncio.sleep(1.5)  # the grace of the first leave is long over
    assert processes.statistics().running == 1
    terminals.leave(again, viewer)
    async with asyncio.timeout(WAIT_S):
        while processes.statistics().running:
            await asyncio.sleep(0.05)
    assert await terminals.open(session, "main", SIZE) is not first


async def test_a_slow_viewer_makes_the_shell_wait(terminals: Terminals) -> None:
    shell = await terminals.open(SessionId(new_id()), "main", SIZE)
    viewer = shell.attach()
    await shell.type(b"yes | head -c 6000000; echo d$((0))one\n")
    async with asyncio.timeout(WAIT_S):
        while viewer.waiting_bytes <= WAITING_BYTES:
            await asyncio.sleep(0.01)
    assert len(await viewer.next()) < WAITING_BYTES + 1_000_000
    await shown(viewer, b"d0one")


async def test_there_is_a_bound(terminals: Terminals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TERMINALS_MAX", 1)
    session = SessionId(new_id())
    await terminals.open(session, "a", SIZE)
    await terminals.open(session, "a", SIZE)
    with pytest.raises(Unavailable, match="open already"):
        await terminals.open(session, "b", SIZE)


async def test_a_worktree_that_is_away_has_none(terminals: Terminals, tmp_path: Path) -> None:
    (tmp_path / "tree").rmdir()
    with pytest.raises(Conflict, match="put away"):
        await terminals.open(SessionId(new_id()), "a", SIZE)


def test_the_persons_own_shell_is_taken_if_it_is_there(tmp_path: Path) -> None:
    assert shell_of("/bin/sh", ("/bin/bash",)) == "/bin/sh"
    assert shell_of(str(tmp_path / "no"), ("/bin/sh",)) == "/bin/sh"
    assert shell_of("sh", ("/nowhere",)) == "/nowhere"


async def test_the_document_runs_its_one_script_and_reaches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "terminal.js").write_text("say('</script><!-- x')")
    monkeypatch.setattr(frames, "PAGE", tmp_path)
    frames._document.cache_clear()
    answer = await terminal_frame(Request({"type": "http", "headers": []}))
    frames._document.cache_clear()
    body = bytes(answer.body).decode()
    script = body.partition("<script>")[2].partition("</script>")[0]
    assert script == "say('\\x3c/script>\\x3c!-- x')"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (await headers_of(answer))["content-security-policy"]
    assert f"script-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert policy.endswith("frame-ancestors 'self'; sandbox allow-scripts")
    assert "connect-src" not in policy


async def test_no_other_answer_gets_another_policy() -> None:
    answer = Response("x", headers={"Content-Security-Policy": "default-src *", "X-Frame-Options": "ALLOWALL"})
    headers = await headers_of(answer)
    assert headers["content-security-policy"] == SECURITY_HEADERS["Content-Security-Policy"]
    assert headers["x-frame-options"] == "DENY"


async def headers_of(answer: Response) -> dict[str, str]:
    """The headers that go out."""
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(scope, receive, send)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    await AnswerHeaders(app)({"type": "http", "method": "GET"}, receive, send)
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


async def test_a_shell_that_is_ending_is_not_taken_up_again(terminals: Terminals) -> None:
    session = SessionId(new_id())
    first = await terminals.open(session, "main", SIZE)
    ending = asyncio.create_task(first.close())
    await asyncio.sleep(0)
    again = await terminals.open(session, "main", SIZE)
    await ending
    assert again is not first
    await again.type(b"echo ne$((1))w\n")
    assert b"ne1w" in await shown(again.attach(), b"ne1w")
