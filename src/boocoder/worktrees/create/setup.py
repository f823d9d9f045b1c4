"""Copies files into a new worktree, runs the project's setup command, and later its teardown command."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import msgspec

from boocoder.db.core.pool import Database
from boocoder.db.files.start_points import end_setup, get_start, set_setup_state
from boocoder.db.files.worktrees import get_worktree
from boocoder.db.registry.project_settings import get_project_settings
from boocoder.errors import BoocoderError
from boocoder.events.agent_event import AgentEvent, Notice, NoticeLevel, Progress, ToolCall, ToolKind, ToolStatus
from boocoder.git.shadow.real_directory import is_real_directory
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.worktree.session_worktrees import Worktree
from boocoder.model.ids import SessionId
from boocoder.model.limits import TITLE_MAX_CHARS
from boocoder.model.session import SetupState
from boocoder.model.turn import Cancelled, Failed, Interrupted, StopReason, StopSignal, TurnError
from boocoder.process.host import ProcessHost
from boocoder.wire.projects import ProjectSettings
from boocoder.worktrees.create.commands import CommandContext, CommandResult, CommandStatus, run_command
from boocoder.worktrees.create.copy_plan import CopyLimits, CopyUnit
from boocoder.worktrees.create.copying import CopyResult, CopyStopped, copy_files
from boocoder.worktrees.create.start_point import count, named, path_shown, start_ref

log = logging.getLogger(__name__)

PART = "setup"  # key of the tool call that shows the command
PROGRESS_EVERY_S = 1.0
SHOWN_CHARS = 500  # of its output in an error
_COMMAND_STATUS = {True: ToolStatus.COMPLETED, False: ToolStatus.FAILED}

Emit = Callable[[AgentEvent], Awaitable[None]]
NotReady = Failed | Cancelled | Interrupted
"""How a turn ends whose worktree could not be made ready."""


@dataclass(frozen=True, slots=True)
class SetupTarget:
    """A worktree that is to be set up.

    Args:
        index: the private git index of the session.
    """

    session_id: SessionId
    worktree: Worktree
    shadow: ShadowRepository
    index: Path

    @property
    def command_place(self) -> CommandContext:
        """Where its commands run."""
        return CommandContext(self.worktree.path, self.shadow.checkout.root, self.session_id)


class WorktreeSetup:
    """Copies files and runs the setup and teardown commands of projects.

    Args:
        processes: runs the commands; nothing of them outlives it.
        copy_limits: the most that one worktree gets copied.
    """

    def __init__(self, *, database: Database, processes: ProcessHost, copy_limits: CopyLimits | None = None) -> None:
        self._database = database
        self._processes = processes
        self._copy_limits = copy_limits or CopyLimits()

    async def run(
        self, place: SetupTarget, settings: ProjectSettings, *, emit: Emit, stop: StopSignal
    ) -> Worktree | NotReady:
        """Set the worktree up; done again whole where an earlier try was cut short or failed.

        Args:
            emit: shows what is done as events of the turn.
            stop: ends the command, and with it the turn.

        Returns:
            The worktree with the base that its change is measured against, or how the turn ends.

        Raises:
            GitError: git refused.
        """
        try:
            await self._copy(place, settings.copy_patterns, emit=emit, stop=stop)
        except CopyStopped:
            return _stopped(stop)
        if settings.setup:
            not_ready = await self._command(place, settings, emit=emit, stop=stop)
            if not_ready is not None:
                state = SetupState.FAILED if isinstance(not_ready, Failed) else SetupState.RUNNING
                await self._set_state(place.session_id, state)
                return not_ready
        taken = await place.shadow.take_snapshot(
            place.worktree.path, index=place.index, ref=start_ref(place.session_id)
        )
        async with self._database.connection() as conn:
            return replace(place.worktree, base_tree=await end_setup(conn, place.session_id, taken.tree))

    async def _set_state(self, session_id: SessionId, state: SetupState) -> None:
        async with self._database.connection() as conn:
            await set_setup_state(conn, session_id, state)

    async def _copy(self, place: SetupTarget, patterns: Sequence[str], *, emit: Emit, stop: StopSignal) -> None:
        if not patterns:
            return
        found = await place.shadow.untracked_matching(patterns)
        progress = _CopyProgress(emit, stop)
        copy = partial(
            copy_files,
            place.shadow.checkout.root,
            place.worktree.path,
            found.paths,
            folders=found.folders,
            limits=self._copy_limits,
            go_on=progress.go_on,
        )
        copying = asyncio.get_running_loop().run_in_executor(None, copy)
        for notice in _copy_notices(await progress.show_while(copying)):
            await emit(notice)

    async def _command(
        self, place: SetupTarget, settings: ProjectSettings, *, emit: Emit, stop: StopSignal
    ) -> NotReady | None:
        call = ToolCall(
            part=PART,
            name=PART,
            kind=ToolKind.EXECUTE,
            title=settings.setup.strip().splitlines()[0][:TITLE_MAX_CHARS],
            status=ToolStatus.RUNNING,
            input=msgspec.json.encode({"command": settings.setup}).decode(),
        )
        await emit(call)
        ran = await run_command(
            settings.setup,
            place=place.command_place,
            processes=self._processes,
            timeout_s=settings.setup_timeout_s,
            stop=stop,
            show=lambda output: emit(replace(call, output=output)),
        )
        status = ToolStatus.CANCELLED if ran.status is CommandStatus.STOPPED else _COMMAND_STATUS[ran.ok]
        await emit(replace(call, status=status, output=ran.output, exit_code=ran.exit_code))
        return _not_ready(ran, settings, stop)

    async def teardown(self, session_id: SessionId) -> str:
        """Run the project's teardown command in a session's worktree, before that is removed. It never fails.

        Returns:
            What went wrong, for a person; "" where nothing did or there was nothing to do.
        """
        try:
            return await self._teardown(session_id)
        except BoocoderError as error:
            log.warning("teardown not run", extra={"session_id": session_id, "code": error.code}, exc_info=error)
            return f"The teardown command was not run: {error.text}"

    async def _teardown(self, session_id: SessionId) -> str:
        async with self._database.connection() as conn:
            row = await get_worktree(conn, session_id)
            start = await get_start(conn, session_id)
            settings = await get_project_settings(conn, start.project_id)
        if row is None or not settings.teardown or not is_real_directory(Path(row.path)):
            return ""
        ran = await run_command(
            settings.teardown,
            place=CommandContext(Path(row.path), Path(start.project_path), session_id),
            processes=self._processes,
            timeout_s=settings.teardown_timeout_s,
        )
        if ran.ok:
            return ""
        log.warning("teardown failed", extra={"session_id": session_id, "exit_code": ran.exit_code})
        return f"The teardown command {_ending(ran, settings.teardown_timeout_s)}"


def _not_ready(ran: CommandResult, settings: ProjectSettings, stop: StopSignal) -> NotReady | None:
    if ran.ok:
        return None
    if ran.status is CommandStatus.STOPPED:
        return _stopped(stop)
    return Failed(
        TurnError(
            "setup_failed",
            f"The setup command {_ending(ran, settings.setup_timeout_s)}",
            "It is run again before the next turn. Correct what it needs, or change the command with:"
            f" boocoder projects settings {settings.project_id} --setup COMMAND",
        )
    )


def _stopped(stop: StopSignal) -> NotReady:
    if stop.reason is StopReason.CANCELLED:
        return Cancelled()
    text = "boocoder was stopped while the worktree was set up."
    return Interrupted(TurnError("host_stopped", text, "It is set up again with the next turn."))


def _ending(ran: CommandResult, timeout_s: float) -> str:
    """How a command ended badly, as the rest of a sentence, and its last words."""
    how = f"was ended after {timeout_s:g} s" if ran.exit_code is None else f"ended with exit code {ran.exit_code}"
    said = ran.output.strip()[-SHOWN_CHARS:]
    return f"{how}. It said: {said}" if said else f"{how} and said nothing."


class _CopyProgress:
    """Shows how far a copy is and lets a request to stop end it.

    Args:
        emit: gets the progress.
        stop: looked at before every file.
    """

    def __init__(self, emit: Emit, stop: StopSignal) -> None:
        self._emit = emit
        self._stop = stop
        self._done = (0, 0)
        self._abandoned = False

    def go_on(self, copied: int, number: int) -> bool:
        """Note the progress; called from the copying thread."""
        self._done = copied, number
        return self._stop.reason is None and not self._abandoned

    async def show_while(self, copying: asyncio.Future[CopyResult]) -> CopyResult:
        """Wait for a copy. Where the wait is cancelled, the copy ends first."""
        try:
            while not (await asyncio.wait({copying}, timeout=PROGRESS_EVERY_S))[0]:
                copied, number = self._done
                await self._emit(Progress(f"Copying files into the worktree: {copied:,} of {number:,}."))
        except BaseException:
            self._abandoned = True
            await asyncio.wait({copying})
            raise
        return copying.result()


def _copy_notices(copied: CopyResult) -> list[Notice]:
    notices: list[Notice] = []
    if copied.units:
        names = named([_unit_shown(unit) for unit in copied.units])
        number = sum(len(unit.files) for unit in copied.units)
        text = f"{count(number, 'file')} of your checkout copied into the worktree: {names}."
        notices.append(Notice("files_copied", text))
    if copied.left:
        names = named([f"{path_shown(left.path)} ({left.reason})" for left in copied.left])
        notices.append(Notice("files_not_copied", f"Not copied into the worktree: {names}.", NoticeLevel.WARNING))
    return notices


def _unit_shown(unit: CopyUnit) -> str:
    name = path_shown(unit.path)
    return name if unit.files == (unit.path,) else f"{name}/ ({count(len(unit.files), 'file')})"
