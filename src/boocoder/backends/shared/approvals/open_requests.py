"""Permissions and questions of one turn that wait for an answer from the port."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

from boocoder.errors import BackendError, ProcessError
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)


class OpenRequests:
    """Carries each request to the port and its answer to the agent in a background task.

    Args:
        task_group: name of the tasks.
        failed: called with the error when the port refuses to go on; the turn must end with it.
    """

    def __init__(self, *, task_group: str, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed
        self._tasks = TaskSupervisor(task_group)
        self._open: dict[str, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, key: str) -> bool:
        return key in self._open

    def begin(self, key: str, work: Coroutine[None, None, None]) -> None:
        """Start to get an answer.

        Args:
            key: names the request; no open one has it.
            work: asks the port and answers the agent.
        """
        task = self._tasks.spawn(self._carry(work), key)
        self._open[key] = task
        task.add_done_callback(lambda _: self._closed(key, work))

    def withdraw(self, key: str) -> None:
        """The agent no longer waits for this answer."""
        if task := self._open.get(key):
            task.cancel()

    async def wait(self, timeout_s: float) -> None:
        """Wait until all are answered, for at most `timeout_s`."""
        if self._open:
            await asyncio.wait(list(self._open.values()), timeout=timeout_s)

    async def stop(self) -> None:
        """Drop what is still open. Safe twice."""
        await self._tasks.stop()

    def _closed(self, key: str, work: Coroutine[None, None, None]) -> None:
        self._open.pop(key, None)
        work.close()  # a request that is withdrawn at once never began

    async def _carry(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except (BackendError, ProcessError) as error:  # answered elsewhere, aborted or dead; the turn's end shows it
            log.info("the agent did not take an answer", extra={"reason": error.text})
        except Exception as error:  # noqa: BLE001 -- every error of the port ends the turn that asks
            self._failed(error)
