"""`boocoder agents` and `doctor` over programs of a PATH of the test's own: one that works, a wrong one, a flood."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.acp.harness import FAKE
from tests.fixtures.program.sandbox import profile
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import Installation
from tests.invariants import processes_of

Lines = dict[str, dict[str, object]]


def program(folder: Path, name: str, script: str) -> None:
    """A shell script on the PATH."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A service on a machine with these agents."""
    home = tmp_path_factory.mktemp("agents")
    folder = home / "bin"
    folder.mkdir()
    acp = f'exec {shlex.join([sys.executable, str(FAKE), "--store", f"{home}/conversations"])} "$@"'
    program(folder, "qwen", f'test "$1" = --version && echo 0.24.4 && exit\nshift\n{acp}')
    program(folder, "goose", "echo goose version: v3.24.1")
    program(folder, "gemini", "exec yes 'no end'")
    program(folder, "auggie", f'test "$1" = --version && echo 0.36.0 && exit\nshift\n{acp} --fault new-login')
    made = Installation(home, {"PATH": f"{folder}:/usr/bin:/bin"})
    config = home / ".config" / "boocoder" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[agents.mine]\ncommand = ["sh", "-c", "echo said: {prompt}"]\n')
    made.start()
    yield made
    made.stop()
    assert processes_of(made.data_dir) == []


def listed(place: Installation, *args: str) -> Lines:
    """What `boocoder agents --json` has, by name."""
    done = place.run("agents", *args, "--json")
    assert done.returncode == 0, done.stderr
    return {agent["name"]: agent for agent in map(json.loads, done.stdout.splitlines())}


def test_the_machine_is_told_as_it_is(place: Installation) -> None:
    before = place.wait_said("Ctrl-C stops it.")
    assert "qwen 0.24.4: Installed; not tried yet." in before
    agents = listed(place)
    assert (agents["qwen"]["state"], agents["qwen"]["transport"]) == ("ready", "acp")
    assert agents["goose"]["state"] == "unavailable"
    assert "another program of that name" in str(agents["goose"]["reason"])
    assert "v3.24.1" in str(agents["goose"]["reason"])
    assert agents["gemini"]["state"] in ("unavailable", "error")
    assert agents["codex"]["state"] == "unavailable" and "not installed" in str(agents["codex"]["reason"])
    assert agents["mine"]["transport"] == "oneshot"
    shown = place.run("agents").stdout
    assert "Not installed: " in shown and "codex" in shown.split("Not installed: ")[1]


def test_a_task_tries_its_agent_and_then_it_is_known(place: Installation, repository: MakeRepository) -> None:
    folder = repository().path
    done = place.run("run", "[[say teal]]", "--agent", "qwen", "--no-apply", cwd=folder)
    assert done.returncode == 0 and "teal" in done.stdout, done.stdout + done.stderr
    qwen = listed(place)["qwen"]
    assert qwen["tried"] and qwen["models"] and qwen["modes"]
    shown = place.run("agents", "show", "qwen").stdout
    assert all(word in shown for word in ("Qwen Code", "models:", "modes:", "npm install", "(default)")), shown
    refused = place.run("run", "x", "--agent", "qwen", "--model", "zebra", cwd=folder)
    assert refused.returncode == 2 and "Available: " in refused.stderr, refused.stderr


def test_a_command_of_ones_own_takes_a_task(place: Installation, repository: MakeRepository) -> None:
    done = place.run("run", "tea", "--agent", "mine", "--no-apply", cwd=repository().path)
    assert done.returncode == 0 and "said: tea" in done.stdout, done.stdout + done.stderr


def test_the_rule_files_of_a_session_are_listed(place: Installation, repository: MakeRepository) -> None:
    made = repository()
    for name in ("QWEN.md", "CLAUDE.md"):
        made.write(name, "Use tabs.\n")
    made.commit("Add rules")
    done = place.run("run", "coffee", "--agent", "mine", "--no-apply", "--json", cwd=made.path)
    session = json.loads(done.stdout.splitlines()[0])["session_id"]
    own = place.run("sessions", "rules", session)
    assert "does not know which instruction files mine reads" in own.stdout, own.stdout + own.stderr
    shown = place.run("sessions", "rules", session[:8], "--agent", "qwen").stdout
    (obeyed,) = [line for line in shown.splitlines() if "QWEN.md" in line]
    (ignored,) = [line for line in shown.splitlines() if "CLAUDE.md" in line]
    assert obeyed.startswith("in force") and "project" in obeyed, shown
    assert ignored.startswith("not in force") and "qwen does not read it." in ignored, shown
    assert ("sandbox: files (" in shown) == (profile() == "auto"), shown


def test_who_is_not_signed_in_is_told_how(place: Installation) -> None:
    done = place.run("agents", "show", "auggie", "--probe")
    assert ("can write only the worktree" in done.stdout) == (profile() == "auto"), done.stdout
    assert "auggie login" in done.stdout and "signed in:    no" in done.stdout, done.stdout
    assert listed(place)["auggie"]["signed_in"] is False


def test_a_name_that_does_not_exist(place: Installation) -> None:
    done = place.run("agents", "show", "qwem")
    assert done.returncode == 2 and "Did you mean qwen?" in done.stderr


def test_doctor_lists_what_is_installed_and_in_one_line_what_is_not(place: Installation) -> None:
    done = place.run("doctor")
    assert "agent qwen" in done.stdout and "0.24.4 (acp) at " in done.stdout
    assert "another program of that name" in done.stdout
    (missing,) = [line for line in done.stdout.splitlines() if "not installed: " in line]
    assert "codex" in missing and "qwen" not in missing
