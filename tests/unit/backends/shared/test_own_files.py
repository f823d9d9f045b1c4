"""Which files an agent may write without asking."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.backends.shared.mode_names import writes_nothing
from boocoder.backends.shared.own_files import are_own_files


@pytest.fixture
def worktree(tmp_path: Path) -> Path:
    (tmp_path / "w" / "src").mkdir(parents=True)
    (tmp_path / "w" / "out").symlink_to(tmp_path)
    return tmp_path / "w"


def test_ordinary_files_of_the_worktree_are_own(worktree: Path) -> None:
    assert are_own_files(worktree, [str(worktree / "src" / "new" / "a.py"), "b.txt"])


@pytest.mark.parametrize("path", ["../b.txt", "/etc/passwd", "out/x", ".git/config", "src/.claude/settings.json", "."])
def test_files_elsewhere_hidden_ones_and_the_worktree_itself_are_not(path: str, worktree: Path) -> None:
    assert not are_own_files(worktree, ["a.py", path])


def test_no_path_is_no_own_file(worktree: Path) -> None:
    assert not are_own_files(worktree, [])
    assert not are_own_files(worktree, [""])


@pytest.mark.parametrize("mode", ["plan", "read-only", "https://agent.example/modes#plan", "Architect", "chat"])
def test_modes_in_which_an_agent_may_write_nothing(mode: str) -> None:
    assert writes_nothing(mode)


@pytest.mark.parametrize("mode", ["", "default", "build", "acceptEdits", "yolo", "https://agent.example/modes#agent"])
def test_modes_in_which_it_may_write(mode: str) -> None:
    assert not writes_nothing(mode)
