"""One session inside an agent's process: its options, and the turn that receives its updates."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from boocoder.backends.acp.options import OptionKind, Options, merged, with_current
from boocoder.backends.acp.protocol.message import RpcRequest
from boocoder.backends.acp.turn_events import ApprovalRequested, SessionUpdate, Signal
from boocoder.backends.acp.updates.parser import (
    CommandsReport,
    MessageChunk,
    ModeReport,
    OptionsReport,
    PlanReport,
    ToolReport,
    Update,
    UserEcho,
)
from boocoder.backends.acp.updates.usage import SessionTotals
from boocoder.backends.shared.mailbox import Mailbox

_CONTENT = (MessageChunk, UserEcho, ToolReport, PlanReport)


@dataclass(slots=True)
class Replay:
    """What came while a session was loaded."""

    pieces: int = 0
    newest: float = 0.0  # on the loop's clock


class AcpSession:
    """One session.

    Args:
        native_id: the agent's id of it.

    Attributes:
        options: what may be chosen, and what is chosen now.
        initial: what it goes back to when a task names nothing, by kind.
        totals: what it had used.
        commands: the newest list of slash commands that no turn has shown yet.
        commands_known: set when there is one.
        reports: how often the agent reported its options.
        replay: while it is loaded; its content is counted and dropped.
    """

    def __init__(self, native_id: str) -> None:
        self.native_id = native_id
        self.options: Options = {}
        self.initial: dict[OptionKind, str] = {}
        self.totals = SessionTotals()
        self.commands: CommandsReport | None = None
        self.commands_known = asyncio.Event()
        self.reports = 0
        self.replay: Replay | None = None
        self._turn: Mailbox[Signal] | None = None

    @property
    def busy(self) -> bool:
        """Whether a turn listens."""
        return self._turn is not None

    def listen(self, mail: Mailbox[Signal]) -> None:
        """Send updates to a turn from now on; a replay is over."""
        self.replay = None
        self._turn = mail

    def leave(self) -> None:
        """The turn is over."""
        self._turn = None

    def learn_options(self, options: Options, defaults: dict[OptionKind, str], *, fresh: bool) -> None:
        """Take in the answer to opening the session.

        Args:
            defaults: what a fresh session of this agent is set to; learnt from one, used for one that is resumed,
                because the agent may have kept a freer mode of an earlier task.
        """
        self.options = options
        now = {kind: choice.current for kind, choice in options.items()}
        if fresh:
            defaults.update(now)
        self.initial = now | {kind: value for kind, value in defaults.items() if kind in now}

    async def take(self, update: Update, line: bytes) -> None:
        """Take an update in; waits while the turn has too much of it already."""
        self._remember(update)
        if self._turn is not None:
            self._turn.put(SessionUpdate(update, line), len(line))
            await self._turn.wait_room()
        elif isinstance(update, CommandsReport):
            self.commands = update
            self.commands_known.set()
        elif self.replay is not None and isinstance(update, _CONTENT):
            self.replay.pieces += 1
            self.replay.newest = asyncio.get_running_loop().time()

    def offer_call(self, call: RpcRequest, line: bytes) -> bool:
        """Give a call of the agent to the turn; False if there is none."""
        if self._turn is None:
            return False
        self._turn.put(ApprovalRequested(call, line), len(line))
        return True

    def signal(self, signal: Signal) -> None:
        """Put a signal into the turn's mailbox, if there is a turn."""
        if self._turn is not None:
            self._turn.put(signal)

    def _remember(self, update: Update) -> None:
        if isinstance(update, OptionsReport):
            self.options = merged(self.options, update.options)
            self.reports += 1
        elif isinstance(update, ModeReport):
            self.options = with_current(self.options, OptionKind.MODE, update.mode)
            self.reports += 1
