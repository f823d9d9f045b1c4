"""Copying files into a worktree: whole, with their permissions, and never through a symbolic link."""

from __future__ import annotations

import filecmp
import os
from pathlib import Path

import pytest

from boocoder.worktrees.create.copy_plan import CopyLimits, UncopiedFile, UncopiedReason
from boocoder.worktrees.create.copying import CopyResult, CopyStopped, copy_files


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


def paths_of(copied: CopyResult) -> tuple[bytes, ...]:
    return tuple(unit.path for unit in copied.units)


def test_files_come_with_their_permissions_and_times(source: Path, target: Path) -> None:
    os.utime(source / ".env", (1_000_000, 1_000_000))
    copied = copy_files(source, target, [b".env", b"config/run.local"])
    assert paths_of(copied) == (b".env", b"config/run.local") and copied.left == ()
    assert (target / ".env").read_text() == "KEY=1\n" and (target / ".env").stat().st_mode & 0o777 == 0o600
    assert (target / ".env").stat().st_mtime == 1_000_000
    assert (target / "config/run.local").stat().st_mode & 0o777 == 0o755
    assert sorted(path.name for path in target.iterdir()) == [".env", "config"]


def test_what_is_there_stays_and_is_not_reported(source: Path, target: Path) -> None:
    (target / ".env").write_text("mine\n")
    assert copy_files(source, target, [b".env"]) == CopyResult()
    assert (target / ".env").read_text() == "mine\n"


def test_a_copy_that_was_cut_short_is_made_anew(source: Path, target: Path) -> None:
    (target / ".boocoder-copy.part").mkdir()
    (target / ".boocoder-copy.part/half").write_text("KE")
    assert paths_of(copy_files(source, target, [b".env"])) == (b".env",)
    assert [path.name for path in target.iterdir()] == [".env"]


def test_a_large_file_with_holes_is_the_same(source: Path, target: Path) -> None:
    with (source / "large").open("wb") as file:
        file.truncate(200 * 1024 * 1024)
        file.seek(150 * 1024 * 1024)
        file.write(b"in the middle")
    assert paths_of(copy_files(source, target, [b"large"])) == (b"large",)
    assert filecmp.cmp(source / "large", target / "large", shallow=False)


def test_links_lead_where_they_led_and_inside_to_the_copy(source: Path, target: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret\n")
    (source / "config/inside").symlink_to("../.env")
    (source / "config/outside").symlink_to("../../secret")
    (source / "config/roundabout").symlink_to("../../source/.env")
    (source / "absolute").symlink_to(source / ".env")
    (source / "python").symlink_to("/usr/bin/python3")
    names = [b"absolute", b"config/inside", b"config/outside", b"config/roundabout", b"python"]
    copied = copy_files(source, target, names)
    assert paths_of(copied) == tuple(names) and copied.left == ()
    assert (target / "config/inside").readlink() == Path("../.env")
    assert (target / "config/outside").readlink() == tmp_path / "secret"
    assert (target / "config/roundabout").readlink() == target / ".env"
    assert (target / "absolute").readlink() == target / ".env"
    assert (target / "python").readlink() == Path("/usr/bin/python3")


def test_a_directory_that_is_a_link_is_not_followed(source: Path, target: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (target / "config").symlink_to(outside)
    (source / "linked").symlink_to(source / "config")
    copied = copy_files(source, target, [b"config/run.local", b"linked/run.local"])
    assert [left.reason for left in copied.left] == [UncopiedReason.BLOCKED, UncopiedReason.UNREADABLE]
    assert list(outside.iterdir()) == []


def test_what_is_no_file_is_left_out(source: Path, target: Path) -> None:
    os.mkfifo(source / "fifo")
    copied = copy_files(source, target, [b".env", b"fifo", b"gone"])
    assert paths_of(copied) == (b".env",)
    assert [left.reason for left in copied.left] == [UncopiedReason.SPECIAL, UncopiedReason.UNREADABLE]


def packages(source: Path, number: int) -> list[bytes]:
    """A folder of packages; its files."""
    for place in range(number):
        folder = source / f"node_modules/package-{place:05d}"
        folder.mkdir(parents=True)
        (folder / "index.js").write_text(f"{place}\n")
    return sorted(os.fsencode(path.relative_to(source)) for path in (source / "node_modules").rglob("*.js"))


def test_a_folder_is_copied_whole(source: Path, target: Path) -> None:
    files = packages(source, 300)
    os.mkfifo(source / "node_modules/socket")
    copied = copy_files(source, target, [b".env", *files, b"node_modules/socket"], folders=[b"node_modules/"])
    assert [(unit.path, len(unit.files)) for unit in copied.units] == [(b".env", 1), (b"node_modules", 300)]
    assert sorted(os.fsencode(path.relative_to(target)) for path in target.rglob("*.js")) == files


@pytest.mark.parametrize(
    ("limits", "reason"),
    [(CopyLimits(files=300), UncopiedReason.TOO_MANY), (CopyLimits(total_mib=0), UncopiedReason.TOO_LARGE)],
)
def test_a_folder_beyond_a_limit_is_left_out_whole(
    source: Path, target: Path, limits: CopyLimits, reason: UncopiedReason
) -> None:
    (source / ".env").write_text("")
    files = packages(source, 300)
    copied = copy_files(source, target, [b".env", *files], folders=[b"node_modules/"], limits=limits)
    assert paths_of(copied) == (b".env",)
    assert copied.left == (UncopiedFile(b"node_modules", reason),)
    assert [path.name for path in target.iterdir()] == [".env"]


def test_a_folder_with_a_file_that_cannot_be_read_is_left_out_whole(source: Path, target: Path) -> None:
    files = packages(source, 10)
    copied = copy_files(source, target, [*files, b"node_modules/package-99999/gone.js"], folders=[b"node_modules/"])
    assert copied == CopyResult(left=(UncopiedFile(b"node_modules", UncopiedReason.UNREADABLE),))
    assert list(target.iterdir()) == []


def test_a_stop_leaves_nothing_half_copied(source: Path, target: Path) -> None:
    files = packages(source, 50)
    seen: list[tuple[int, int]] = []

    def go_on(copied: int, number: int) -> bool:
        seen.append((copied, number))
        return copied < 20

    with pytest.raises(CopyStopped):
        copy_files(source, target, [b".env", *files], folders=[b"node_modules/"], go_on=go_on)
    assert seen == [(number, 51) for number in range(21)]
    assert [path.name for path in target.iterdir()] == [".env"]
