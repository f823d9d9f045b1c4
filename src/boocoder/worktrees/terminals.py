"""Runs shells that a person opens in sessions' worktrees, with limits on number and output.

A terminal is one child of the process host. What it shows goes to one viewer; the newest part is kept, so that a page
that was loaded again shows it. It knows nothing of sockets.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boocoder.errors import BoocoderError, Conflict, ProcessError, Unavailable
from boocoder.model.ids import SessionId
from boocoder.process.child import Child
from boocoder.process.environment import person_environment
from boocoder.process.host import Command, ProcessHost
from boocoder.process.programs import shell as shell_program
from boocoder.service import TaskSupervisor
from boocoder.worktrees.history.snapshots import Snapshots

TERMINALS_MAX = 24  # of one host; a person looks at a few
GRACE_S = 30.0  # a page that is loaded again takes its terminal up within it
KEPT_BYTES = 256 * 1024  # of what was shown: some thousand lines
WAITING_BYTES = 512 * 1024  # for a slow viewer; past it the shell waits
TYPED_TIMEOUT_S = 10.0
SHELLS = ("/bin/bash", "/bin/sh")  # where the environment names none
Key = tuple[SessionId, str]


@dataclass(frozen=True, slots=True)
class Size:
    """Of a screen, in characters."""

    rows: int
    columns: int


class Viewer:
    """What one page has still to be sent."""

    def __init__(self, shown: bytes) -> None:
        self._chunks: deque[bytes] = deque([shown] if shown else [])
        self._size = len(shown)
        self._changed = asyncio.Event()
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return self._ended

    @property
    def waiting_bytes(self) -> int:
        """How much the page has not taken yet."""
        return self._size

    async def put(self, data: bytes) -> None:
        """Add to it; waits while the page is slow."""
        while self._size > WAITING_BYTES and not self._ended:
            self._changed.clear()
            await self._changed.wait()
        if not self._ended:
            self._chunks.append(data)
            self._size += len(data)
            self._changed.set()

    async def next(self) -> bytes:
        """All that waits; b"" at the end."""
        while not self._chunks and not self._ended:
            self._changed.clear()
            await self._changed.wait()
        data = b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        self._changed.set()
        return data

    def end(self) -> None:
        """Nothing more comes: the shell ended, or another page took it up."""
        self._ended = True
        self._changed.set()


class Terminal:
    """One shell.

    Args:
        child: `shell_program` with the shell on it.
    """

    def __init__(self, child: Child) -> None:
        self._child = child
        self._kept = bytearray()
        self.viewer: Viewer | None = None
        self.departures = 0
        self.exit_code: int | None = None

    def attach(self) -> Viewer:
        """A viewer that begins with what was shown lately, in place of the one before."""
        if self.viewer is not None:
            self.viewer.end()
        self.viewer = Viewer(bytes(self._kept))
        return self.viewer

    async def pump(self) -> None:
        """Carry what the shell shows to the viewer, to the shell's end."""
        async for line in self._child.lines():
            data = base64.b64decode(line)
            self._kept += data
            if len(self._kept) > 2 * KEPT_BYTES:
                del self._kept[:-KEPT_BYTES]
            if self.viewer is not None:
                await self.viewer.put(data)
        self.exit_code = await self._child.wait()
        if self.viewer is not None:
            self.viewer.end()

    async def type(self, data: bytes) -> None:
        """Hand over what was typed.

        Raises:
            ProcessError: the shell has ended, or takes nothing any more.
        """
        await self._child.write(b"i %s\n" % base64.b64encode(data), timeout_s=TYPED_TIMEOUT_S)

    async def resize(self, size: Size) -> None:
        """Tell the shell how large the screen is.

        Raises:
            ProcessError: as `type`.
        """
        await self._child.write(b"r %d %d\n" % (size.rows, size.columns), timeout_s=TYPED_TIMEOUT_S)

    async def close(self) -> None:
        """End the shell and all that runs below it."""
        if self.viewer is not None:
            self.viewer.end()
        await self._child.close()


class Terminals:
    """The terminals of this host.

    Args:
        snapshots: knows where worktrees are.
        grace_s: how long a shell lives without a viewer.
    """

    def __init__(self, *, snapshots: Snapshots, processes: ProcessHost, grace_s: float = GRACE_S) -> None:
        self._snapshots = snapshots
        self._processes = processes
        self._grace_s = grace_s
        self._supervisor = TaskSupervisor("terminals")
        self._opening = asyncio.Lock()
        self._open: dict[Key, Terminal] = {}

    async def directory(self, session_id: SessionId) -> Path:
        """Where a session's terminal starts.

        Raises:
            NotFound: session_not_found.
            Conflict: session_without_worktree, worktree_not_there.
        """
        place = await self._snapshots.place(session_id)
        if not place.ready:
            text = "The session's files are not here: they were put away, or are on another host."
            raise Conflict("worktree_not_there", text, "Bring the worktree back, or give the session a task.")
        return place.path

    async def open(self, session_id: SessionId, name: str, size: Size) -> Terminal:
        """The terminal of this name, taken up again or new.

        Raises:
            As `directory`; Unavailable: too_many_terminals; ProcessError: the shell cannot be started.
        """
        directory = await self.directory(session_id)
        key = (session_id, name)
        async with self._opening:
            found = self._open.get(key)
            if found is not None and await _taken_up(found, size):
                return found
            if len(self._open) >= TERMINALS_MAX:
                text = f"There are {TERMINALS_MAX} terminals open already."
                raise Unavailable("too_many_terminals", text, "Close one of them.")
            terminal = Terminal(await self._processes.spawn(_command(directory, size), stdin=True))
            self._open[key] = terminal
        self._supervisor.spawn(self._attend(key, terminal), f"terminal {session_id}")
        return terminal

    async def _attend(self, key: Key, terminal: Terminal) -> None:
        try:
            await terminal.pump()
        finally:
            await terminal.close()
            if self._open.get(key) is terminal:
                del self._open[key]

    def leave(self, terminal: Terminal, viewer: Viewer) -> None:
        """A viewer is gone: the shell ends after the grace unless another one comes."""
        viewer.end()
        if terminal.viewer is viewer:
            terminal.viewer = None
            terminal.departures += 1
            self._supervisor.spawn(self._end_unseen(terminal, terminal.departures), "grace")

    async def _end_unseen(self, terminal: Terminal, departure: int) -> None:
        await asyncio.sleep(self._grace_s)
        if terminal.viewer is None and terminal.departures == departure:
            await terminal.close()

    async def stop(self) -> None:
        """End them all. Safe twice."""
        for terminal in tuple(self._open.values()):
            try:
                await terminal.close()
            except BoocoderError:  # the process host sweeps what is left
                continue
        await self._supervisor.stop()


async def _taken_up(terminal: Terminal, size: Size) -> bool:
    """Whether the shell can be used on; one that is about to end takes no input any more."""
    if terminal.exit_code is not None:
        return False
    try:
        await terminal.resize(size)
    except ProcessError:
        await terminal.close()
        return False
    return True


def _command(directory: Path, size: Size) -> Command:
    env = person_environment({"TERM": "xterm-256color", "COLORTERM": "truecolor"})
    program = [sys.executable, "-I", "-S", shell_program.__file__, str(size.rows), str(size.columns), "--"]
    return Command(argv=(*program, shell_of(env.get("SHELL", ""), SHELLS)), cwd=directory, env=env)


def shell_of(named: str, others: Sequence[str]) -> str:
    """The person's own shell, or the first other one that is there."""
    return next((one for one in (named, *others) if one.startswith("/") and Path(one).is_file()), others[-1])
