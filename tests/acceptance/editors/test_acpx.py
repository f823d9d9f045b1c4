"""acpx, a client of another project, on `boocoder acp`: a prompt, a permission and the list of sessions."""

from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import dataclass

import pytest
from tools.install_agents import install_agent

from tests.fixtures.repository import Repository
from tests.fixtures.service import COMMAND_S, Installation

PERMISSION_DENIED = 5  # acpx's exit code for a turn in which it refused something


@dataclass
class Acpx:
    """acpx in a project, with `boocoder acp` as its agent."""

    service: Installation
    project: Repository

    def run(self, *args: str, code: int = 0) -> str:
        """Run it to its end; what it printed."""
        program = install_agent("acpx")
        agent = ("--agent", shlex.join(self.service.argv("acp")))
        done = subprocess.run(
            [*program, "--cwd", str(self.project.path), *agent, *args],
            cwd=self.project.path,
            env=self.service.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def acpx(editor_service: Installation, project: Repository) -> Acpx:
    return Acpx(editor_service, project)


def test_a_prompt_a_permission_and_the_list(acpx: Acpx) -> None:
    prompt = "[[say hello]] [[permission bash|echo ran > ran.txt]] [[say after]]"
    said = acpx.run("--approve-all", "exec", prompt)
    assert "hello" in said and "after" in said and "echo ran > ran.txt" in said
    assert "boocoder apply" in said, "the change and how to apply it are shown"
    prompt = "[[permission bash|echo no > no.txt]] [[say refused]]"
    lines = acpx.run("--deny-all", "--format", "json", "exec", prompt, code=PERMISSION_DENIED).splitlines()
    results = [json.loads(line).get("result", {}) for line in lines]
    assert {"stopReason": "end_turn"} in results and not any("boocoder apply" in line for line in lines)
    listed = acpx.run("sessions", "list", "--filter-cwd", str(acpx.project.path))
    assert "[[say hello]]" in listed and "[[permission bash|echo no" in listed
