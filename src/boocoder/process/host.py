"""The process host: starts agents under supervision and makes sure that none outlives its owner."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import itertools
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from boocoder.errors import ProcessError, sentences
from boocoder.process import proc_table as table
from boocoder.process.child import Child
from boocoder.process.control import SupervisorReports
from boocoder.process.orphans import ToolProcess, tool_processes
from boocoder.process.programs import supervisor
from boocoder.process.sandbox.descriptors import SandboxDescriptors
from boocoder.process.sandbox.network.host_requests import HostRequests
from boocoder.process.sandbox.profile import SandboxProfile, SandboxUse
from boocoder.process.sandbox.sandbox import ConfinedCommand, Sandbox
from boocoder.process.start_failure import bad_argument, start_failure
from boocoder.process.terminal import TerminalSize, open_terminal
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

COOKIE = "BOOCODER_COOKIE"
CHILD = "BOOCODER_CHILD"
LINE_LIMIT_BYTES = 64 * 1024 * 1024  # the longest message seen from a real agent was 60 MB
START_TIMEOUT_S = 20.0  # a supervisor reports after 20 ms on an idle machine
SWEEP_S = 5.0


@dataclass(frozen=True, slots=True)
class Command:
    """What to start.

    Args:
        argv: the program (a path, or a name on the PATH of `env`) and its arguments.
        cwd: existing directory.
        env: the whole environment, from `agent_environment`.
        sandbox: what its sandbox has to allow; None for boocoder's own programs and for a person's commands.
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    sandbox: SandboxUse | None = None


@dataclass(frozen=True, slots=True)
class HostStatistics:
    """Counts since the host started.

    Args:
        running: children alive now.
        spawned: children started.
        swept: processes of earlier runs, or left by a killed supervisor, that had to be killed.
    """

    running: int
    spawned: int
    swept: int


