"""What an agent asks, answered in `boocoder run` on a terminal, and by `boocoder permissions` from elsewhere."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fixtures.repository import Repository
from tests.fixtures.service import COMMAND_S, Installation

ASK = "[[say before]] [[permission bash|echo ran]] [[say after]]"
ALLOW = b"with a [m]essage: "


@dataclass
class Terminal:
    """A command on a real terminal."""

    process: subprocess.Popen[bytes]
    leader: int
    seen: bytes = b""
    _asked_until: int = field(default=0)

    def read_until(self, wanted: bytes) -> None:
        """Read until `wanted` comes after what was waited for before."""
        deadline = time.monotonic() + COMMAND_S
        while (at := self.seen.find(wanted, self._asked_until)) < 0:
            assert time.monotonic() < deadline, self.text
            assert self._read() or self.process.poll() is None, self.text
        self._asked_until = at + len(wanted)

    def _read(self) -> bool:
        if not select.select([self.leader], [], [], 0.1)[0]:
            return False
        try:
            piece = os.read(self.leader, 65536)
        except OSError:
            return False
        self.seen += piece
        return bool(piece)

    def type(self, line: str) -> None:
        os.write(self.leader, line.encode() + b"\n")

    def wait(self) -> int:
        """Read to the end; the exit code."""
        deadline = time.monotonic() + COMMAND_S
        while self._read() or self.process.poll() is None:
            assert time.monotonic() < deadline, self.text
        return self.process.wait(10)

    @property
    def text(self) -> str:
        return self.seen.decode("utf-8", "replace")


@contextmanager
def terminal(service: Installation, cwd: Path, *args: str) -> Iterator[Terminal]:
    leader, follower = pty.openpty()
    environment = service.environment() | {"TERM": "xterm-256color", "COLUMNS": "100"}
    with subprocess.Popen(
        service.argv(*args), cwd=cwd, env=environment, stdin=follower, stdout=follower, stderr=follower
    ) as process:
        os.close(follower)
        try:
            yield Terminal(process, leader)
        finally:
            process.kill()
            os.close(leader)


def test_a_person_answers_in_place(shared_service: Installation, project: Repository) -> None:
    prompt = (
        "[[permission bash|echo one > one.txt]] [[permission bash|echo two > two.txt]]"
        " [[question Which colour?|red; green]] [[question What name?]] [[say done]]"
    )
    with terminal(shared_service, project.path, "run", prompt, "--apply") as person:
        person.read_until(ALLOW)
        assert "echo one > one.txt" in person.text
        person.type("what?")
        person.read_until(ALLOW)
        person.type("y")
        person.read_until(ALLOW)
        person.type("m")
        person.read_until(b"Message to the agent: ")
        person.type("not this one")
        person.read_until(b"empty dismisses): ")
        assert "1  red" in person.text and "2  green" in person.text
        person.type("3")
        person.read_until(b"empty dismisses): ")
        person.type("2")
        person.read_until(b"empty dismisses): ")
        person.type("Blue Note")
        assert person.wait() == 0, person.text
    assert "none of the choices" in person.text
    assert "not this one" in person.text and "answer: green" in person.text and "answer: Blue Note" in person.text
    assert (project.path / "one.txt").read_text() == "one\n" and not (project.path / "two.txt").exists()


def test_for_the_session_is_asked_once(shared_service: Installation, project: Repository) -> None:
    prompt = "[[permission bash|echo same]] [[permission bash|echo same]] [[say done]]"
    with terminal(shared_service, project.path, "run", prompt) as person:
        person.read_until(ALLOW)
        person.type("s")
        assert person.wait() == 0, person.text
    assert person.seen.count(ALLOW) == 1 and "(rule " in person.text


def test_an_answer_from_elsewhere_takes_the_prompt_away(shared_service: Installation, project: Repository) -> None:
    with terminal(shared_service, project.path, "run", ASK) as person:
        person.read_until(ALLOW)
        refused = shared_service.run("permissions", "refuse", open_id(shared_service), "-m", "from elsewhere")
        assert refused.returncode == 0 and "refused" in refused.stdout
        assert person.wait() == 0, person.text
    assert "from elsewhere" in person.text and "after" in person.text


def open_id(service: Installation) -> str:
    """The one request that waits now."""
    deadline = time.monotonic() + COMMAND_S
    while time.monotonic() < deadline:
        rows = service.run("permissions", "list", "--json").stdout.splitlines()
        if rows:
            (row,) = rows
            return str(json.loads(row)["id"])
    raise AssertionError("nothing was asked")


def test_without_a_terminal_it_waits_and_says_how_to_answer(shared_service: Installation, project: Repository) -> None:
    with shared_service.popen("run", ASK, "--no-apply", cwd=project.path) as process:
        assert process.stdout is not None
        seen = ""
        while "waits for you: boocoder permissions allow" not in seen:
            line = process.stdout.readline()
            assert line, seen
            seen += line
        request = seen.rpartition("permissions allow ")[2].split()[0]
        assert "waiting for you" in shared_service.run("tasks", "list").stdout
        sessions = shared_service.run("sessions", "list").stdout
        assert "waiting for you" in sessions
        session = next(line for line in sessions.splitlines() if "waiting for you" in line).split()[0]
        assert "permissions list" in shared_service.run("sessions", "show", session).stdout
        listed = shared_service.run("permissions", "list").stdout
        assert request in listed and "echo ran" in listed
        assert "echo ran" in shared_service.run("permissions", "show", request).stdout
        assert shared_service.run("permissions", "allow", request, "--session").returncode == 0
        rest = process.communicate(timeout=COMMAND_S)[0]
    assert process.returncode == 0, rest
    assert "after" in rest and "allowed" in rest
    again = shared_service.run("permissions", "allow", json_of(shared_service, "echo ran")["id"])
    assert again.returncode == 1 and "allowed already, by a person" in again.stderr
    again = shared_service.run("permissions", "allow", request)
    assert again.returncode == 1 and "allowed already" in again.stderr, "a short id finds what was decided, too"
    assert shared_service.run("permissions", "list").returncode == 0


def json_of(service: Installation, argument: str) -> dict[str, str]:
    """The newest request with this argument, whatever its state."""
    rows = service.run("permissions", "list", "--state", "all", "--json").stdout.splitlines()
    return next(row for row in map(json.loads, rows) if row["argument"] == argument)


def test_questions_are_answered_from_elsewhere(shared_service: Installation, project: Repository) -> None:
    prompt = "[[question Which?|red; green]] [[question More?|y; n]] [[say done]]"
    with shared_service.popen("run", prompt, "--no-apply", cwd=project.path) as process:
        first = open_id(shared_service)
        for wrong, words in [
            (("blue",), "none of the choices"),
            (("1", "2"), "1 questions and 2 answers"),
            ((), "Give"),
        ]:
            done = shared_service.run("permissions", "answer", first, *wrong)
            assert done.returncode == 2 and words in done.stderr, done.stderr
        assert "red" in shared_service.run("permissions", "show", first).stdout
        answered = shared_service.run("permissions", "answer", first, "2")
        assert answered.returncode == 0 and "green" in answered.stdout
        second = open_id(shared_service)
        assert second != first
        assert shared_service.run("permissions", "answer", "--dismiss", second).returncode == 0
        rest = process.communicate(timeout=COMMAND_S)[0]
    assert process.returncode == 0
    assert "answer: green" in rest and "answer: dismissed" in rest


def test_rules_are_added_listed_and_removed(shared_service: Installation, project: Repository) -> None:
    added = shared_service.run("permissions", "rules", "add", "deny", "bash", "*ran*", "-p", ".", cwd=project.path)
    assert added.returncode == 0 and "project" in added.stdout, added.stderr
    rule = added.stdout.split()[1]
    done = shared_service.run("run", ASK, "--no-apply", cwd=project.path)
    assert done.returncode == 0 and f"(rule {rule[:8]})" in done.stdout and "refused" in done.stdout
    listed = shared_service.run("permissions", "rules", "list").stdout
    row = next(line for line in listed.splitlines() if line.startswith(rule[:8]))
    assert "deny" in row and "1 uses" in row and "*ran*" in row
    as_json = shared_service.run("permissions", "rules", "list", "--json").stdout.splitlines()
    assert json.loads(as_json[0])["id"] == rule
    assert shared_service.run("permissions", "rules", "remove", rule[:8]).returncode == 0
    gone = shared_service.run("permissions", "rules", "remove", rule)
    assert gone.returncode == 2 and "no permission rule" in gone.stderr
    both = shared_service.run("permissions", "rules", "add", "sometimes", "bash")
    assert both.returncode == 2 and "sometimes" in both.stderr
