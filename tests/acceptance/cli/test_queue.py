"""The queue from outside: tasks that wait are edited and moved, files go with a task."""

from __future__ import annotations

import json
import time

from tests.acceptance.cli.test_run import COMMAND_S, show
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation


def until(service: Installation, task: str, *states: str) -> dict[str, object]:
    deadline = time.monotonic() + COMMAND_S
    while (found := show(service, task))["state"] not in states:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def test_tasks_that_wait_are_edited_and_moved(shared_service: Installation, project: Repository) -> None:
    def queue(prompt: str, *more: str) -> dict[str, str]:
        done = shared_service.run("run", prompt, "--detach", "--json", *more, cwd=project.path)
        made: dict[str, str] = json.loads(done.stdout)
        return made

    first = queue("[[hang]]")
    until(shared_service, first["task_id"], "running")
    second, third = (queue(text, "-s", first["session_id"])["task_id"] for text in ("[[say two]]", "[[say three]]"))
    assert shared_service.run("tasks", "edit", third[:8], "[[say edited]]").returncode == 0
    assert shared_service.run("tasks", "move", third[:8], "--before", second[:8]).returncode == 0
    late = shared_service.run("tasks", "edit", first["task_id"], "too late")
    assert (late.returncode, "never started" in late.stderr) == (1, True)
    shared_service.run("tasks", "cancel", first["task_id"])
    done = {task: until(shared_service, task, "completed") for task in (second, third)}
    assert done[third]["prompt"] == "[[say edited]]"
    assert str(done[third]["started_at"]) < str(done[second]["started_at"])


def test_a_file_goes_with_a_task(shared_service: Installation, project: Repository) -> None:
    (project.path / "note.txt").write_text("words")
    done = shared_service.run("tasks", "add", "[[recall]]", "--attach", "note.txt", cwd=project.path)
    task = done.stdout.split()[1]
    assert until(shared_service, task, "completed")["summary"]
    gone = shared_service.run("tasks", "add", "look", "--attach", "nowhere.txt", cwd=project.path)
    assert (gone.returncode, "nowhere.txt cannot be read" in gone.stderr) == (2, True)
