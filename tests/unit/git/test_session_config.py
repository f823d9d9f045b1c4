"""What a session's repository takes over of the user's settings and references."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from boocoder.git.worktree.session_config import ConfigEntry, carried_over, config_text
from boocoder.git.worktree.session_refs import Reference, free_branch

COMMIT = "a" * 40


def listed(*entries: tuple[str, str, str]) -> bytes:
    return "".join(f"{scope}\0{key}\n{value}\0" for scope, key, value in entries).encode()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("core.hookspath", "hooks"),
        ("core.fsmonitor", "x"),
        ("core.sshcommand", "x"),
        ("core.worktree", "/elsewhere"),
        ("core.pager", "x"),
        ("core.editor", "x"),
        ("alias.st", "!x"),
        ("filter.evil.clean", "x"),
        ("filter.lfs.clean", "evil"),
        ("diff.external", "x"),
        ("merge.x.driver", "x"),
        ("gpg.program", "x"),
        ("credential.helper", "!x"),
        ("remote.origin.uploadpack", "x"),
        ("remote.origin.vcs", "x"),
        ("remote.origin.url", "ext::sh -c x"),
        ("url.ext::sh -c x.insteadof", "https://example.org/"),
        ("submodule.sub.update", "!x"),
        ("lfs.customtransfer.x.path", "x"),
        ("include.path", "/elsewhere"),
        ("extensions.worktreeconfig", "true"),
        ("commit.gpgsign", "true"),
    ],
)
def test_nothing_that_names_a_program_or_place_is_copied(key: str, value: str) -> None:
    assert carried_over(listed(("local", key, value), ("worktree", key, value))) == []


def test_values_of_the_repository_are_copied_and_personal_ones_are_left_where_they_are() -> None:
    entries = [
        ("local", "remote.origin.url", "https://example.org/a.git"),
        ("local", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"),
        ("local", "branch.main.remote", "origin"),
        ("local", "core.autocrlf", "input"),
        ("local", "filter.lfs.clean", "git-lfs clean -- %f"),
        ("global", "pull.rebase", "true"),
    ]
    copied = [(entry.key, entry.value) for entry in carried_over(listed(*entries))]
    assert copied == [(key, value) for scope, key, value in entries if scope == "local"]


def test_an_identity_counts_wherever_it_is_set_and_the_last_one_wins() -> None:
    found = carried_over(
        listed(("global", "user.email", "home@example.org"), ("global", "user.email", "work@example.org"))
    )
    assert found == [ConfigEntry("user.email", "work@example.org")]


def test_git_reads_the_file_as_it_was_meant(tmp_path: Path) -> None:
    entries = [
        ConfigEntry("core.repositoryformatversion", "0"),
        ConfigEntry('remote.odd "name\\.url', 'C:\\a "b" # c;\n\td'),
        ConfigEntry('remote.odd "name\\.fetch', " +x:y "),
        ConfigEntry("user.name", "ü"),
    ]
    (tmp_path / "config").write_bytes(config_text(entries))
    done = subprocess.run(["git", "config", "-f", tmp_path / "config", "--list", "-z"], capture_output=True, check=True)
    read = [tuple(entry.split("\n", 1)) for entry in done.stdout.decode().split("\0")[:-1]]
    assert read == [(entry.key, entry.value) for entry in entries]


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        ([], "refs/heads/boocoder/a-1"),
        (["refs/heads/boocoder/a-1"], "refs/heads/boocoder/a-1-2"),
        (["refs/heads/boocoder"], "refs/heads/boocoder-a-1"),
        (["refs/heads/boocoder/a-1/x"], "refs/heads/boocoder/a-1-2"),
    ],
)
def test_a_free_branch_is_found(taken: list[str], name: str) -> None:
    assert free_branch([Reference(one, COMMIT) for one in taken], "boocoder/a-1") == name
