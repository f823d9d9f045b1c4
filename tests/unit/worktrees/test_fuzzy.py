"""Which paths a few letters mean."""

from __future__ import annotations

from boocoder.worktrees.search.fuzzy import best_paths

PATHS = ["README.md", "src/read.py", "src/api/routes/tasks.py", "docs/tasks.md", "src/thread.py", "tests/test_tasks.py"]


def test_the_name_wins_over_the_path_and_its_beginning_over_its_inside() -> None:
    assert best_paths(PATHS, "tasks", 3) == ["docs/tasks.md", "src/api/routes/tasks.py", "tests/test_tasks.py"]
    assert best_paths(PATHS, "read", 3) == ["README.md", "src/read.py", "src/thread.py"]
    assert best_paths([*PATHS, "a/read"], "read", 1) == ["a/read"]


def test_letters_may_be_scattered_and_in_any_case() -> None:
    assert best_paths(PATHS, "arTSK", 5) == ["src/api/routes/tasks.py"]
    assert best_paths(PATHS, "api tasks", 5) == ["src/api/routes/tasks.py"]
    assert best_paths(PATHS, "zzz", 5) == []
    assert best_paths(PATHS, ".*", 5) == []


def test_without_letters_the_nearest_come() -> None:
    assert best_paths(PATHS, " ", 2) == ["README.md", "docs/tasks.md"]


def test_fifty_thousand_paths_are_looked_through_while_one_types() -> None:
    paths = [f"src/package_{n % 500}/module_{n}/some_file_name_{n}.py" for n in range(50_000)]
    found = best_paths(paths, "pkgfile4999", 20)
    assert found
    hostile = "a" * 200
    assert best_paths(["a" * 150 + "b" * 4_000] * 100, hostile, 5) == []
