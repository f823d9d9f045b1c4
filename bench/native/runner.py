"""Runs tasks with the native agent and measures them: solved, model calls, tokens, seconds."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.native.tasks import Task
from boocoder.backends.native.backend import NativeBackend
from boocoder.backends.native.limits import NativeLimits
from boocoder.events.agent_event import (
    AgentEvent,
    PermissionAnswer,
    PermissionRequest,
    QuestionAnswer,
    QuestionRequest,
    ToolCall,
    Usage,
)
from boocoder.model.ids import ChatId, SessionId, TaskId, new_id
from boocoder.model.turn import Completed, Failed, TurnRequest
from boocoder.model_servers.server import ModelServer
from boocoder.model_servers.server_models import ServerModels
from boocoder.process.host import ProcessHost

CHECK_LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What came of one task.

    Args:
        task: its name.
        solved: whether its check passed.
        outcome: how the turn ended: completed, or an error's code.
        calls: tool calls.
        failed_calls: of those, the ones that failed.
        input_tokens, cached_tokens, output_tokens: of all model calls.
        seconds: of the turn.
    """

    task: str
    solved: bool
    outcome: str
    calls: int
    failed_calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    seconds: float


class BenchPort:
    """Takes the events of a turn; nobody is there to ask."""

    def __init__(self) -> None:
        self.usage = Usage()
        self.calls: dict[str, ToolCall] = {}

    async def emit(self, event: AgentEvent) -> None:
        """Keep what is measured."""
        if isinstance(event, Usage):
            self.usage = event
        elif isinstance(event, ToolCall):
            self.calls[event.part] = event

    async def ask_permission(self, request: PermissionRequest) -> PermissionAnswer:
        """No."""
        return PermissionAnswer(allowed=False, message="Nobody is there to allow it.")

    async def ask_question(self, request: QuestionRequest) -> QuestionAnswer:
        """Nobody answers."""
        return QuestionAnswer(None)


async def run_tasks(
    tasks: Sequence[Task], *, base_url: str, model: str = "", api_key: str = "", scripted: bool = False
) -> list[TaskResult]:
    """Run tasks one after another, each in a folder and a conversation of its own.

    Args:
        tasks: which.
        base_url: of the model server, with /v1.
        model: the server's name of it; empty for its default.
        api_key: empty for none.
        scripted: the server is the scripted model, which is given each task's solution.
    """
    results = []
    with tempfile.TemporaryDirectory(prefix="bench-native-") as name:
        directory = Path(name)
        host = ProcessHost(state_dir=directory / "host", instance=f"bench-{new_id()}")
        await host.start()
        server = ServerModels(ModelServer(base_url=base_url, api_key=api_key, default=model))
        limits = NativeLimits(max_steps=30, time_limit_s=900.0)
        backend = NativeBackend(servers=(server,), state_dir=directory / "state", limits=limits, processes=host)
        try:
            for number, task in enumerate(tasks):
                results.append(await _run(backend, task, directory / f"task{number}", model, scripted=scripted))
        finally:
            await backend.stop()
            await host.stop()
    return results


async def _run(backend: NativeBackend, task: Task, worktree: Path, model: str, *, scripted: bool) -> TaskResult:
    for path, text in {".": "", **task.files}.items():
        (worktree / path).parent.mkdir(parents=True, exist_ok=True)
        if text:
            (worktree / path).write_text(text)
    worktree.mkdir(exist_ok=True)
    request = TurnRequest(
        task_id=TaskId(new_id()),
        epoch=1,
        session_id=SessionId(new_id()),
        chat_id=ChatId(new_id()),
        agent="native",
        model=model or None,
        prompt=f"{task.prompt} {task.floor}" if scripted else task.prompt,
        worktree=worktree,
    )
    port = BenchPort()
    begun = time.monotonic()
    outcome = await backend.run_turn(request, port)
    seconds = time.monotonic() - begun
    match outcome:
        case Failed(error=error):
            ended = error.code
        case _:
            ended = type(outcome).__name__.lower()
    return TaskResult(
        task=task.name,
        solved=isinstance(outcome, Completed) and passes(task, worktree),
        outcome=ended,
        calls=len(port.calls),
        failed_calls=sum(call.status.value == "failed" for call in port.calls.values()),
        input_tokens=port.usage.input_tokens,
        cached_tokens=port.usage.cache_read_tokens,
        output_tokens=port.usage.output_tokens,
        seconds=round(seconds, 2),
    )


def passes(task: Task, worktree: Path) -> bool:
    """Whether the folder holds what the task asked for."""
    script = f"export PYTHONDONTWRITEBYTECODE=1\n{task.check}"
    try:
        done = subprocess.run(
            ["bash", "-c", script], cwd=worktree, capture_output=True, timeout=CHECK_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def summary(results: Sequence[TaskResult]) -> dict[str, object]:
    """The whole in numbers, with every task."""
    return {
        "solved": sum(one.solved for one in results),
        "tasks": len(results),
        "calls": sum(one.calls for one in results),
        "failed_calls": sum(one.failed_calls for one in results),
        "input_tokens": sum(one.input_tokens for one in results),
        "cached_tokens": sum(one.cached_tokens for one in results),
        "output_tokens": sum(one.output_tokens for one in results),
        "seconds": round(sum(one.seconds for one in results), 1),
        "results": [asdict(one) for one in results],
    }
