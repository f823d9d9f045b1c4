"""Background tasks with a name, an owner and an error path; the only module that creates asyncio tasks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")


class Service(Protocol):
    """Something with a lifetime. `stop` is safe twice and before `start`; `start` returns when it is ready."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a program's coroutine on uvloop where it is installed, and return its result."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # Windows, PyPy
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


class TaskSupervisor:
    """Owns background tasks: names them, logs how they died, and ends them all on `stop`.

    Args:
        name: prefix of every task's name, seen in logs.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._tasks: set[asyncio.Task[Any]] = set()
        self._failed = asyncio.Event()
        self.failure: BaseException | None = None

    def spawn(self, coro: Coroutine[Any, Any, T], name: str, *, vital: bool = False) -> asyncio.Task[T]:
        """Start `coro` in the background.

        Args:
            coro: the work.
            name: what it is, for logs and debuggers.
            vital: if it dies by an exception, `wait_failed` returns, so that the owner can stop loudly.
        """
        task = asyncio.get_running_loop().create_task(coro, name=f"{self._name}:{name}")
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._on_done(done, vital))
        return task

    def _on_done(self, task: asyncio.Task[Any], vital: bool) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            return
        log.error("background task died", extra={"task": task.get_name()}, exc_info=error)
        if vital and self.failure is None:
            self.failure = error
            self._failed.set()

    async def wait_failed(self) -> BaseException:
        """Wait until a vital task has died and return its error."""
        await self._failed.wait()
        assert self.failure is not None
        return self.failure

    def __len__(self) -> int:
        return len(self._tasks)

    async def stop(self, grace_s: float = 0.0) -> None:
        """Let the tasks finish for `grace_s` seconds, then cancel what is left and wait for it."""
        tasks = list(self._tasks)
        if tasks and grace_s > 0:
            await asyncio.wait(tasks, timeout=grace_s)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)
