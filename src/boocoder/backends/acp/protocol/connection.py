"""JSON-RPC over one agent's stdin and stdout: sends requests, delivers answers and calls in order."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from boocoder.backends.acp.protocol.message import (
    METHOD_NOT_FOUND,
    RpcError,
    RpcNotification,
    RpcRequest,
    RpcResponse,
    encode,
    read_line,
)
from boocoder.errors import BackendError, ProcessError
from boocoder.process.child import Child
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

_THREAD_BYTES = 256 * 1024  # decoding this much takes the loop a millisecond
_YIELD_EVERY = 64  # lines; an agent that floods would keep the loop from everybody else for all that is queued
_EXIT_WAIT_S = 1.0  # output may end a moment before the process does
_OUTPUT_WAIT_S = 2.0  # the lines end at latest half a second after the process
_STDERR_CHARS = 800  # of its last output, in an error

Receiver = Callable[[RpcRequest | RpcNotification, bytes], Awaitable[None]]


class RequestRefused(BackendError):
    """The agent answered with an error."""

    def __init__(self, method: str, error: RpcError) -> None:
        super().__init__("agent_refused", f"The agent refused {method}: {error.words}")
        self.error = error


class ConnectionDead(BackendError):
    """The agent's process ended, or its input or output did."""

    def __init__(self, text: str) -> None:
        super().__init__("agent_died", text, "Send the prompt again; boocoder restarts the agent.")


