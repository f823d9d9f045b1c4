"""What a running turn waits for."""

from __future__ import annotations

from dataclasses import dataclass

from boocoder.backends.acp.connection import Dead
from boocoder.backends.acp.message import Answer, Call
from boocoder.backends.acp.updates import Update
from boocoder.model.turn import StopReason


@dataclass(frozen=True, slots=True)
class Reported:
    """An update of the session, with its line for the journal."""

    update: Update
    line: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """The agent asks for permission, or asks a question."""

    call: Call
    line: bytes


@dataclass(frozen=True, slots=True)
class Strange:
    """An update of a session that nobody has opened."""

    native_id: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The prompt was answered, or cannot be any more."""

    answer: Answer | Dead


@dataclass(frozen=True, slots=True)
class StopAsked:
    """Somebody wants the turn to end."""

    reason: StopReason


@dataclass(frozen=True, slots=True)
class CancelIgnored:
    """The agent was told to stop and did not within its grace."""


@dataclass(frozen=True, slots=True)
class PortFailed:
    """The port refused to go on; the turn ends with this error."""

    error: BaseException


Signal = Reported | Asked | Strange | Answered | StopAsked | CancelIgnored | PortFailed
