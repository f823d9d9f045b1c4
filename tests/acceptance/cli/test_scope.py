"""Commands act on the project of the folder they run in, and on what is named; nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fixtures.repository import MakeRepository, Repository
from tests.fixtures.service import Installation


@pytest.fixture
def other(repository: MakeRepository) -> Repository:
    """A second project."""
    return repository(name="other")


def pending(service: Installation, project: Repository) -> str:
    """The id of a new pending change of a project."""
    done = service.run("run", "[[write made.txt|x\n]]", "--json", "-a", "scripted", cwd=project.path)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout.splitlines()[-1])["change_id"])


def test_without_an_id_only_the_change_of_this_project_is_meant(
    shared_service: Installation, project: Repository, other: Repository, tmp_path: Path
) -> None:
    change = pending(shared_service, project)
    shared_service.run("projects", "add", str(other.path))
    for command in (["apply", "--commit"], ["diff", "--stat"], ["review", "--json"]):
        refused = shared_service.run(*command, cwd=other.path)
        assert refused.returncode == 2 and f"No change of {other.path.name}" in refused.stderr
        refused = shared_service.run(*command, cwd=tmp_path)
        assert refused.returncode == 2 and "belongs to no project" in refused.stderr
    assert not (other.path / "made.txt").exists() and not (project.path / "made.txt").exists()
    elsewhere = shared_service.run("apply", change[:8], cwd=other.path)
    assert elsewhere.returncode == 0, elsewhere.stderr
    assert str(project.path) in elsewhere.stderr and str(project.path) in elsewhere.stdout
    assert (project.path / "made.txt").exists() and not (other.path / "made.txt").exists()


def test_a_word_in_a_projects_folder_does_not_name_the_project(
    shared_service: Installation, project: Repository, other: Repository
) -> None:
    for place in (project, other):
        shared_service.run("projects", "add", str(place.path))
    listed = {
        one["path"]: one["id"]
        for one in map(json.loads, shared_service.run("projects", "list", "--json").stdout.splitlines())
    }
    for command in ("remove", "settings"):
        refused = shared_service.run("projects", command, "a-typo", cwd=project.path)
        assert refused.returncode == 2 and "There is no project 'a-typo'" in refused.stderr
    (project.path / "src").mkdir(exist_ok=True)
    assert shared_service.run("projects", "remove", "src", cwd=project.path).returncode == 2
    removed = shared_service.run("projects", "remove", listed[str(other.path)][:8], cwd=project.path)
    assert removed.returncode == 0 and str(other.path) in removed.stdout
    assert str(project.path) in shared_service.run("projects", "list", "--json").stdout
    here = shared_service.run("projects", "remove", "./", cwd=project.path)
    assert here.returncode == 0 and str(project.path) in here.stdout


def test_short_ids_and_names_are_found_among_all_rows(shared_service: Installation, project: Repository) -> None:
    done = shared_service.run("run", "[[say hi]]", "--json", "-a", "scripted", cwd=project.path)
    task = json.loads(done.stdout.splitlines()[0])
    for text in (task["task_id"][:8], task["task_id"].replace("-", "")[:12], task["task_id"].upper()[:8]):
        shown = shared_service.run("tasks", "show", text, "--json")
        assert json.loads(shown.stdout)["id"] == task["task_id"]
    unknown = shared_service.run("tasks", "show", "ffffffff-ffff")
    assert unknown.returncode == 2 and "There is no task" in unknown.stderr and "tasks list" in unknown.stderr
    short = shared_service.run("tasks", "show", "a")
    assert short.returncode == 2 and "too short" in short.stderr


def test_cancelling_says_what_became_of_the_task(shared_service: Installation, project: Repository) -> None:
    done = shared_service.run("run", "[[say hi]]", "--json", "-a", "scripted", cwd=project.path)
    task = json.loads(done.stdout.splitlines()[0])["task_id"]
    cancelled = shared_service.run("tasks", "cancel", task[:8])
    assert "had ended already: completed" in cancelled.stdout
