"""An agent that may be on this machine: how to find, identify and drive it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from boocoder.backends.base import Backend
from boocoder.model.agent import AgentInfo


@dataclass(frozen=True, slots=True)
class FoundAgent:
    """An agent that is on this machine.

    Args:
        about: what is known of it without asking.
        backend: drives it; not started yet.
        identify: gives the version of a program that is who it should be, None where nothing can be asked.
        complete: what is known of it after an answer of the backend's.
    """

    about: AgentInfo
    backend: Backend
    identify: Callable[[], Awaitable[str]] | None = None
    complete: Callable[[AgentInfo], AgentInfo] = lambda info: info


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent that may be here.

    Args:
        name: as tasks use it.
        find: looks for it; why it cannot be driven if it is not there. Quick, starts nothing.
        eager: whether it is tried at the start of the service rather than on first use.
        wanted: whether a person's settings name it, so that it may be chosen for a task that names no agent.
        probe_timeout_s: a try that takes longer is an error.
        fresh_s: an answer younger than this is not asked for again by readers.
    """

    name: str
    find: Callable[[], FoundAgent | AgentInfo]
    eager: bool = False
    wanted: bool = False
    probe_timeout_s: float = 60.0
    fresh_s: float = 300.0
