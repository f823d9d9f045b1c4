"""Signals that a running turn waits for."""

from __future__ import annotations

from dataclasses import dataclass

from boocoder.backends.acp.protocol.connection import ConnectionDead
from boocoder.backends.acp.protocol.message import RpcRequest, RpcResponse
from boocoder.backends.acp.updates.parser import Update
from boocoder.backends.shared.turn_events import PortFailed, StopRequested


@dataclass(frozen=True, slots=True)
class SessionUpdate:
    """An update of the session, with its line for the journal."""

    update: Update
    line: bytes


@dataclass(frozen=True, slots=True)
class ApprovalRequested:
    """The agent asks for permission, or asks a question."""

    call: RpcRequest
    line: bytes


@dataclass(frozen=True, slots=True)
class UnknownSessionUpdate:
    """An update of a session that boocoder has not opened."""

    native_id: str


@dataclass(frozen=True, slots=True)
class PromptAnswered:
    """The prompt was answered, or its connection is dead."""

    answer: RpcResponse | ConnectionDead


@dataclass(frozen=True, slots=True)
class CancelIgnored:
    """The agent did not stop within its grace time."""


Signal = (
    SessionUpdate
    | ApprovalRequested
    | UnknownSessionUpdate
    | PromptAnswered
    | StopRequested
    | CancelIgnored
    | PortFailed
)
