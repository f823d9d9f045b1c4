"""A new session's first words from opencode: in a worktree made ahead, and in one that is made when it is asked for."""

from __future__ import annotations

import asyncio
import time

from bench.harness import Bench, opencode_settings
from bench.model import stamping_model
from bench.numbers import Comparison, Row
from bench.repository import make_repository
from bench.service import Service, running

SECTION = "ready_session"
FILES = (200, 5_000)
PROMPT = "[[say ready]]"
READY_TIMEOUT_S = 120.0
READY_POLL_S = 0.05


async def measure(bench: Bench) -> list[Row]:
    """Sessions of both kinds by turns, in one service with a warm server; each opens a directory new to opencode."""
    rows: list[Row] = []
    for files in FILES:
        directory = bench.directory / str(files)
        directory.mkdir()
        repository = await make_repository(directory / "repository", files=files)
        ahead: list[float] = []
        asked: list[float] = []
        async with (
            stamping_model(directory) as model_url,
            running(
                directory / "ours", opencode_settings(bench.opencode, model_url, {"WORKTREES_SPARES": "1"})
            ) as service,
        ):
            await service.wait_agent("opencode")
            project_id = await service.add_project(repository)
            await _first_text(service, project_id, {})  # starts the server, makes the shadow repository
            for number in range(bench.rounds):
                for side in ((0, 1), (1, 0))[number % 2]:
                    await _ready(service, project_id)
                    if side:
                        ahead.append(await _first_text(service, project_id, {}))
                    else:  # one that starts from a name does not take the spare
                        asked.append(await _first_text(service, project_id, {"start": {"from": "main"}}))
        what = f"request to first text, opencode, {files:,} files; floor: worktree made when it is asked for"
        rows.append(Row(SECTION, what, "s", tuple(ahead), tuple(asked), Comparison.RATIO, 0.6))
    return rows


async def _ready(service: Service, project_id: str) -> None:
    async with asyncio.timeout(READY_TIMEOUT_S):
        while not (await service.post(f"/api/projects/{project_id}/prepare", {}))["ready"]:
            await asyncio.sleep(READY_POLL_S)


async def _first_text(service: Service, project_id: str, more: dict[str, object]) -> float:
    """Seconds from the request of a new session's task to the first text; returns when the turn has ended."""
    began_ns = time.monotonic_ns()
    made = await service.post("/api/tasks", {"prompt": PROMPT, "agent": "opencode", "project_id": project_id, **more})
    ear = service.hear(made["session_id"])
    await service.listen(made["session_id"])
    await ear.wait_ended()
    return (ear.first_ns - began_ns) / 1e9
