"""Commands with closed or full standard streams, without colours, and as JSON."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import time

import pytest

from tests.fixtures.repository import Repository
from tests.fixtures.service import COMMAND_S, Installation


def shell(service: Installation, command: str, cwd: os.PathLike[str] | None = None) -> subprocess.CompletedProcess[str]:
    """A command line of the program, written as in a shell after `boocoder`."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {command}', "sh", *service.argv()],
        cwd=cwd or service.home,
        env=service.environment(),
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        check=False,
    )


def test_the_result_has_text_usage_and_what_refused_the_change(
    shared_service: Installation, project: Repository
) -> None:
    prompt = "[[say One.]] [[write a.txt|agent\n]] [[say Two.]]"
    done = shared_service.run("run", prompt, "--json", "-a", "scripted", cwd=project.path)
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["type"] == "result" and result["text"].split() == ["One.", "Two."]
    assert result["usage"] is None or result["usage"]["output_tokens"] >= 0
    assert (result["error"], result["conflicts"], result["applied"]) == (None, [], False)
    (project.path / "b.txt").write_text("mine\n")
    refused = shared_service.run(
        "run", "[[write b.txt|agent\n]]", "--json", "--apply", "-a", "scripted", cwd=project.path
    )
    result = json.loads(refused.stdout.splitlines()[-1])
    assert refused.returncode == 1 and result["type"] == "result" and result["applied"] is False
    assert result["error"]["code"] == "apply_conflicts" and result["conflicts"][0]["path"] == "b.txt"


@pytest.mark.parametrize("closed", ["<&-", "</dev/null", "<&- 2>&-"])
def test_a_closed_input_is_no_input(shared_service: Installation, project: Repository, closed: str) -> None:
    done = shell(shared_service, f"run '[[say fine]]' -a scripted {closed}", project.path)
    assert done.returncode == 0 and "fine" in done.stdout


def test_nobody_to_ask_is_a_no(shared_service: Installation, project: Repository) -> None:
    first = shared_service.run("run", "[[write a.txt|1\n]]", "--json", "-a", "scripted", cwd=project.path)
    session = json.loads(first.stdout.splitlines()[0])["session_id"]
    done = shell(shared_service, f"rewind {session} </dev/null")
    assert done.returncode == 1 and "Nothing was changed" in done.stdout and "Traceback" not in done.stderr


def test_a_full_disk_is_said_without_a_traceback(shared_service: Installation, project: Repository) -> None:
    shared_service.run("run", "[[say fine]]", "--json", "-a", "scripted", cwd=project.path)
    done = shell(shared_service, "tasks list --json >/dev/full")
    assert done.returncode == 1 and "No space left" in done.stderr and "Traceback" not in done.stderr


def test_text_on_the_input_beside_a_prompt_is_noticed(shared_service: Installation, project: Repository) -> None:
    done = shared_service.run("run", "[[say fine]]", "-a", "scripted", cwd=project.path, stdin="a log\n")
    assert done.returncode == 0 and "Standard input is not read" in done.stderr


def test_no_color_leaves_no_escape_on_a_terminal(shared_service: Installation, project: Repository) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        shared_service.argv("run", "[[think hm]] [[write a.txt|1\n]] [[say fine]]", "-a", "scripted", "--no-apply"),
        cwd=project.path,
        env={**shared_service.environment(), "NO_COLOR": "1", "TERM": "xterm-256color"},
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    seen, deadline = b"", time.monotonic() + COMMAND_S
    while time.monotonic() < deadline:
        if select.select([master], [], [], 1.0)[0]:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            seen += piece
            if not piece:
                break
        elif process.poll() is not None:
            break
    assert process.wait(COMMAND_S) == 0
    assert b"fine" in seen and b"\x1b" not in seen
