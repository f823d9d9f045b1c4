"""One session inside an agent's process: what it is set to, and where its news goes. No I/O of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from boocoder.backends.acp.mailbox import Mailbox
from boocoder.backends.acp.message import Call
from boocoder.backends.acp.options import Knob, Options, merged, with_current
from boocoder.backends.acp.signals import Asked, Reported, Signal
from boocoder.backends.acp.updates import (
    CommandsReport,
    Echo,
    ModeReport,
    OptionsReport,
    PlanReport,
    Said,
    ToolReport,
    Update,
)
from boocoder.backends.acp.usage import SessionTotals

_CONTENT = (Said, Echo, ToolReport, PlanReport)


@dataclass(slots=True)
class Replay:
    """What came while a session was loaded."""

    pieces: int = 0
    newest: float = 0.0  # on the loop's clock


class Session:
    """One session.

    Args:
        native_id: the agent's id of it.

    Attributes:
        options: what may be chosen, and what is chosen now.
        initial: what it goes back to when a task names nothing, by knob.
        totals: what it had used.
        commands: the newest list of slash commands that no turn has shown yet.
        commands_told: set when there is one.
        reports: how often the agent told what it is set to.
        replay: while it is loaded; its content is counted and dropped.
    """

    def __init__(self, native_id: str) -> None:
        self.native_id = native_id
        self.options: Options = {}
        self.initial: dict[Knob, str] = {}
        self.totals = SessionTotals()
        self.commands: CommandsReport | None = None
        self.commands_told = asyncio.Event()
        self.reports = 0
        self.replay: Replay | None = None
        self._turn: Mailbox[Signal] | None = None

    @property
    def busy(self) -> bool:
        """Whether a turn listens."""
        return self._turn is not None

    def listen(self, mail: Mailbox[Signal]) -> None:
        """News goes to a turn from now on; what was replayed is over."""
        self.replay = None
        self._turn = mail

    def leave(self) -> None:
        """The turn is over."""
        self._turn = None

    def learn_options(self, options: Options, defaults: dict[Knob, str], *, fresh: bool) -> None:
        """Take in the answer to opening the session.

        Args:
            defaults: what a fresh session of this agent is set to; learnt from one, used for one that is resumed,
                because the agent may have kept a freer mode of an earlier task.
        """
        self.options = options
        now = {knob: choice.current for knob, choice in options.items()}
        if fresh:
            defaults.update(now)
        self.initial = now | {knob: value for knob, value in defaults.items() if knob in now}

    async def take(self, update: Update, line: bytes) -> None:
        """Take an update in; waits while the turn has too much of it already."""
        self._remember(update)
        if self._turn is not None:
            self._turn.put(Reported(update, line), len(line))
            await self._turn.wait_room()
        elif isinstance(update, CommandsReport):
            self.commands = update
            self.commands_told.set()
        elif self.replay is not None and isinstance(update, _CONTENT):
            self.replay.pieces += 1
            self.replay.newest = asyncio.get_running_loop().time()

    def offer_call(self, call: Call, line: bytes) -> bool:
        """Give a call of the agent to the turn; False if there is none."""
        if self._turn is None:
            return False
        self._turn.put(Asked(call, line), len(line))
        return True

    def tell(self, signal: Signal) -> None:
        """Tell the turn something, if there is one."""
        if self._turn is not None:
            self._turn.put(signal)

    def _remember(self, update: Update) -> None:
        if isinstance(update, OptionsReport):
            self.options = merged(self.options, update.options)
            self.reports += 1
        elif isinstance(update, ModeReport):
            self.options = with_current(self.options, Knob.MODE, update.mode)
            self.reports += 1
