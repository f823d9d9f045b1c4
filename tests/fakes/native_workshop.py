"""A worktree with the native agent's tools over it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boocoder.backends.native.loop.clock import TurnClock
from boocoder.backends.native.loop.reporter import NativeReporter
from boocoder.backends.native.model.tool_calls import SentCall, interpret_call
from boocoder.backends.native.tools.edit_form import EditStatistics
from boocoder.backends.native.tools.executor import ModelEdits, ToolExecutor, ToolJob
from boocoder.backends.native.tools.folder_rules import FolderRules
from boocoder.backends.native.tools.known_files import KnownFiles
from boocoder.backends.native.tools.result import ToolResult
from boocoder.backends.shared.event_journal import TurnJournal
from boocoder.events.agent_event import ToolCall
from boocoder.model.ids import TaskId, new_id
from boocoder.model.turn import StopSignal
from boocoder.process.host import ProcessHost
from boocoder.service import TaskSupervisor
from tests.contract.port import RecordingPort


class Workshop:
    """A worktree with a bench over it."""

    def __init__(self, directory: Path, processes: ProcessHost, *, shell_timeout_s: float = 5.0, **port: Any) -> None:
        self.processes = processes
        self.root = directory / "work tree"
        self.root.mkdir(parents=True, exist_ok=True)
        self.stop = StopSignal()
        self.port = RecordingPort(stop=self.stop, **port)
        self.kept: list[str] = []
        self.supervisor = TaskSupervisor("test")
        self.journal = TurnJournal(path=directory / "turn.jsonl", task_id=TaskId(new_id()))
        self.known = KnownFiles()
        self.statistics = EditStatistics(directory / "edits.json")
        self.bench = ToolExecutor(
            worktree=self.root,
            processes=processes,
            port=self.port,
            reporter=NativeReporter(port=self.port, journal=self.journal),
            supervisor=self.supervisor,
            shell_timeout_s=shell_timeout_s,
            max_chars=8_000,
            clock=TurnClock(60.0),
            keep=lambda job, result: self.kept.append(job.id),
            edits=ModelEdits("small", self.statistics, self.statistics.form("small")),
            known=self.known,
            folder_rules=FolderRules(worktree=self.root, known=self.known, max_chars=5_000),
        )

    async def use(self, *calls: tuple[str, dict[str, Any]]) -> list[ToolResult]:
        jobs = [
            ToolJob(f"c{number}", interpret_call(SentCall(name, json.dumps(given))), json.dumps(given))
            for number, (name, given) in enumerate(calls)
        ]
        return await self.bench.use(jobs)

    async def one(self, name: str, **given: Any) -> ToolResult:
        (result,) = await self.use((name, given))
        return result

    async def edit(self, **given: Any) -> ToolResult:
        """Read a file, then edit it."""
        await self.one("read", path=given["path"])
        return await self.one("edit", **given)

    @property
    def last(self) -> ToolCall:
        return self.port.of(ToolCall)[-1]


MakeShop = Callable[..., Workshop]
