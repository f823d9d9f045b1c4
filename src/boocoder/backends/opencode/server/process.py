"""One run of `opencode serve`: started, checked, watched and stopped."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from boocoder.backends.opencode.http.client import OpenCodeClient, ServerRefused, Unreachable
from boocoder.backends.opencode.http.event_stream import OpenCodeEventStream
from boocoder.backends.opencode.server.environment import PASSWORD_VARIABLE, ServerEnvironment
from boocoder.backends.opencode.settings import OpenCodeSettings
from boocoder.errors import BackendError, ProcessError, sentences
from boocoder.process.child import Child
from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost
from boocoder.process.privacy import hide_variables_below
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

_BANNER = re.compile(rb"listening on (http://[^\s]+)")
_DISPOSE_TIMEOUT_S = 3.0  # 0.3 s is usual; tools that refuse to die are killed afterwards
_CLOSE_GRACE_S = 2.0
_TAIL_CHARS = 2000  # of its last output, enough for the top of a stack trace


class ServerProcess:
    """A running server with its client and its event stream. Made by `launch`.

    Attributes:
        users: how many turns and other callers hold it.
        warm_sessions: those that it has worked with, each with its newest message if it is settled, else "".
    """

    def __init__(
        self,
        *,
        child: Child,
        client: OpenCodeClient,
        stream: OpenCodeEventStream,
        url: str,
        version: str,
        tasks: TaskSupervisor,
    ) -> None:
        self.child = child
        self.client = client
        self.stream = stream
        self.url = url
        self.version = version
        self.ending = False
        self.users = 0
        self.warm_sessions: dict[str, str] = {}
        self._tasks = tasks
        self._died = asyncio.Event()
        tasks.spawn(self._watch(), "watch")

    @property
    def dead(self) -> bool:
        """Whether the process has ended."""
        return self._died.is_set() or self.child.returncode is not None

    async def wait_died(self) -> str:
        """Wait until the process ends.

        Returns:
            How it ended, with its last output.
        """
        await self._died.wait()
        return f"{self._how()} {self.child.stderr_tail()[-_TAIL_CHARS:]}".strip()

    async def stop(self) -> None:
        """End turns, tools, the process and the connections, in this order. Safe twice."""
        self.ending = True
        if not self.dead:
            with suppress(BackendError):
                await self.client.dispose_all(_DISPOSE_TIMEOUT_S)
        await self.stream.stop()
        await self.child.close(_CLOSE_GRACE_S)
        await self.client.close()
        await self._tasks.stop()
        self._died.set()

    async def kill(self) -> None:
        """End the process at once; its turns are notified of its death."""
        await self.child.close(0.0)
        self._died.set()

    async def _watch(self) -> None:
        await self.child.wait()
        self._died.set()
        if not self.ending:
            log.warning("opencode died", extra={"how": self._how()})
        await self.stream.stop()

    def _how(self) -> str:
        code = self.child.returncode
        if code is None:
            return "opencode was stopped."
        return f"opencode was killed by signal {-code}." if code < 0 else f"opencode ended with exit code {code}."


async def launch(
    *, host: ProcessHost, program: Path, home: ServerEnvironment, settings: OpenCodeSettings
) -> ServerProcess:
    """Start a server on a free loopback port with a random password and wait until it answers.

    Raises:
        BackendError: it cannot be started, ended at once, took too long, or is a version that we cannot drive.
    """
    password = secrets.token_urlsafe(32)
    env = agent_environment(home.prepare(password))
    use = home.sandbox_use()
    argv = (str(program), "serve", "--hostname", "127.0.0.1", "--port", "0")
    try:
        child = await host.spawn(Command(argv, home.neutral, env, use))
    except ProcessError as error:
        raise BackendError("agent_start_failed", error.text, error.cure) from error
    tasks = TaskSupervisor("opencode-server")
    try:
        async with asyncio.timeout(settings.start_timeout_s):
            url = await _reached(child, await _wait_banner(child, tasks))
            return await _connect(child, tasks, url, password, settings)
    except (TimeoutError, Unreachable) as error:
        why = error.text if isinstance(error, Unreachable) else f"It was not ready after {settings.start_timeout_s} s."
        await _discard(child, tasks)
        raise _start_failed(
            sentences("opencode could not be started.", why, child.stderr_tail()[-_TAIL_CHARS:])
        ) from error
    except BaseException:
        await asyncio.shield(_discard(child, tasks))
        raise


async def _discard(child: Child, tasks: TaskSupervisor) -> None:
    await tasks.stop()
    await child.close(_CLOSE_GRACE_S)


async def _wait_banner(child: Child, tasks: TaskSupervisor) -> str:
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    tasks.spawn(_drain(child, found), "stdout")
    return await found


async def _reached(child: Child, url: str) -> str:
    """The address by which the server is reached from outside of its sandbox."""
    port = urlsplit(url).port
    return f"http://127.0.0.1:{await child.reach_port(port)}" if port else url


async def _drain(child: Child, found: asyncio.Future[str]) -> None:
    async for line in child.lines():
        match = _BANNER.search(line)
        if match and not found.done():
            found.set_result(match[1].decode())
    code = await child.wait()
    if not found.done():
        text = sentences(f"opencode ended with code {code} before it was ready.", child.stderr_tail()[-_TAIL_CHARS:])
        found.set_exception(_start_failed(text))


def _start_failed(text: str) -> BackendError:
    return BackendError("agent_start_failed", text.strip(), "Run `opencode serve` by hand to see why.")


async def _connect(
    child: Child, tasks: TaskSupervisor, url: str, password: str, settings: OpenCodeSettings
) -> ServerProcess:
    client = OpenCodeClient(base_url=url, password=password, request_timeout_s=settings.request_timeout_s)
    try:
        version = await _check_version(client)
        stream = OpenCodeEventStream(open_stream=client.events, silence_s=settings.silence_s)
        await stream.start()
        await asyncio.to_thread(_hide_password, child)
        return ServerProcess(child=child, client=client, stream=stream, url=url, version=version, tasks=tasks)
    except BaseException:
        await asyncio.shield(client.close())
        raise


def _hide_password(child: Child) -> None:
    """Remove the password from /proc once the server has read it."""
    if not hide_variables_below(child.supervisor_pid, [PASSWORD_VARIABLE]):
        log.warning("opencode's password can be read in /proc: this machine forbids to blank it")


async def _check_version(client: OpenCodeClient) -> str:
    cure = "Install opencode 1.18 (npm install -g opencode-ai@1.18.33), or use another agent."
    try:
        health = await client.health()
    except BackendError as error:
        if not isinstance(error, ServerRefused) and error.code != "agent_answer_unusable":
            raise
        text = f"This opencode does not speak the protocol of version 1: {error.text}"
        raise BackendError("agent_version_unsupported", text, cure) from error
    if not health.version.startswith("1."):
        text = f"opencode {health.version or 'of unknown version'} is not supported yet; boocoder drives version 1."
        raise BackendError("agent_version_unsupported", text, cure)
    return health.version
