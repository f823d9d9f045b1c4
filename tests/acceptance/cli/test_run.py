"""`boocoder run` from outside: with a service, without one, cancelled, on a terminal, as JSON."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.fixtures.repository import Repository
from tests.fixtures.service import COMMAND_S, Installation, MakeInstallation

EDIT = "[[say I will write it.]] [[write notes/hello.txt|hello\n]] [[say Done.]]"


def read_until(process: subprocess.Popen[str], wanted: str) -> str:
    """Output of a command up to a line that holds `wanted`."""
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if wanted in line:
            return seen
    raise AssertionError(f"{wanted!r} never came:\n{seen}")


def test_a_task_is_shown_and_its_change_waits(shared_service: Installation, project: Repository) -> None:
    done = shared_service.run("run", EDIT, "--agent", "scripted", cwd=project.path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "I will write it." in done.stdout and "Done." in done.stdout
    assert "completed in" in done.stdout
    assert "+hello" in done.stdout and "1 file, +1 -0" in done.stdout
    assert "changes apply" in done.stdout
    assert not (project.path / "notes").exists()
    assert "\x1b" not in done.stdout

    listed = shared_service.run("changes", "list", "--state", "pending", "--json").stdout.splitlines()
    change = json.loads(listed[0])["id"]
    applied = shared_service.run("changes", "apply", change[:8])
    assert applied.returncode == 0, applied.stderr
    assert (project.path / "notes/hello.txt").read_text() == "hello\n"
    assert shared_service.run("changes", "apply", change).returncode == 0


def test_a_second_task_goes_on_in_the_session(shared_service: Installation, project: Repository) -> None:
    first = shared_service.run("run", "[[say one]] [[write a.txt|1\n]]", "--json", "--apply", cwd=project.path)
    assert first.returncode == 0, first.stdout + first.stderr
    lines = [json.loads(line) for line in first.stdout.splitlines()]
    assert lines[0]["type"] == "task" and lines[-1] == {
        "type": "result",
        "outcome": "completed",
        "change_id": lines[-1]["change_id"],
        "applied": True,
        "text": "one",
        "usage": lines[-1]["usage"],
        "error": None,
        "conflicts": [],
    }
    assert {"turn_started", "message_started", "tool_call", "turn_ended"} <= {line["type"] for line in lines}
    assert (project.path / "a.txt").read_text() == "1\n"

    second = shared_service.run(
        "run", "[[recall]]", "--session", lines[0]["session_id"][:8], "--json", cwd=project.path
    )
    answers = [json.loads(line) for line in second.stdout.splitlines()]
    assert answers[0]["chat_id"] == lines[0]["chat_id"]
    said = "".join(line["text"] for line in answers if line["type"] == "delta" and "seq" not in line) or "".join(
        line["text"] for line in answers if line["type"] == "delta"
    )
    assert "one" in said


def test_without_a_service_one_runs_for_the_time_of_the_task(
    installation: MakeInstallation, project: Repository
) -> None:
    alone = installation()
    done = alone.run("run", EDIT, "--apply", "-p", str(project.path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project.path / "notes/hello.txt").read_text() == "hello\n"
    assert not (alone.data_dir / "service.json").exists()
    assert_nothing_left(alone)


def test_a_service_that_a_task_started_stays_while_another_command_uses_it(
    installation: MakeInstallation, project: Repository
) -> None:
    place = installation()
    place.data_dir.mkdir(parents=True)
    with (place.data_dir / "users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)  # as a command in another terminal does, perhaps at a question
        with place.popen("run", "[[say one]]", cwd=project.path) as process:
            seen = read_until(process, "keeps running until they are done")
            asked = place.run("tasks", "list")
            assert asked.returncode == 0, asked.stderr
            fcntl.flock(users, fcntl.LOCK_UN)
            process.communicate(timeout=COMMAND_S)
    assert process.returncode == 0, seen
    assert_nothing_left(place)


def assert_nothing_left(place: Installation) -> None:
    """No process works in the installation's folders any more."""
    marks = (str(place.home).encode(),)
    deadline = time.monotonic() + 60
    while left := [
        entry.name
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and any(mark in command_line(entry) for mark in marks)
    ]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def command_line(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("own_service", [False, True], ids=["with a service", "on its own"])
def test_ctrl_c_cancels_and_waits(
    shared_service: Installation, installation: MakeInstallation, project: Repository, own_service: bool
) -> None:
    place = installation() if own_service else shared_service
    with place.popen("run", "[[say before]] [[write kept.txt|x\n]] [[hang]]", "--json", cwd=project.path) as process:
        read_until(process, '"completed"')
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=COMMAND_S)[0]
    assert process.returncode == 130, rest
    result = json.loads(rest.splitlines()[-1])
    assert result["outcome"] == "cancelled" and result["change_id"] is not None and result["applied"] is False
    assert not (project.path / "kept.txt").exists()


