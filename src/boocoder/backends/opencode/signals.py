"""What a running turn waits for besides the stream's events."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from boocoder.backends.opencode.mailbox import Gap
from boocoder.backends.opencode.wire import ServerEvent, StoredMessage
from boocoder.errors import BackendError
from boocoder.model.turn import StopReason


@dataclass(frozen=True, slots=True)
class Answered:
    """The prompt's request was answered: the turn is over."""

    message: StoredMessage


@dataclass(frozen=True, slots=True)
class AnswerLost:
    """The prompt's request failed; the turn may go on nevertheless."""

    error: BackendError


@dataclass(frozen=True, slots=True)
class WentIdle:
    """The server says that the session is idle, seen while the prompt's answer is lost."""


@dataclass(frozen=True, slots=True)
class StopAsked:
    """Somebody wants the turn to end."""

    reason: StopReason


@dataclass(frozen=True, slots=True)
class AbortDone:
    """opencode was told to end the turn and has had time to answer; `obeyed` says whether it confirmed."""

    obeyed: bool


@dataclass(frozen=True, slots=True)
class ServerDied:
    """The server's process ended; `expected` when we ended it."""

    text: str
    expected: bool


@dataclass(frozen=True, slots=True)
class StoreAsked:
    """The watchdog wants to know whether the turn still runs; the answer goes into `working`."""

    working: asyncio.Future[bool]


@dataclass(frozen=True, slots=True)
class PortFailed:
    """The port refused to go on; the turn ends with this error."""

    error: BaseException


Signal = (
    ServerEvent | Answered | AnswerLost | WentIdle | StopAsked | AbortDone | ServerDied | StoreAsked | PortFailed | Gap
)
