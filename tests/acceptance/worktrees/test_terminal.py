"""A shell in a session's worktree, through the socket that the page uses: what it may, who may, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.acceptance.harness import ServiceHarness
from tests.fixtures.service import Installation
from tests.invariants import processes_of

WAIT_S = 60.0
SLEEPER = "987.25"  # seconds; a number that no other process has


@dataclass
class Screen:
    """One connection, and what it has shown so far."""

    socket: ClientConnection
    shown: str = ""
    told: list[dict[str, object]] = field(default_factory=list)

    async def type(self, text: str) -> None:
        await self.socket.send(json.dumps({"type": "input", "text": text}))

    async def until(self, text: str) -> str:
        """Read on until `text` is on the screen."""
        async with asyncio.timeout(WAIT_S):
            while text not in self.shown:
                await self._read()
        return self.shown

    async def end(self) -> dict[str, object]:
        """Read to the end; returns the last message."""
        async with asyncio.timeout(WAIT_S):
            try:
                while True:
                    await self._read()
            except ConnectionClosed:
                return self.told[-1]

    async def _read(self) -> None:
        message = await self.socket.recv()
        if isinstance(message, str):
            self.told.append(json.loads(message))
        else:
            self.shown += message.decode("utf-8", "replace")


@asynccontextmanager
async def screen(home: Installation, session: str, *, name: str = "main", rows: int = 24) -> AsyncIterator[Screen]:
    token = (home.data_dir / "token").read_text().strip()
    url = home.url.replace("http:", "ws:") + f"/api/sessions/{session}/terminal?name={name}&rows={rows}&columns=80"
    async with connect(url, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        yield Screen(socket)


async def test_a_shell_runs_in_the_worktree_and_ends_with_its_code(desk: ServiceHarness, home: Installation) -> None:
    created, _ = await desk.run("[[write notes.txt|hello from the agent]]")
    async with screen(home, created.session_id, rows=31) as shell:
        await shell.type("stty size; pwd; cat notes.txt\n")
        shown = await shell.until("hello from the agent")
        assert "31 80" in shown
        assert str(home.data_dir / "worktrees" / created.session_id) in shown.replace("\r\n", "")
        await shell.socket.send(json.dumps({"type": "resize", "rows": 40, "columns": 132}))
        await shell.type("stty size\n")
        await shell.until("40 132")
        await shell.type("sleep 600\n")
        await asyncio.sleep(0.3)
        await shell.type("\x03")
        await shell.type("echo in$((1 + 1))terrupted\n")
        await shell.until("in2terrupted")
        await shell.type(f"sleep {SLEEPER} & disown; exit 7\n")
        assert await shell.end() == {"type": "ended", "exit_code": 7}
    assert shell.told[0] == {"type": "opened"}
    assert not await asyncio.to_thread(sleepers, home)


def sleepers(home: Installation) -> list[object]:
    """What still runs of the sleeper that a shell left behind."""
    return [process for process in processes_of(home.data_dir) if SLEEPER in str(process)]


async def test_a_page_that_is_loaded_again_takes_its_shell_up(desk: ServiceHarness, home: Installation) -> None:
    created, _ = await desk.run("[[write a.txt|a]]")
    async with screen(home, created.session_id) as first:
        await first.type("KEPT=still; echo o$((0))ne\n")
        await first.until("o0ne")
        async with screen(home, created.session_id) as second:
            assert await first.end() == {"type": "ended", "exit_code": None}
            await second.type("echo $KEPT-here\n")
            assert "o0ne" in await second.until("still-here")
        async with screen(home, created.session_id, name="other") as other:
            await other.type("echo [$KEPT]\n")
            await other.until("[]")
    async with screen(home, created.session_id) as third:
        await third.type("echo $KEPT-there\n")
        await third.until("still-there")


async def test_a_flood_and_a_large_paste_pass_whole(desk: ServiceHarness, home: Installation) -> None:
    created, _ = await desk.run("[[write a.txt|a]]")
    async with screen(home, created.session_id) as shell:
        await shell.type("stty -echo; seq 1 60000; echo d$((0))one\n")
        shown = await shell.until("d0one")
        assert [int(line) for line in shown.split() if line.isdecimal()][-60000:] == list(range(1, 60001))
        await shell.type("wc -c\n")
        for _ in range(40):
            await shell.type(("x" * 999 + "\n") * 10)
        await shell.type("\x04")
        await shell.until("400000")


async def test_what_is_no_message_ends_the_connection_only(desk: ServiceHarness, home: Installation) -> None:
    created, _ = await desk.run("[[write a.txt|a]]")
    for wrong in ("no json", '{"type":"resize","rows":0,"columns":1}', '{"type":"input","text":1}', '{"type":"x"}'):
        async with screen(home, created.session_id) as shell:
            await shell.socket.send(wrong)
            await shell.end()
            assert shell.socket.close_code == 1003
    async with screen(home, created.session_id) as shell:
        await shell.type("echo al$((1))ive\n")
        await shell.until("al1ive")


async def test_without_files_there_is_no_shell(desk: ServiceHarness, home: Installation) -> None:
    async with screen(home, str(uuid4())) as shell:
        assert (await shell.end())["code"] == "session_not_found"
    created, _ = await desk.run("[[write a.txt|a]]")
    await desk.client.post(f"/api/sessions/{created.session_id}/worktree/remove", dict[str, object], {})
    async with screen(home, created.session_id) as shell:
        refused = await shell.end()
    assert refused["code"] == "worktree_not_there"
    told = await desk.client.get(f"/api/sessions/{created.session_id}/terminal", dict[str, object])
    assert told == {"offered": True, "path": None, "why": f"{refused['text']} {refused['cure']}"}


async def test_only_our_own_page_with_the_token_gets_a_shell(desk: ServiceHarness, home: Installation) -> None:
    created, _ = await desk.run("[[write a.txt|a]]")
    token = (home.data_dir / "token").read_text().strip()
    url = home.url.replace("http:", "ws:") + f"/api/sessions/{created.session_id}/terminal"
    right = {"Authorization": f"Bearer {token}"}
    refused = [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({**right, "Origin": "null"}, 403),
        ({**right, "Origin": "https://example.com"}, 403),
        ({**right, "Sec-Fetch-Site": "cross-site"}, 403),
        ({**right, "Host": "evil.example"}, 403),
    ]
    for headers, status in refused:
        with pytest.raises(InvalidStatus) as caught:
            async with connect(url, additional_headers=headers):
                pass
        assert caught.value.response.status_code == status, headers


@pytest.fixture
def turned_off(home_settings: dict[str, str]) -> None:
    home_settings["BOOCODER_TERMINAL"] = "off"


@pytest.mark.usefixtures("turned_off")
async def test_it_can_be_turned_off(home_settings: dict[str, str], desk: ServiceHarness, home: Installation) -> None:
    created, _ = await desk.run("[[write a.txt|a]]")
    async with screen(home, created.session_id) as shell:
        assert (await shell.end())["code"] == "terminal_off"
    told = await desk.client.get(f"/api/sessions/{created.session_id}/terminal", dict[str, object])
    assert (told["offered"], told["path"]) == (False, None)
    assert told["why"]
