"""Copying files into a worktree: whole, with their permissions, and never through a symbolic link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from boocoder.worktrees import copying
from boocoder.worktrees.copying import Left, LeftReason, copy_files


@pytest.fixture
def source(tmp_path: Path) -> Path:
    made = tmp_path / "source"
    (made / "config").mkdir(parents=True)
    (made / ".env").write_text("KEY=1\n")
    (made / ".env").chmod(0o600)
    (made / "config/run.local").write_text("#!/bin/sh\n")
    (made / "config/run.local").chmod(0o755)
    return made


@pytest.fixture
def target(tmp_path: Path) -> Path:
    made = tmp_path / "target"
    made.mkdir()
    return made


def test_files_come_with_their_permissions(source: Path, target: Path) -> None:
    copied = copy_files(source, target, [b".env", b"config/run.local"])
    assert copied.paths == (b".env", b"config/run.local") and copied.left == ()
    assert (target / ".env").read_text() == "KEY=1\n" and (target / ".env").stat().st_mode & 0o777 == 0o600
    assert (target / "config/run.local").stat().st_mode & 0o777 == 0o755
    assert sorted(path.name for path in target.iterdir()) == [".env", "config"]


def test_what_is_there_stays_and_is_not_told(source: Path, target: Path) -> None:
    (target / ".env").write_text("mine\n")
    copied = copy_files(source, target, [b".env"])
    assert copied == copying.Copied() and (target / ".env").read_text() == "mine\n"


def test_a_copy_that_was_cut_short_is_made_anew(source: Path, target: Path) -> None:
    (target / ".boocoder-copy.part").write_text("KE")
    assert copy_files(source, target, [b".env"]).paths == (b".env",)
    assert [path.name for path in target.iterdir()] == [".env"]


def test_links_stay_links_and_none_leads_out(source: Path, target: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret\n")
    (source / "config/inside").symlink_to("../.env")
    (source / "config/outside").symlink_to("../../secret")
    (source / "absolute").symlink_to(source / ".env")
    copied = copy_files(source, target, [b"config/inside", b"config/outside", b"absolute"])
    assert copied.paths == (b"config/inside",)
    assert (target / "config/inside").readlink() == Path("../.env")
    assert copied.left == tuple(Left(path, LeftReason.OUTSIDE) for path in (b"config/outside", b"absolute"))


def test_a_directory_that_is_a_link_is_not_followed(source: Path, target: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (target / "config").symlink_to(outside)
    (source / "linked").symlink_to(source / "config")
    copied = copy_files(source, target, [b"config/run.local", b"linked/run.local"])
    assert [left.reason for left in copied.left] == [LeftReason.BLOCKED, LeftReason.UNREADABLE]
    assert list(outside.iterdir()) == []


def test_sizes_and_kinds_are_bounded(source: Path, target: Path) -> None:
    with (source / "huge").open("wb") as file:
        file.truncate(copying.FILE_MAX_BYTES + 1)
    os.mkfifo(source / "fifo")
    copied = copy_files(source, target, [b".env", b"fifo", b"gone", b"huge"])
    assert copied.paths == (b".env",)
    assert [left.reason for left in copied.left] == [LeftReason.SPECIAL, LeftReason.UNREADABLE, LeftReason.TOO_LARGE]


def test_the_number_of_files_is_bounded(source: Path, target: Path) -> None:
    paths = [b"gone"] * copying.FILES_MAX + [b".env"]
    copied = copy_files(source, target, paths)
    assert copied.paths == () and copied.left[-1] == Left(b".env", LeftReason.TOO_MUCH)