class ProcessHost:
    """Starts agents and ends them.

    Args:
        state_dir: directory of this host's data; each run cleans up after earlier runs on the same directory.
        instance: text unique to this run.
        sandbox: applied to commands with a `SandboxUse`; None: no command is confined.
        environment: variables that override those of agents' and projects' commands.

    Attributes:
        host_requests: asked about hosts that sandboxes would refuse.
    """

    def __init__(
        self,
        *,
        state_dir: Path,
        instance: str,
        sandbox: Sandbox | None = None,
        environment: Mapping[str, str] = {},
    ) -> None:
        self._environment = environment
        self.sandbox = sandbox
        self.host_requests = HostRequests()
        self._records = state_dir / "processes"
        self._home = hashlib.sha256(os.fsencode(state_dir.resolve())).hexdigest()[:16]
        self.cookie = f"{self._home}:{instance}"
        self._record = self._records / f"{hashlib.sha256(instance.encode()).hexdigest()[:16]}.json"
        self._supervisor = TaskSupervisor("process-host")
        self._children: set[Child] = set()
        self._numbers = itertools.count(1)
        self._spawned = 0
        self._swept = 0
        self._open = False

    async def start(self) -> None:
        """Kill what dead instances on this directory left behind, and record this instance for later ones."""
        self._records.mkdir(mode=0o700, parents=True, exist_ok=True)
        for record in sorted(self._records.glob("*.json")):
            if record != self._record:
                self._swept += await _kill_orphans(record)
        own = {"cookie": self.cookie, "boot": table.boot_id(), "pid": os.getpid()}
        fresh = self._record.with_suffix(".new")
        fresh.write_text(json.dumps({**own, "started": table.start_ticks(os.getpid()) or 0}))
        fresh.replace(self._record)
        self._open = True

    async def stop(self) -> None:
        """End all children and verify that no process with this run's cookie is left. Safe twice and before `start`."""
        if not self._open:
            return
        self._open = False
        await asyncio.gather(*(child.close() for child in list(self._children)))
        await self._supervisor.stop(grace_s=1.0)
        self._swept += await table.sweep(f"{COOKIE}={self.cookie}", limit_s=SWEEP_S)
        left = table.marked(f"{COOKIE}={self.cookie}")
        if left:
            log.error("processes outlive the host", extra={"pids": [process.pid for process in left]})
        else:
            self._record.unlink(missing_ok=True)

    async def spawn(
        self,
        command: Command,
        *,
        stdin: bool = False,
        line_limit_bytes: int = LINE_LIMIT_BYTES,
        terminal: TerminalSize | None = None,
    ) -> Child:
        """Start an agent; returns when its program runs.

        Args:
            command: what to start.
            stdin: whether its stdin is a pipe, rather than empty.
            line_limit_bytes: longer lines of its stdout are dropped and counted.
            terminal: size of a pseudo-terminal for its input and output; its stderr is still a pipe.

        Raises:
            ProcessError: it could not be started; the text says why and the cure what to do.
        """
        if not self._open:
            raise ProcessError("host_not_running", "The process host is not running.", "Start boocoder again.")
        launched = self._launch(command, _Streams(stdin, line_limit_bytes, terminal))
        child, control = launched.child, launched.control
        self._spawned += 1
        self._children.add(child)
        self._supervisor.spawn(self._attend(child), f"child {child.supervisor_pid}")
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await control.changed.wait()
            if control.agent_pid:
                return child
        except BaseException as error:
            await child.close(0.0)
            if isinstance(error, TimeoutError):
                raise _no_start(command, child) from error
            raise
        await child.close(0.0)
        if control.start_errno:
            raise start_failure(control.start_errno, command.argv, command.cwd)
        raise _no_start(command, child)

    async def _attend(self, child: Child) -> None:
        try:
            await child.attend()
        finally:
            self._children.discard(child)

    def _launch(self, command: Command, streams: _Streams) -> _Launched:
        if not command.argv or any("\0" in text for text in command.argv):
            raise bad_argument(command.argv)
        mark = f"{self.cookie}:{next(self._numbers)}"
        confined, use = self._confined(command), command.sandbox
        screen, tty = _open_terminal(command, streams.terminal)
        kind = supervisor.WRAPPED if confined.wrapped else supervisor.PLAIN
        ours, theirs = socket.socketpair()
        inherited = SandboxDescriptors(confined)
        try:
            process = subprocess.Popen(
                [*_program(), str(theirs.fileno()), str(command.cwd), kind, *inherited.argv],
                cwd="/",
                env={**inherited.env, COOKIE: self.cookie, CHILD: mark},
                stdin=tty or (subprocess.PIPE if streams.stdin else subprocess.DEVNULL),
                stdout=tty or subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                pass_fds=(theirs.fileno(), *inherited.numbers),
                start_new_session=True,
            )
            egress = inherited.egress(use, self.host_requests)
        except (OSError, ValueError) as error:
            _close(ours, screen)
            if isinstance(error, OSError):
                raise start_failure(error.errno or 0, command.argv, command.cwd) from error
            raise bad_argument(command.argv) from error
        finally:
            _close(theirs, tty)
            inherited.close()
        control = SupervisorReports(ours)
        child = Child(
            process=process,
            output=screen or process.stdout,
            control=control,
            mark=f"{CHILD}={mark}",
            line_limit_bytes=streams.line_limit_bytes,
            of_agent=use is not None and bool(use.agent),
            worktree=use.worktree if use is not None and not use.serves else None,
            view=confined.view,
            egress=egress,
        )
        return _Launched(child, control)

    def confines(self, agent: str) -> bool:
        """Whether an agent's processes are sandboxed, and so need to know their worktree when they start."""
        return self.sandbox is not None and self.sandbox.profile_of(SandboxUse(agent)) is not SandboxProfile.OFF

    def is_outgrown(self, child: Child, worktree: Path) -> bool:
        """Whether a server of all sessions was started before the worktree's project came, and cannot commit there."""
        view = child.view
        return self.sandbox is not None and view is not None and self.sandbox.is_outgrown(view, worktree)

    def project_of(self, worktree: Path) -> Path | None:
        """The person's repository that a session's worktree was made of, None if it is not known."""
        return self.sandbox.project_of(worktree) if self.sandbox is not None else None

    def _confined(self, command: Command) -> ConfinedCommand:
        """The command with the configured variables, in its sandbox.

        A program that cannot start is refused here, because the sandbox's own error would be less precise.
        """
        if command.sandbox is None:
            return ConfinedCommand(command.argv, command.env)
        env = {**command.env, **self._environment}
        if self.sandbox is None:
            return ConfinedCommand(command.argv, env)
        confined = self.sandbox.confine(command.argv, cwd=command.cwd, env=env, use=command.sandbox)
        program = shutil.which(command.argv[0], path=env.get("PATH", os.defpath))
        if confined.argv != command.argv and program is None:
            number = errno.EACCES if Path(command.argv[0]).exists() else errno.ENOENT
            raise start_failure(number, command.argv, command.cwd)
        return confined

    def tool_processes(self, worktree: Path) -> list[ToolProcess]:
        """What tools of a session's agents started and still runs. It blocks for milliseconds."""
        found = (one for child in list(self._children) for one in tool_processes(child, worktree))
        return list({one.pid: one for one in found}.values())

    def statistics(self) -> HostStatistics:
        """Counts, for logs and screens."""
        running = sum(child.returncode is None for child in self._children)
        return HostStatistics(running=running, spawned=self._spawned, swept=self._swept)


@dataclass(frozen=True, slots=True)
class _Streams:
    """What a child's streams are; see `ProcessHost.spawn`."""

    stdin: bool
    line_limit_bytes: int
    terminal: TerminalSize | None


@dataclass(frozen=True, slots=True)
class _Launched:
    """A process that has been asked to start."""

    child: Child
    control: SupervisorReports


def _open_terminal(command: Command, size: TerminalSize | None) -> tuple[IO[bytes] | None, IO[bytes] | None]:
    try:
        return open_terminal(size) if size is not None else (None, None)
    except OSError as error:
        raise start_failure(error.errno or 0, command.argv, command.cwd) from error


def _close(*files: IO[bytes] | socket.socket | None) -> None:
    for file in files:
        if file is not None:
            file.close()


def _program() -> list[str]:
    return [sys.executable, "-I", "-S", supervisor.__file__]


def _no_start(command: Command, child: Child) -> ProcessError:
    said = child.stderr_tail()[-500:].strip()
    return ProcessError(
        "supervisor_failed", sentences(f"The supervisor of {command.argv[0]} did not start it.", said), "Try it again."
    )


async def _kill_orphans(record: Path) -> int:
    """Kill what a dead instance left behind; does nothing for an instance that still runs or ran before a reboot."""
    try:
        known = json.loads(record.read_text())
        cookie, boot, pid, started = known["cookie"], known["boot"], known["pid"], known["started"]
    except (OSError, ValueError, KeyError, TypeError):
        record.unlink(missing_ok=True)
        return 0
    killed = 0
    if boot == table.boot_id():
        if table.start_ticks(pid) == started:
            return 0
        killed = await table.sweep(f"{COOKIE}={cookie}", not_before=started, limit_s=SWEEP_S)
    record.unlink(missing_ok=True)
    return killed
