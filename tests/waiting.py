"""Waiting for what must come true, on a machine that may be busy with anything else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE_S = 60.0  # only a test that fails waits for so long


async def until(holds: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
    """Poll until it holds.

    Raises:
        TimeoutError: it did not in `timeout_s` seconds.
    """
    async with asyncio.timeout(timeout_s):
        while not holds():
            await asyncio.sleep(0.02)
