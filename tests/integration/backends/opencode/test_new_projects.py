"""The real opencode in the sandbox: a project that is added after its server's start is one it can commit in."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from boocoder.backends.opencode.settings import OpenCodeSettings
from boocoder.events.agent_event import ToolCall
from boocoder.model.turn import Completed
from boocoder.process.sandbox.profile import SandboxMechanism, SandboxProfile
from boocoder.process.sandbox.sandbox import Sandbox, SandboxPolicy
from boocoder.scripted_model.server import ScriptedModel
from tests.contract.port import RecordingPort
from tests.fixtures.opencode import OpenCodeDesk, running_opencode
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.opencode

COMMIT = "git -c user.name=A -c user.email=a@x.org commit -q --allow-empty -m New && echo committed"


def session_of_new_project(data_dir: Path, name: str) -> Path:
    """A worktree whose git directory is where boocoder has those of a project's sessions."""
    worktree = data_dir / "worktrees" / name
    git_dir = data_dir / "shadows" / f"{name}.git" / "sessions" / name
    git_dir.parent.mkdir(parents=True)
    subprocess.run(("git", "init", "-q", f"--separate-git-dir={git_dir}", str(worktree)), check=True)
    return worktree


async def test_a_project_added_to_a_warm_server_gets_its_commits_and_running_turns_go_on(
    tmp_path: Path, opencode_program: Path
) -> None:
    data_dir = tmp_path / "data"
    sandbox = Sandbox(policy=SandboxPolicy(SandboxProfile.FILES), home=Path.home(), data_dir=data_dir)
    await sandbox.start()
    if sandbox.support.mechanism is SandboxMechanism.NONE:
        pytest.skip(sandbox.support.reason)
    settings = OpenCodeSettings(use_own_config=False)
    async with (
        ScriptedModel() as model,
        running_opencode(opencode_program, data_dir, model.base_url, settings, sandbox=sandbox) as backend,
    ):
        desk = OpenCodeDesk(backend, model, opencode_program, tmp_path)
        first = session_of_new_project(data_dir, "first")
        port, outcome = await desk.run(f"[[bash {COMMIT}]]", first)
        assert outcome == Completed() and "committed" in port.final_tools[0].output
        old = backend.server.process
        go = first / "go"
        long = desk.request(f"[[bash echo begun; until [ -e go ]; do sleep 0.1; done; {COMMIT}]]", first)
        long_port = RecordingPort(stop=long.stop)
        turn = asyncio.create_task(backend.run_turn(long, long_port))
        await long_port.wait_until(lambda p: any("begun" in call.output for call in p.of(ToolCall)))

        second = session_of_new_project(data_dir, "second")
        port, outcome = await desk.run(f"[[bash {COMMIT}]]", second)
        assert outcome == Completed() and "committed" in port.final_tools[0].output
        assert old is not None and backend.server.process is not old and not old.dead

        go.touch()
        assert await asyncio.wait_for(turn, PATIENCE_S) == Completed()
        assert "committed" in long_port.final_tools[0].output
        await until(lambda: old.dead)
        third = session_of_new_project(data_dir, "third")
        now = backend.server.process
        await backend.warm(third)
        assert backend.server.process is not now and now is not None and now.dead, "an idle server is replaced at once"
        assert backend.server.starts == 3
