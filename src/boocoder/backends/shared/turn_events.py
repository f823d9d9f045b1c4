"""Signals that the running turn of every process-driven backend waits for."""

from __future__ import annotations

from dataclasses import dataclass

from boocoder.model.turn import StopReason


@dataclass(frozen=True, slots=True)
class StopRequested:
    """The turn is asked to end."""

    reason: StopReason


@dataclass(frozen=True, slots=True)
class PortFailed:
    """The port refused to go on; the turn ends with this error."""

    error: BaseException
