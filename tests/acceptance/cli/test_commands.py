"""The other commands from outside: what they print, how they fail, how quickly they start."""

from __future__ import annotations

import os
import resource
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import Installation, MakeInstallation


def test_help_is_quick_and_lists_every_command(installation: MakeInstallation) -> None:
    place, times = installation(), []
    for _ in range(5):
        before = cpu_of_children_s()
        done = place.run("--help")
        times.append(cpu_of_children_s() - before)
    assert done.returncode == 0
    for name in (
        "serve",
        "run",
        "tasks",
        "sessions",
        "diff",
        "review",
        "changes",
        "permissions",
        "agents",
        "doctor",
        "projects",
        "scripted-model",
    ):
        assert f"  {name}" in done.stdout
    assert min(times) < 0.3, times


def cpu_of_children_s() -> float:
    """Processor time of all children that have ended: unlike the clock, the same on a busy machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


HEAVY = ("asyncpg", "fastapi", "uvicorn", "httpx2", "rich")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from boocoder.cli.main import root;"
        "CliRunner().invoke(root, ['--help']);"
        f"sys.exit(','.join(m for m in {HEAVY!r} if m in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "command",
    [
        ["run"],
        ["tasks"],
        ["tasks", "list"],
        ["tasks", "show"],
        ["tasks", "cancel"],
        ["tasks", "add"],
        ["sessions", "list"],
        ["sessions", "show"],
        ["diff"],
        ["review"],
        ["changes", "list"],
        ["changes", "show"],
        ["changes", "diff"],
        ["changes", "apply"],
        ["changes", "reject"],
        ["permissions", "list"],
        ["permissions", "show"],
        ["permissions", "allow"],
        ["permissions", "refuse"],
        ["permissions", "answer"],
        ["permissions", "rules", "list"],
        ["permissions", "rules", "add"],
        ["permissions", "rules", "remove"],
        ["projects", "list"],
        ["projects", "add"],
        ["agents"],
        ["agents", "show"],
        ["doctor"],
        ["serve"],
        ["scripted-model"],
    ],
    ids=" ".join,
)
def test_every_command_has_help(installation: MakeInstallation, command: list[str]) -> None:
    done = installation().run(*command, "--help")
    assert done.returncode == 0 and "Usage:" in done.stdout


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["tasks", "list"], 1, ["No boocoder service runs", "boocoder serve"]),
        (["run", "x", "--detach"], 1, ["No boocoder service runs"]),
        (["run", "   "], 2, ["prompt is empty"]),
        (["run"], 2, ["Missing argument"]),
        (["zebra"], 2, ["No such command"]),
        (["serve", "--port", "70000"], 2, ["--port", "65535"]),
        (["serve", "--host", "0.0.0.0"], 2, ["allow_remote"]),
        (["tasks", "list", "--state", "odd"], 2, ["odd"]),
    ],
)
def test_what_is_wrong_is_said_with_a_cure_and_no_traceback(
    installation: MakeInstallation, args: list[str], code: int, words: list[str]
) -> None:
    done = installation().run(*args)
    assert done.returncode == code, done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["run", "x", "-p", "/nowhere/at/all"], ["/nowhere/at/all"]),
        (["run", "x", "-p", "."], ["git"]),
        (["run", "x", "--session", "00000000-0000-4000-8000-000000000000"], ["session"]),
        (["run", "x", "--session", "ab"], ["too short"]),
        (["run", "x", "--session", "abcdef"], ["abcdef"]),
        (["tasks", "show", "abcdef12"], ["abcdef12", "tasks list"]),
        (["changes", "diff", "00000000-0000-4000-8000-000000000000"], ["change"]),
    ],
)
def test_what_the_service_refuses_is_said(shared_service: Installation, args: list[str], words: list[str]) -> None:
    done = shared_service.run(*args)
    assert done.returncode == 2, done.stdout + done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert "Traceback" not in done.stderr


def test_a_busy_port_is_named(installation: MakeInstallation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = installation({"BOOCODER_PORT": str(taken.getsockname()[1])})
        done = place.run("serve")
        checked = place.run("doctor")
    assert done.returncode in (1, 2) and str(taken.getsockname) and "Traceback" not in done.stderr
    assert "port" in done.stderr
    assert checked.returncode == 1 and "port" in checked.stdout


def test_serve_says_where_it_is_and_stops_on_a_signal(service: Installation) -> None:
    said = service.wait_said(f"boocoder serves {service.url}")
    said = service.wait_said(str(service.data_dir))
    assert "/login?code=" in said
    assert service.token not in said
    assert stat.S_IMODE((service.data_dir / "token").stat().st_mode) == 0o600
    assert service.stop() == 0
    assert not (service.data_dir / "service.json").exists()


def test_lists_and_agents(shared_service: Installation, repository: MakeRepository) -> None:
    project = repository()
    added = shared_service.run("projects", "add", str(project.path))
    assert added.returncode == 0 and str(project.path) in added.stdout
    assert project.path.name in shared_service.run("projects", "list").stdout
    for command in (["tasks", "list"], ["sessions", "list"], ["changes", "list"]):
        assert shared_service.run(*command).returncode == 0
    agents = shared_service.run("agents", "--probe")
    assert "ready" in agents.stdout and "scripted" in agents.stdout


def test_tasks_and_sessions_are_shown(shared_service: Installation, repository: MakeRepository) -> None:
    project = repository()
    done = shared_service.run("run", "[[say \x1b[31mred]] first words of it", "--no-apply", cwd=project.path)
    assert done.returncode == 0 and "No file was changed." in done.stdout
    listed = shared_service.run("tasks", "list")
    assert "completed" in listed.stdout and "\x1b" not in listed.stdout
    task = listed.stdout.splitlines()[1].split()[0]
    assert "first words of it" in shared_service.run("tasks", "show", task).stdout
    session = shared_service.run("sessions", "list").stdout.splitlines()[1].split()[0]
    shown = shared_service.run("sessions", "show", session).stdout
    assert task in shown and "open" in shown


def test_output_into_a_closed_pipe_is_no_error(installation: MakeInstallation) -> None:
    place = installation()
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        place.argv("doctor"), env=place.environment(), stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr


def test_doctor_finds_what_is_there_and_what_is_not(installation: MakeInstallation) -> None:
    place = installation({"BOOCODER_MODELS_BASE_URL": "http://127.0.0.1:1/v1"})
    done = place.run("doctor")
    assert done.returncode == 0, done.stdout
    for name in ("python", "git", "data directory", "database", "port", "agent scripted"):
        assert f"✓ {name}" in done.stdout, done.stdout
    assert "! model server" in done.stdout and "models.base_url" in done.stdout
    assert done.stdout.count("127.0.0.1:1") == 1, "a server that is down is named once"
    assert "! agent native" in done.stdout and "it works with" not in done.stdout


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"BOOCODER_AGENTS_SCRIPTED_ENABLED": "0"}, ["No agent can be used"]),
        ({"BOOCODER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, ["✗ database"]),
        ({"BOOCODER_DATA_DIR": "/proc/boocoder"}, ["✗ data directory"]),
        ({"BOOCODER_MAX_TURNS": "none"}, ["✗ settings", "BOOCODER_MAX_TURNS"]),
        ({"PATH": "/nowhere"}, ["✗ git"]),
    ],
    ids=["agents", "database", "data dir", "settings", "git"],
)
def test_doctor_fails_where_something_needed_is_broken(
    installation: MakeInstallation, settings: dict[str, str], words: list[str]
) -> None:
    done = installation(settings).run("doctor")
    assert done.returncode == 1, done.stdout + done.stderr
    assert all(word in done.stdout for word in words), done.stdout
    assert "Traceback" not in done.stderr


def test_the_scripted_model_runs_and_says_where(installation: MakeInstallation) -> None:
    with installation().popen("scripted-model") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.terminate()
        assert process.wait(10) == 0


def test_plain_ascii_output_where_the_terminal_has_no_more(installation: MakeInstallation) -> None:
    done = installation({"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}).run("doctor")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii() and "ok" in done.stdout


def test_home_with_a_space_is_fine(installation: MakeInstallation) -> None:
    place = installation(name="a home with spaces")
    place.start()
    assert Path(place.data_dir).is_dir() and place.stop() == 0


def test_a_project_is_removed_and_added_again(shared_service: Installation, repository: MakeRepository) -> None:
    project = repository(name="passing")
    project_id = shared_service.run("projects", "add", str(project.path)).stdout.split()[1]
    for named in (str(project.path / "src"), project_id[:8]):
        removed = shared_service.run("projects", "remove", named)
        assert removed.returncode == 0, removed.stderr
        assert f"boocoder projects add {project.path}" in removed.stdout
        assert project_id[:8] not in shared_service.run("projects", "list").stdout
        assert project_id in shared_service.run("projects", "add", str(project.path)).stdout
    assert shared_service.run("projects", "settings", project_id[:8]).returncode == 0
    unknown = shared_service.run("projects", "remove", "nothing-like-it")
    assert unknown.returncode != 0
    assert "There is no project 'nothing-like-it'" in unknown.stderr
