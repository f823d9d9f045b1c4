"""WebSocket of a terminal: its output to the page, keys and sizes to the shell."""

from __future__ import annotations

from typing import Annotated

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from boocoder.errors import BoocoderError, Conflict
from boocoder.model.ids import SessionId
from boocoder.service import TaskSupervisor
from boocoder.worktrees.terminals import Size, Terminal, Terminals, Viewer

CLOSE_DONE = 1000
CLOSE_UNSUPPORTED = 1003
SCREEN_MAX = 1_000  # rows or columns; no screen is larger

Edge = Annotated[int, msgspec.Meta(ge=1, le=SCREEN_MAX)]


class TerminalInput(msgspec.Struct, frozen=True, tag="input", forbid_unknown_fields=True):
    """What a person typed or pasted."""

    text: str


class TerminalResize(msgspec.Struct, frozen=True, tag="resize", forbid_unknown_fields=True):
    """The screen has another size."""

    rows: Edge
    columns: Edge


class TerminalOpened(msgspec.Struct, frozen=True, tag="opened"):
    """The terminal is there; what it showed lately comes first, as bytes."""


class TerminalEnded(msgspec.Struct, frozen=True, tag="ended"):
    """The shell ended with this code; null: another page took the terminal up."""

    exit_code: int | None


class TerminalFailed(msgspec.Struct, frozen=True, tag="error"):
    """There is no terminal, and why."""

    code: str
    text: str
    cure: str


class TerminalSocket:
    """Runs one connection to its end.

    Args:
        websocket: not accepted yet.
        terminals: None where terminals are turned off.
    """

    def __init__(self, *, websocket: WebSocket, terminals: Terminals | None) -> None:
        self._websocket = websocket
        self._terminals = terminals
        self._supervisor = TaskSupervisor("terminal-socket")

    async def run(self, session_id: SessionId, name: str, size: Size) -> None:
        """Accept, open the terminal, and carry both ways until one side ends it."""
        await self._websocket.accept()
        try:
            terminals = allowed(self._terminals)
            terminal = await terminals.open(session_id, name, size)
        except BoocoderError as error:
            await self._send(TerminalFailed(error.code, error.text, error.cure))
            await self._websocket.close(CLOSE_DONE)
            return
        viewer = terminal.attach()
        try:
            await self._send(TerminalOpened())
            self._supervisor.spawn(self._show(terminal, viewer), "show")
            await self._listen(terminal)
        except (WebSocketDisconnect, ConnectionAbortedError):
            pass  # the page is gone, or took nothing for too long
        finally:
            terminals.leave(terminal, viewer)
            await self._supervisor.stop()

    async def _listen(self, terminal: Terminal) -> None:
        while (message := await self._websocket.receive())["type"] != "websocket.disconnect":
            try:
                request = msgspec.json.decode(message.get("text") or "", type=TerminalInput | TerminalResize)
                if isinstance(request, TerminalInput):
                    await terminal.type(request.text.encode("utf-8", "replace"))
                else:
                    await terminal.resize(Size(request.rows, request.columns))
            except (msgspec.DecodeError, RecursionError):
                await self._websocket.close(CLOSE_UNSUPPORTED, "not a message of a terminal")
                return
            except BoocoderError:
                continue  # the shell has ended: `_show` says so

    async def _show(self, terminal: Terminal, viewer: Viewer) -> None:
        try:
            while data := await viewer.next():
                await self._websocket.send_bytes(data)
            await self._send(TerminalEnded(terminal.exit_code))
            await self._websocket.close(CLOSE_DONE)
        except (WebSocketDisconnect, ConnectionAbortedError, RuntimeError):
            return  # the connection is over; the reading side sees it too

    async def _send(self, answer: TerminalOpened | TerminalEnded | TerminalFailed) -> None:
        await self._websocket.send_text(msgspec.json.encode(answer).decode())


def allowed(terminals: Terminals | None) -> Terminals:
    """The terminals.

    Raises:
        Conflict: terminal_off.
    """
    if terminals is None:
        cure = 'Set terminal = "on" and start boocoder again.'
        raise Conflict("terminal_off", "Terminals are turned off here.", cure)
    return terminals