class RpcConnection:
    """One agent's lines.

    Args:
        child: its process; the connection alone reads its lines.
        receive: gets the agent's calls and notifications one after the other, with their line; while it waits,
            nothing more is read, and the agent waits too.
        write_timeout_s: how long the agent may take no input.
    """

    def __init__(self, *, child: Child, receive: Receiver, write_timeout_s: float) -> None:
        self._child = child
        self._receive = receive
        self._write_timeout_s = write_timeout_s
        self._ids = itertools.count(1)
        self._open: dict[int, Callable[[RpcResponse | ConnectionDead], None]] = {}
        self._supervisor = TaskSupervisor("acp-connection")
        self._over = asyncio.Event()
        self._death = ConnectionDead("The agent was closed.")
        self._lines_read = 0
        self.broken_lines = 0
        self.odd_answers = 0

    def start(self) -> None:
        """Begin to read."""
        reader = self._supervisor.spawn(self._read(), "read")
        self._supervisor.spawn(self._watch(reader), "watch")

    async def stop(self) -> None:
        """Read no more; what waits for an answer gets none. Safe twice."""
        self._end(self._death)
        await self._supervisor.stop()

    @property
    def dead(self) -> bool:
        """Whether the agent can be talked to no more."""
        return self._over.is_set()

    @property
    def death(self) -> ConnectionDead:
        """How it ended; meaningful when `dead`."""
        return self._death

    async def wait_dead(self) -> ConnectionDead:
        """Wait for its end."""
        await self._over.wait()
        return self._death

    async def call(self, method: str, params: Mapping[str, object], *, timeout_s: float) -> Mapping[str, object]:
        """Send a request and wait for its result; one that is no object counts as empty.

        Raises:
            Refused: the agent answered with an error.
            Dead: it died before.
            BackendError: `agent_no_answer` at the deadline.
        """
        answered: asyncio.Future[RpcResponse | ConnectionDead] = asyncio.get_running_loop().create_future()
        number = await self.send(
            method, params, lambda answer: None if answered.done() else answered.set_result(answer)
        )
        try:
            async with asyncio.timeout(timeout_s):
                answer = await answered
        except TimeoutError:
            text = f"The agent did not answer {method} within {timeout_s:g} s."
            raise BackendError("agent_no_answer", text, "Try again; if it happens again, restart the agent.") from None
        finally:
            self._open.pop(number, None)
        if isinstance(answer, ConnectionDead):
            raise answer
        if answer.error is not None:
            raise RequestRefused(method, answer.error)
        return answer.result if isinstance(answer.result, dict) else {}

    async def send(
        self, method: str, params: Mapping[str, object], on_answer: Callable[[RpcResponse | ConnectionDead], None]
    ) -> int:
        """Send a request; `on_answer` is called once, at its place between the agent's other messages.

        Returns:
            the request's id.

        Raises:
            Dead: it cannot be sent.
        """
        if self.dead:
            raise self._death
        number = next(self._ids)
        self._open[number] = on_answer
        try:
            await self._write({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        except BaseException:
            self._open.pop(number, None)
            raise
        return number

    async def notify(self, method: str, params: Mapping[str, object]) -> None:
        """Send a notification.

        Raises:
            Dead: it cannot be sent.
        """
        await self._write({"jsonrpc": "2.0", "method": method, "params": params})

    async def answer(self, call: RpcRequest, result: Mapping[str, object]) -> None:
        """Answer a call of the agent. Nothing happens if it is gone."""
        with suppress(ConnectionDead):
            await self._write({"jsonrpc": "2.0", "id": call.id, "result": result})

    async def decline(self, call: RpcRequest) -> None:
        """Tell the agent that we do not offer a method."""
        error = {"code": METHOD_NOT_FOUND, "message": f"{call.method} is not offered by this client"}
        with suppress(ConnectionDead):
            await self._write({"jsonrpc": "2.0", "id": call.id, "error": error})

    async def _write(self, message: Mapping[str, object]) -> None:
        try:
            await self._child.write(encode(message), timeout_s=self._write_timeout_s)
        except ProcessError as error:
            if error.code == "agent_input_stalled":
                raise ConnectionDead(error.text) from error
            with suppress(TimeoutError):  # the exit code says more than a closed pipe
                async with asyncio.timeout(_EXIT_WAIT_S):
                    raise await self.wait_dead() from error
            raise ConnectionDead(error.text) from error

    async def _read(self) -> None:
        async for line in self._child.lines():
            self._lines_read += 1
            found = read_line(line) if len(line) < _THREAD_BYTES else await asyncio.to_thread(read_line, line)
            self.broken_lines += found.broken
            for message in found.messages:
                if isinstance(message, RpcResponse):
                    self._resolve(message)
                else:
                    await self._receive(message, line)
            if self._lines_read % _YIELD_EVERY == 0:
                await asyncio.sleep(0)

    def _resolve(self, answer: RpcResponse) -> None:
        waiting = self._open.pop(answer.id, None) if answer.id is not None else None
        if waiting is None:
            self.odd_answers += 1
            log.info("an answer to no request", extra={"id": answer.id})
        else:
            waiting(answer)

    async def _watch(self, reader: asyncio.Task[None]) -> None:
        """Notice the end of the process by its exit, never by the end of its output alone."""
        exited = self._supervisor.spawn(self._child.wait(), "exit")
        await asyncio.wait({reader, exited}, return_when=asyncio.FIRST_COMPLETED)
        if reader.done():
            await asyncio.wait({exited}, timeout=_EXIT_WAIT_S)
        else:
            await self._read_out(reader)
        self._end(ConnectionDead(self._last_words()))

    async def _read_out(self, reader: asyncio.Task[None]) -> None:
        """Read what the agent wrote before it ended."""
        before = -1
        while not reader.done() and self._lines_read != before:
            before = self._lines_read
            await asyncio.wait({reader}, timeout=_OUTPUT_WAIT_S)

    def _last_words(self) -> str:
        code = self._child.returncode
        if code is None:
            how = "closed its output while it still ran"
        elif code < 0:
            how = f"was ended by signal {-code}"
        else:
            how = f"ended with exit code {code}"
        said = self._child.stderr_tail().strip()[-_STDERR_CHARS:]
        return f"The agent (pid {self._child.pid}) {how}." + (f" It said last: {said}" if said else "")

    def _end(self, death: ConnectionDead) -> None:
        if self._over.is_set():
            return
        self._death = death
        self._over.set()
        waiting, self._open = list(self._open.values()), {}
        for callback in waiting:
            callback(death)
