"""The scripted model as a process of its own, so that it does not share an event loop with the measuring client."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.program import program
from boocoder.process.environment import agent_environment

MODELS = ("scripted-small", "scripted-large")


@asynccontextmanager
async def stamping_model(directory: Path) -> AsyncIterator[str]:
    """Run it; every word that it says is time.monotonic_ns() of the moment. Yields its base URL."""
    async with scripted_model(directory, "--stamp") as url:
        yield url


@asynccontextmanager
async def scripted_model(directory: Path, *flags: str) -> AsyncIterator[str]:
    """Run it with these flags. Yields its base URL."""
    argv = (sys.executable, "-m", "boocoder.scripted_model", "--models", ",".join(MODELS), *flags)
    async with program(argv, directory=directory, environment=agent_environment(), name="scripted-model") as model:
        yield await model.wait_line("http://")
