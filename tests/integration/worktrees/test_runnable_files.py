"""Which files make agents run something, with hashes of what the agents would read."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from boocoder.catalog.known_agents import known_agents
from boocoder.errors import InvalidInput
from boocoder.worktrees.trust.runnable_files import FILE_MAX_BYTES, runnable_files


def write(root: Path, path: str, content: str = "x") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(content)


def test_files_folders_and_endings_are_matched_and_nothing_else(tmp_path: Path) -> None:
    for path in ("a.json", "b/one.js", "b/deep/two.js", "b/node_modules/p/x.js", "c/x.toml", "c/x.md", "d/other.txt"):
        write(tmp_path, path)
    found = runnable_files(tmp_path, {"one": ["a.json", "b/**", "none.json"], "two": ["c/*.toml", "a.json", "no/**"]})
    assert [(one.path, one.agents) for one in found] == [
        ("a.json", ("one", "two")),
        ("b/deep/two.js", ("one",)),
        ("b/one.js", ("one",)),
        ("c/x.toml", ("two",)),
    ]
    assert {one.sha256 for one in found} == {hashlib.sha256(b"x").hexdigest()}


def test_links_are_followed_as_agents_follow_them(tmp_path: Path) -> None:
    root, outside = tmp_path / "project", tmp_path / "outside"
    write(root, "real/hook.sh", "real")
    write(outside, "plugin.js", "outside")
    (root / "hooks").symlink_to("real")
    (root / "settings.json").symlink_to(outside / "plugin.js")
    (root / "gone.json").symlink_to("nowhere")
    (root / "round").mkdir()
    (root / "round" / "again").symlink_to(".")
    patterns = {"agent": ["hooks/**", "settings.json", "gone.json", "round/**"]}
    before = {one.path: one.sha256 for one in runnable_files(root, patterns)}
    assert list(before) == ["gone.json", "hooks/hook.sh", "settings.json"]
    write(outside, "plugin.js", "changed")
    write(root, "nowhere", "is there now")
    after = {one.path: one.sha256 for one in runnable_files(root, patterns)}
    assert {path for path in before if before[path] != after[path]} == {"gone.json", "settings.json"}


def test_what_cannot_be_read_to_its_end_is_never_taken_for_trusted(tmp_path: Path) -> None:
    write(tmp_path, "large.json")
    os.truncate(tmp_path / "large.json", FILE_MAX_BYTES + 1)
    os.mkfifo(tmp_path / "pipe.json")
    for name in ("large.json", "pipe.json"):
        with pytest.raises(InvalidInput) as refused:
            runnable_files(tmp_path, {"agent": [name]})
        assert refused.value.code == "runnable_files_unclear"


def test_what_the_known_agents_run_is_known() -> None:
    runs = {agent.name: agent.runs for agent in known_agents().values()}
    assert {name for name, paths in runs.items() if not paths} == {"native", "scripted"}
    assert ".opencode/plugin/**" in runs["opencode"]
    assert {".claude/settings.json", ".mcp.json"} <= set(runs["claude"])
    assert not any(path.startswith("/") or ".." in path for paths in runs.values() for path in paths)