def test_a_second_ctrl_c_leaves_at_once_and_loses_nothing(shared_service: Installation, project: Repository) -> None:
    with shared_service.popen("run", "[[say before]] [[stubborn]]", "--json", cwd=project.path) as process:
        started = json.loads(read_until(process, '"task_id"').splitlines()[0])
        read_until(process, "before")
        process.send_signal(signal.SIGINT)
        read_until(process, "cancelling")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert process.returncode == 130
    deadline = time.monotonic() + COMMAND_S
    while (state := show(shared_service, started["task_id"])["state"]) in ("pending", "running"):
        assert time.monotonic() < deadline
    assert state == "cancelled"


def show(service: Installation, task_id: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(service.run("tasks", "show", task_id, "--json").stdout)
    return found


def test_a_failed_turn_says_why_and_exits_with_1(shared_service: Installation, project: Repository) -> None:
    done = shared_service.run("run", "[[say trying]] [[crash]]", cwd=project.path)
    assert done.returncode == 1
    assert "trying" in done.stdout and "failed in" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def answer_on_a_terminal(service: Installation, cwd: Path, answers: list[str]) -> tuple[int, str]:
    """Run a task on a real terminal, typing each answer when the question comes."""
    leader, follower = pty.openpty()
    environment = service.environment() | {"TERM": "xterm-256color", "COLUMNS": "100"}
    process = subprocess.Popen(
        service.argv("run", EDIT), cwd=cwd, env=environment, stdin=follower, stdout=follower, stderr=follower
    )
    os.close(follower)
    seen, deadline = b"", time.monotonic() + COMMAND_S
    while process.poll() is None and time.monotonic() < deadline:
        if select.select([leader], [], [], 0.1)[0]:
            try:
                seen += os.read(leader, 65536)
            except OSError:
                break
        if answers and seen.count(b"[r]eject: ") > asked(answers):
            os.write(leader, answers.pop(0).encode() + b"\n")
    code = process.wait(10)
    os.close(leader)
    return code, seen.decode("utf-8", "replace")


ASKED_IN_ALL = 2


def asked(answers: list[str]) -> int:
    return ASKED_IN_ALL - len(answers)


def test_a_person_at_a_terminal_is_asked(shared_service: Installation, project: Repository) -> None:
    code, seen = answer_on_a_terminal(shared_service, project.path, ["d", "y"])
    assert code == 0, seen
    assert "\x1b[32m" in seen and "Apply this change" in seen
    assert seen.count("+hello") >= 2
    assert (project.path / "notes/hello.txt").read_text() == "hello\n"


def test_detached_tasks_are_queued_and_can_be_cancelled(shared_service: Installation, project: Repository) -> None:
    done = shared_service.run("run", "[[hang]]", "--detach", "--json", cwd=project.path)
    task = json.loads(done.stdout)["task_id"]
    assert done.returncode == 0
    assert task in shared_service.run("tasks", "list", "--json").stdout
    assert shared_service.run("tasks", "cancel", task[:8]).returncode == 0
    deadline = time.monotonic() + COMMAND_S
    while show(shared_service, task)["state"] in ("pending", "running"):
        assert time.monotonic() < deadline
    assert show(shared_service, task)["state"] == "cancelled"
