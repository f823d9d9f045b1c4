"""Rule files of a repository are read by links inside of it; nothing outside is, and nothing that never ends."""

from __future__ import annotations

import os
from pathlib import Path

from boocoder.backends.shared.rules.rule_files import opencode_rule_files


def names(worktree: Path) -> list[str]:
    return [one.path for one in opencode_rule_files(worktree, max_chars=1000)]


def test_rules_and_their_list_are_read_by_links_inside_of_a_worktree_that_is_reached_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk" / "worktree").mkdir(parents=True)
    (tmp_path / "home").symlink_to(tmp_path / "disk")
    worktree = tmp_path / "home" / "worktree"
    (worktree / "CLAUDE.md").write_text("a rule")
    (worktree / "AGENTS.md").symlink_to("CLAUDE.md")
    (worktree / "style.md").write_text("another")
    (worktree / "tools.json").write_text('{"instructions": ["style.md"]}')
    (worktree / "opencode.json").symlink_to("tools.json")
    assert names(worktree) == ["AGENTS.md", "style.md"]


def test_a_list_of_rules_outside_or_in_a_pipe_is_not_read(tmp_path: Path) -> None:
    worktree = tmp_path / "worktree"
    worktree.mkdir()
    (worktree / "style.md").write_text("a rule")
    (tmp_path / "outside.json").write_text('{"instructions": ["style.md"]}')
    (worktree / "opencode.jsonc").symlink_to(tmp_path / "outside.json")
    assert names(worktree) == []
    os.mkfifo(worktree / "opencode.json")  # reading it would wait for a writer, and the turn with it
    assert names(worktree) == []
