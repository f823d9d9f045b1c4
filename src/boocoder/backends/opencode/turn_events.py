"""Signals that a running turn waits for, next to the stream's events."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from boocoder.backends.opencode.http.wire import ServerEvent, StoredMessage
from boocoder.backends.shared.turn_events import PortFailed, StopRequested
from boocoder.errors import BackendError


@dataclass(frozen=True, slots=True)
class EventGap:
    """Events may have been lost before this point: the store has to be asked."""


@dataclass(frozen=True, slots=True)
class PromptReplied:
    """The prompt's request was answered: the turn is over."""

    message: StoredMessage


@dataclass(frozen=True, slots=True)
class SteerReplied:
    """The request of a person's message to the turn was answered: its loop is over; None where it failed."""

    message: StoredMessage | None


@dataclass(frozen=True, slots=True)
class AnswerLost:
    """The prompt's request failed; the turn may go on nevertheless."""

    error: BackendError


@dataclass(frozen=True, slots=True)
class SessionIdle:
    """The server says that the session is idle, seen while the prompt's answer is lost."""


@dataclass(frozen=True, slots=True)
class AbortDone:
    """The abort has ended; `obeyed` if opencode confirmed it."""

    obeyed: bool


@dataclass(frozen=True, slots=True)
class ServerDied:
    """The server's process ended; `expected` when we ended it."""

    text: str
    expected: bool


@dataclass(frozen=True, slots=True)
class ReconcileRequested:
    """The watchdog asks whether the turn still runs; the answer goes into `working`."""

    working: asyncio.Future[bool]


Signal = (
    ServerEvent
    | PromptReplied
    | SteerReplied
    | AnswerLost
    | SessionIdle
    | StopRequested
    | AbortDone
    | ServerDied
    | ReconcileRequested
    | PortFailed
    | EventGap
)
