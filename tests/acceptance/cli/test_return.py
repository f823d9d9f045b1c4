"""The way back to a task after `--detach` or a closed terminal, and commands about the service."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation, MakeInstallation


def detached(service: Installation, project: Repository, prompt: str) -> tuple[str, str]:
    """Ids of a task that was queued, and of its session."""
    done = service.run("run", prompt, "--detach", "--json", "-a", "scripted", cwd=project.path)
    assert done.returncode == 0, done.stderr
    queued = json.loads(done.stdout)
    return queued["task_id"], queued["session_id"]


def test_a_detached_task_is_watched_from_its_beginning(shared_service: Installation, project: Repository) -> None:
    task, session = detached(shared_service, project, "[[say first]] [[write a.txt|1\n]] [[say last]]")
    for named in (task[:8], session[:8]):
        shown = shared_service.run("watch", named)
        assert shown.returncode == 0, shown.stderr
        assert "first" in shown.stdout and "last" in shown.stdout and "completed in" in shown.stdout
        assert "boocoder review" in shown.stdout
    frames = [json.loads(line) for line in shared_service.run("watch", task, "--json").stdout.splitlines()]
    assert frames[-1]["type"] == "turn_ended" and "turn_started" in {frame["type"] for frame in frames}


def test_waiting_ends_with_the_tasks_and_tells_how(shared_service: Installation, project: Repository) -> None:
    good, _ = detached(shared_service, project, "[[say fine]]")
    done = shared_service.run("wait", good[:8], "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["state"] == "completed"
    bad, _ = detached(shared_service, project, "[[crash]]")
    assert shared_service.run("wait", good, bad).returncode == 1
    slow, _ = detached(shared_service, project, "[[sleep 60]]")
    assert shared_service.run("wait", slow, "--timeout", "0.2").returncode == 124
    assert "cancel" in shared_service.run("tasks", "cancel", slow).stdout
    assert shared_service.run("wait", slow).returncode == 130


def test_search_and_usage_read_what_was_done(shared_service: Installation, project: Repository) -> None:
    task, session = detached(shared_service, project, "[[say the zanzibar answer]]")
    shared_service.run("wait", task)
    hits = [json.loads(line) for line in shared_service.run("search", "zanzibar", "--json").stdout.splitlines()]
    assert session in {hit["session_id"] for hit in hits}
    assert "zanzibar" in shared_service.run("search", "zanz").stdout
    sums = [json.loads(line) for line in shared_service.run("usage", "--json").stdout.splitlines()]
    assert {"total", "agent"} <= {one["kind"] for one in sums}
    assert "scripted" in shared_service.run("usage").stdout


def test_messages_of_a_session_are_shown(shared_service: Installation, project: Repository) -> None:
    task, session = detached(shared_service, project, "[[say my answer]] [[write a.txt|1\n]]")
    shared_service.run("wait", task)
    shown = shared_service.run("sessions", "show", session[:8], "--messages")
    assert "my answer" in shown.stdout and "[[say my answer]]" in shown.stdout and "a.txt" in shown.stdout
    whole = shared_service.run("sessions", "show", session[:8], "--tools").stdout
    assert "    < " in whole and "my answer" in whole and "    < " not in shown.stdout
    found = json.loads(shared_service.run("sessions", "show", session[:8], "--messages", "--json").stdout)
    assert [message["role"] for message in found["messages"]] == ["user", "assistant"]
    assert found["session"]["id"] == session and found["tasks"][0]["id"] == task


def test_status_logs_and_stop(installation: MakeInstallation) -> None:
    place = installation()
    status = place.run("status", "--json")
    assert status.returncode == 1 and json.loads(status.stdout)["running"] is False
    assert place.run("stop").returncode == 1
    place.start()
    status = json.loads(place.run("status", "--json").stdout)
    assert status["running"] and status["pid"] == place.pid and status["health"]["status"] == "ok"
    assert "running" in place.run("status").stdout
    log = place.run("logs", "--path").stdout.strip()
    assert Path(log).is_file() and place.run("logs", "-n", "5").returncode == 0
    stopped = place.run("stop")
    assert stopped.returncode == 0 and str(status["pid"]) in stopped.stdout
    assert place.run("status").returncode == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_completes_commands_and_ids(shared_service: Installation, project: Repository, shell: str) -> None:
    script = shared_service.run("completion", shell)
    assert script.returncode == 0 and "_BOOCODER_COMPLETE" in script.stdout
    task, _ = detached(shared_service, project, "[[say fine]]")
    words = f"boocoder tasks show {task[:4]}"
    variables = {"COMP_WORDS": words, "COMP_CWORD": task[:4] if shell == "fish" else "3"}
    done = subprocess.run(
        shared_service.argv(),
        env={**shared_service.environment(), **variables, "_BOOCODER_COMPLETE": f"{shell}_complete"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert task[:8] in done.stdout, done.stderr


def test_the_manual_page_has_every_command(shared_service: Installation) -> None:
    page = shared_service.run("man").stdout
    for name in ("run", "watch", "tasks cancel", "permissions rules add", "completion"):
        assert f".B boocoder {name}" in page


def test_a_typo_is_answered_with_the_nearest_command(shared_service: Installation) -> None:
    assert "Did you mean tasks?" in shared_service.run("taks").stderr
    assert "Did you mean cancel?" in shared_service.run("tasks", "cancle").stderr
