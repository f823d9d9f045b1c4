"""The backends that the contract suite runs against; a new backend adds its case here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from boocoder.backends.base import Backend
from boocoder.backends.scripted.backend import ScriptedBackend
from tests.contract.case import BackendCase


@asynccontextmanager
async def scripted_case(directory: Path) -> AsyncIterator[BackendCase]:
    """The scripted backend; it dies by a directive of its script."""

    async def make() -> Backend:
        backend = ScriptedBackend(state_dir=directory / "store")
        await backend.start()
        return backend

    async def kill_agent() -> None:
        """The script's own [[crash]] has done it."""

    case = BackendCase(
        name="scripted",
        make=make,
        permission_prompt="[[permission bash|echo yes > asked.txt]]",
        question_prompt="[[question Which one?|A; B]]",
        kill_agent=kill_agent,
        crash_prompt="[[say before]][[crash]]",
        directory=directory / "worktrees",
    )
    case.backend = await case.make()
    try:
        yield case
    finally:
        await case.backend.stop()


CASES: Mapping[str, Callable[[Path], AbstractAsyncContextManager[BackendCase]]] = {"scripted": scripted_case}
