"""Reports what a model call is waiting for before its answer begins: a slot, a loading model, the prompt."""

from __future__ import annotations

import asyncio

from boocoder.backends.native.loop.reporter import NativeReporter
from boocoder.backends.native.model.client import ModelClient
from boocoder.backends.native.model.wire import PromptProgress
from boocoder.errors import LeaseLost
from boocoder.events.agent_event import Progress

FIRST_AFTER_S = 1.0  # a server that answers at once is not asked what it does
EVERY_S = 2.0
SHOWN_TOKENS = 256  # that the server has to read; fewer take less than a second nearly everywhere


class WaitStatus:
    """The state of one model call before its answer begins.

    Args:
        client: queries the server's status.
        model: the called model.
        reporter: receives the status.
        first_after_s: seconds until the server is asked for the first time.
    """

    def __init__(
        self, *, client: ModelClient, model: str, reporter: NativeReporter, first_after_s: float = FIRST_AFTER_S
    ) -> None:
        self._client = client
        self._model = model
        self._reporter = reporter
        self._first_after_s = first_after_s
        self._reading = asyncio.Event()
        self._read = ""

    async def prompt_read(self, progress: PromptProgress) -> None:
        """Report the share of the prompt that the server has read, unless the prompt is short."""
        self._reading.set()
        percent = progress.percent
        self._read = f"Reading the prompt, {percent} %" if percent is not None else ""
        long = (progress.total or 0) - (progress.cache or 0) >= SHOWN_TOKENS
        await self._reporter.report(Progress(self._read if long else ""))

    async def run(self) -> None:
        """Report every two seconds what the server is busy with, until cancelled.

        llama-server tells its progress once for 2,048 tokens, which take minutes on a slow machine: meanwhile the last
        one is repeated as long as the server responds.
        """
        await asyncio.sleep(self._first_after_s)
        while True:
            try:
                if (text := await self._state()) is not None:
                    await self._reporter.report(Progress(text))
            except LeaseLost:
                return  # the turn finds it out by itself
            await asyncio.sleep(EVERY_S)

    async def _state(self) -> str | None:
        """What the server is busy with; None where nothing is known."""
        if self._reading.is_set():
            return self._read if await self._client.answers() else None
        text = await self._client.busy_with(self._model) or "Waiting for the model"
        return None if self._reading.is_set() else text  # the slot that is busy is its own
