"""What other processes of the same user can read of the running service."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil

from tests.fixtures.service import MakeInstallation

CANARIES = {"ANTHROPIC_API_KEY": "canary-1", "GITHUB_TOKEN": "canary-2", "DB_PASSWORD": "canary-3"}


async def test_keys_are_blanked_in_the_services_environment(installation: MakeInstallation, dsn: str) -> None:
    service = installation({"BOOCODER_DATABASE_URL": dsn, **CANARIES})
    service.forked = False  # what its own interpreter was started with
    await asyncio.to_thread(service.start)
    processes = [process for process in psutil.process_iter() if _reads(process.pid, b"canary-")]
    assert processes == []
    assert any(_reads(process.pid, str(service.home).encode()) for process in psutil.process_iter())
    await asyncio.to_thread(service.stop)


def _reads(pid: int, words: bytes) -> bool:
    try:
        return words in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
