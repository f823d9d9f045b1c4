"""A snapshot is taken without git where the kernel reports no change, and is right wherever there was one."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from boocoder.errors import Unavailable
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.watch.watches import FileWatches, WatchMoment
from boocoder.git.worktree.session_worktrees import Worktree
from tests.fixtures.changes.random_tree import Edits
from tests.fixtures.repository import Repository

WATCHED, FULL = "refs/boocoder/sessions/one", "refs/boocoder/sessions/two"
ROUNDS = 40
DIRECTORIES = 16  # that a process may watch in some tests


async def watched(shadow: ShadowRepository, worktree: Worktree, tmp_path: Path) -> str:
    return await shadow.snapshot(worktree.path, index=tmp_path / "watched.index", ref=WATCHED, watched=True)


async def full(shadow: ShadowRepository, worktree: Worktree, tmp_path: Path) -> str:
    return await shadow.snapshot(worktree.path, index=tmp_path / "full.index", ref=FULL)


def move_away_and_back(root: Path) -> None:
    (root / "src").rename(root / "elsewhere")
    (root / "elsewhere").rename(root / "src")
    (root / "src/main.py").write_text("after the move\n")


def replace_by_link(root: Path) -> None:
    (root / "README.md").unlink()
    (root / "README.md").symlink_to("src/main.py")


def edit_in_a_new_directory(root: Path) -> None:
    (root / "new/deep").mkdir(parents=True)
    (root / "new/deep/file.txt").write_text("new\n")


def write_as_before(root: Path) -> None:
    """The same size and time, other bytes."""
    path = root / "README.md"
    before = path.stat()
    path.write_bytes(path.read_bytes().swapcase())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


EDITS: dict[str, Callable[[Path], object]] = {
    "changed": lambda root: (root / "README.md").write_text("changed\n"),
    "same size and time": write_as_before,
    "deleted": lambda root: (root / "src/main.py").unlink(),
    "executable": lambda root: (root / "src/main.py").chmod(0o755),
    "renamed": lambda root: (root / "src/main.py").rename(root / "src/other.py"),
    "link": replace_by_link,
    "new directory": edit_in_a_new_directory,
    "directory moved": move_away_and_back,
    "ignored now": lambda root: (root / ".gitignore").write_text("*.txt\n"),
    "not ignored now": lambda root: ((root / "a.log").write_text("log\n"), (root / ".gitignore").unlink()),
    "truncated": lambda root: os.truncate(root / "src/lines.txt", 7),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
async def test_git_starts_where_a_file_has_changed_and_only_there(
    shadow: ShadowRepository,
    worktree: Worktree,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    edit: Callable[[Path], object],
) -> None:
    before = await watched(shadow, worktree, tmp_path)
    with monkeypatch.context() as without_git:
        without_git.setenv("PATH", str(tmp_path))
        assert await watched(shadow, worktree, tmp_path) == before
        edit(worktree.path)
        with pytest.raises(Unavailable):
            await watched(shadow, worktree, tmp_path)
    after = await watched(shadow, worktree, tmp_path)
    assert after == await full(shadow, worktree, tmp_path) != before


async def test_what_the_snapshot_depends_on_outside_of_the_files_is_looked_at(
    project: Repository, shadow: ShadowRepository, worktree: Worktree, tmp_path: Path
) -> None:
    (worktree.path / "kept.log").write_text("ignored\n")
    (worktree.path / "draft.md").write_text("ignored by the person\n")
    (project.path / ".git/info/exclude").write_text("draft.md\n")
    before = await watched(shadow, worktree, tmp_path)
    project.git("add", "--force", "kept.log", cwd=worktree.path)
    forced = await watched(shadow, worktree, tmp_path)
    (project.path / ".git/info/exclude").write_text("nothing\n")
    included = await watched(shadow, worktree, tmp_path)
    assert len({before, forced, included}) == 3


async def test_a_thousand_random_edits_are_all_seen(
    shadow: ShadowRepository, worktree: Worktree, tmp_path: Path
) -> None:
    chance = random.Random(15)
    for _ in range(ROUNDS):
        Edits(worktree.path, chance, nested=False).make(chance.randint(0, 50))
        assert await watched(shadow, worktree, tmp_path) == await full(shadow, worktree, tmp_path)


@pytest.mark.parametrize("tree_max", [1, 2_048], ids=["too many directories", "another repository"])
async def test_a_tree_that_cannot_be_watched_is_looked_at_each_time(
    project: Repository, tmp_path: Path, tree_max: int
) -> None:
    watches = FileWatches(tree_max=tree_max)
    shadow = ShadowRepository(git_dir=tmp_path / "data/shadow.git", project=project.path, watches=watches)
    await shadow.open()
    worktree = await shadow.add_worktree(tmp_path / "worktrees" / "one")
    project.git("init", "-q", str(worktree.path / "nested"))
    (worktree.path / "nested/file.txt").write_text("nested\n")
    assert await watches.moment(worktree.path) is None
    for number in range(2):
        (worktree.path / "nested/file.txt").write_text(f"{number}\n")
        assert await watched(shadow, worktree, tmp_path) == await full(shadow, worktree, tmp_path)


async def test_the_checkout_is_looked_at_again_where_a_file_or_its_index_has_changed(
    project: Repository, shadow: ShadowRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("new.txt", "new\n")
    assert await shadow.dirty_paths(staged=False, watched=True) == {b"new.txt"}
    with monkeypatch.context() as without_git:
        without_git.setenv("PATH", str(tmp_path))
        assert await shadow.dirty_paths(staged=False, watched=True) == {b"new.txt"}
    project.write("README.md", "changed\n")
    assert await shadow.dirty_paths(staged=False, watched=True) == {b"new.txt", b"README.md"}
    project.git("add", "new.txt")
    assert await shadow.dirty_paths(staged=False, watched=True) == {b"README.md"}


async def test_a_watch_that_had_to_make_room_says_that_something_may_have_changed(tmp_path: Path) -> None:
    watches = FileWatches(total_max=DIRECTORIES)
    trees = [tmp_path / f"tree-{number}" for number in range(40)]
    for tree in trees:
        tree.mkdir()
    moments = [await watches.moment(tree) for tree in trees]
    unchanged = [watches.unchanged(moment) for moment in moments if moment is not None]
    assert unchanged == [False] * (40 - DIRECTORIES) + [True] * DIRECTORIES
    watches.close()
    assert not any(watches.unchanged(moment) for moment in moments if moment is not None)


async def test_many_events_and_special_files_are_a_change(tmp_path: Path) -> None:
    watches = FileWatches()
    since = await watches.moment(tmp_path)
    assert since is not None and watches.unchanged(since)
    with socket.socket(socket.AF_UNIX) as special:
        special.bind(str(tmp_path / "socket"))
        assert not watches.unchanged(since)
    since = await watches.moment(tmp_path)
    for number in range(3_000):
        (tmp_path / f"{number}").touch()
    assert since is not None and not watches.unchanged(since)
    watches.close()


async def test_a_process_takes_one_of_the_users_watches_however_many_trees_it_has(tmp_path: Path) -> None:
    """A user has 128 by default, and agents need them too."""
    kept: list[tuple[FileWatches, WatchMoment]] = []
    for number in range(40):
        root = tmp_path / f"tree-{number}"
        (root / "below").mkdir(parents=True)
        watches = FileWatches()
        moment = await watches.moment(root)
        assert moment is not None
        kept.append((watches, moment))
    taken = [one for one in Path("/proc/self/fd").iterdir() if one.is_symlink() and "inotify" in str(one.readlink())]
    assert len(taken) == 1
    (tmp_path / "tree-7/below/file.txt").touch()
    assert [number for number, (watches, moment) in enumerate(kept) if not watches.unchanged(moment)] == [7]
    for watches, _ in kept:
        watches.close()


async def test_two_watches_of_one_tree_do_not_end_one_another(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    first, second = FileWatches(), FileWatches()
    since_first, since_second = await first.moment(tmp_path), await second.moment(tmp_path)
    assert since_first is not None and since_second is not None
    first.close()
    assert second.unchanged(since_second) and not first.unchanged(since_first)
    (tmp_path / "below/file.txt").touch()
    assert not second.unchanged(since_second)
    since = await second.moment(tmp_path)
    assert since is not None and second.unchanged(since)
    del first, since_first
    again = await FileWatches().moment(tmp_path)  # nobody closes it
    assert again is not None
    (tmp_path / "below/other.txt").touch()
    assert not second.unchanged(since)


async def test_a_lost_event_is_a_change_of_every_tree(tmp_path: Path) -> None:
    """The kernel keeps 16,384 events at most."""
    quiet, loud = tmp_path / "quiet", tmp_path / "loud"
    watches = FileWatches()
    for root in (quiet, loud):
        root.mkdir()
    since = await watches.moment(quiet)
    assert since is not None and await watches.moment(loud) is not None
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    for number in range(limit // 2 + 10):  # made, closed after writing
        (loud / f"{number}").touch()
    assert not watches.unchanged(since)
    since = await watches.moment(quiet)
    assert since is not None and watches.unchanged(since)
    watches.close()


async def test_the_tree_used_least_recently_makes_room(tmp_path: Path) -> None:
    watches = [FileWatches(total_max=DIRECTORIES) for _ in range(DIRECTORIES + 1)]
    moments = []
    for number, one in enumerate(watches):
        (tmp_path / f"tree-{number}").mkdir()
        if number == DIRECTORIES:
            assert await watches[0].moment(tmp_path / "tree-0") == moments[0]
        moments.append(await one.moment(tmp_path / f"tree-{number}"))
    kept = [one.unchanged(moment) for one, moment in zip(watches, moments, strict=True) if moment is not None]
    assert kept == [True, False] + [True] * (DIRECTORIES - 1)
