"""Makes a worktree ready for an agent as its project wants it: files copied, setup command run; and the teardown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from boocoder.db.pool import Database
from boocoder.db.project_settings import ProjectSettings, get_project_settings
from boocoder.db.starts import end_setup, get_start, set_setup_state
from boocoder.db.worktrees import SetupState, get_worktree
from boocoder.errors import BoocoderError
from boocoder.events.agent_event import AgentEvent, Notice, NoticeLevel, ToolCall, ToolKind, ToolStatus
from boocoder.git.shadow import ShadowRepository, Worktree
from boocoder.model.ids import SessionId
from boocoder.model.limits import TITLE_MAX_CHARS
from boocoder.model.turn import Cancelled, Failed, Interrupted, StopReason, StopSignal, TurnError
from boocoder.process.host import ProcessHost
from boocoder.worktrees.commands import CommandPlace, Ran, RanStatus, run_command
from boocoder.worktrees.copying import Copied, Left, copy_files
from boocoder.worktrees.start import count, named, path_shown, start_ref

log = logging.getLogger(__name__)

PART = "setup"  # key of the tool call that shows the command
SHOWN_CHARS = 500  # of its output in an error
_COMMAND_STATUS = {True: ToolStatus.COMPLETED, False: ToolStatus.FAILED}

Emit = Callable[[AgentEvent], Awaitable[None]]
NotReady = Failed | Cancelled | Interrupted
"""How a turn ends whose worktree could not be made ready."""


@dataclass(frozen=True, slots=True)
class SetupPlace:
    """A worktree that is to be set up.

    Args:
        index: the private git index of the session.
    """

    session_id: SessionId
    worktree: Worktree
    shadow: ShadowRepository
    index: Path

    @property
    def command_place(self) -> CommandPlace:
        """Where its commands run."""
        return CommandPlace(self.worktree.path, self.shadow.checkout.root, self.session_id)


class WorktreeSetup:
    """Copies files and runs the setup and teardown commands of projects.

    Args:
        processes: runs the commands; nothing of them outlives it.
    """

    def __init__(self, *, database: Database, processes: ProcessHost) -> None:
        self._database = database
        self._processes = processes

    async def run(
        self, place: SetupPlace, settings: ProjectSettings, *, emit: Emit, stop: StopSignal
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
        for copied in await self._copy(place, settings.copy_patterns):
            await emit(copied)
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

    async def _copy(self, place: SetupPlace, patterns: Sequence[str]) -> list[Notice]:
        if not patterns:
            return []
        paths = await place.shadow.untracked_matching(patterns)
        root = place.shadow.checkout.root
        return _copy_notices(await asyncio.to_thread(copy_files, root, place.worktree.path, paths))

    async def _command(
        self, place: SetupPlace, settings: ProjectSettings, *, emit: Emit, stop: StopSignal
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
        status = ToolStatus.CANCELLED if ran.status is RanStatus.STOPPED else _COMMAND_STATUS[ran.ok]
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
        if row is None or not settings.teardown or not Path(row.path).is_dir():
            return ""
        ran = await run_command(
            settings.teardown,
            place=CommandPlace(Path(row.path), Path(start.project_path), session_id),
            processes=self._processes,
            timeout_s=settings.teardown_timeout_s,
        )
        if ran.ok:
            return ""
        log.warning("teardown failed", extra={"session_id": session_id, "exit_code": ran.exit_code})
        return f"The teardown command {_ending(ran, settings.teardown_timeout_s)}"


def _not_ready(ran: Ran, settings: ProjectSettings, stop: StopSignal) -> NotReady | None:
    if ran.ok:
        return None
    if ran.status is RanStatus.STOPPED:
        if stop.reason is StopReason.CANCELLED:
            return Cancelled()
        text = "boocoder was stopped while the worktree was set up."
        return Interrupted(TurnError("host_stopped", text, "It is set up again with the next turn."))
    return Failed(
        TurnError(
            "setup_failed",
            f"The setup command {_ending(ran, settings.setup_timeout_s)}",
            "It is run again before the next turn. Correct what it needs, or change the command with:"
            f" boocoder projects settings {settings.project_id} --setup COMMAND",
        )
    )


def _ending(ran: Ran, timeout_s: float) -> str:
    """How a command ended badly, as the rest of a sentence, and its last words."""
    how = f"was ended after {timeout_s:g} s" if ran.exit_code is None else f"ended with exit code {ran.exit_code}"
    said = ran.output.strip()[-SHOWN_CHARS:]
    return f"{how}. It said: {said}" if said else f"{how} and said nothing."


def _copy_notices(copied: Copied) -> list[Notice]:
    notices: list[Notice] = []
    if copied.paths:
        names = named([path_shown(path) for path in copied.paths])
        text = f"{count(len(copied.paths), 'file')} of your checkout copied into the worktree: {names}."
        notices.append(Notice("files_copied", text))
    if copied.left:
        names = named([_left_shown(one) for one in copied.left])
        notices.append(Notice("files_not_copied", f"Not copied into the worktree: {names}.", NoticeLevel.WARNING))
    return notices


def _left_shown(left: Left) -> str:
    return f"{path_shown(left.path)} ({left.reason})"
