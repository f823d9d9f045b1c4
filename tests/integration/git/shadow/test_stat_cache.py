"""A snapshot of files that nobody touched needs no git, and no change is missed for it."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from boocoder.git.shadow.repository import ShadowRepository
from tests.fixtures.repository import GitCalls, MakeRepository, Repository
from tests.waiting import PATIENCE_S

REF = "refs/boocoder/sessions/one"


@pytest.fixture
def project(repository: MakeRepository) -> Repository:
    return repository()


class Place:
    """A worktree with what a real one has beside its files, whose snapshots are compared with git's own."""

    def __init__(self, shadow: ShadowRepository, path: Path, index: Path) -> None:
        self.shadow, self.path, self.index = shadow, path, index

    async def snapshot(self) -> str:
        return await self.shadow.snapshot(self.path, index=self.index, ref=REF)

    async def listed(self) -> str:
        """The tree as git finds it with an index that nothing is remembered of."""
        other = self.index.with_name("other.index")
        other.unlink(missing_ok=True)
        shutil.copyfile(self.index, other)
        return await self.shadow.snapshot(self.path, index=other, ref=f"{REF}-other")

    async def remembered(self) -> str:
        """Take a snapshot of files that have come to rest, and remember it."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                tree = await self.snapshot()
                if await self.shadow.remember(self.index):
                    return tree


@pytest.fixture
async def place(project: Repository, tmp_path: Path) -> Place:
    shadow = ShadowRepository(git_dir=tmp_path / "data" / "shadow.git", project=project.path)
    await shadow.open()
    path = (await shadow.add_worktree(tmp_path / "data" / "one")).path
    (path / ".gitignore").write_text("*.log\nbuild/\n")
    (path / "build/deep").mkdir(parents=True)
    (path / "build/deep/out.bin").write_text("out")
    (path / "venv/lib").mkdir(parents=True)
    (path / "venv/.gitignore").write_text("*\n")
    (path / "venv/lib/code.py").write_text("code")
    (path / "empty/inner").mkdir(parents=True)
    (path / "link").symlink_to("README.md")
    return Place(shadow, path, tmp_path / "data" / "indexes" / "one.index")


async def test_untouched_files_need_no_git(place: Place, git_calls: GitCalls) -> None:
    tree = await place.remembered()
    (place.path / "build/deep/out.bin").write_text("ignored: nobody asks for it")
    (place.path / "build/more").mkdir()
    git_calls.taken(place.index)
    for _ in range(3):
        assert await place.snapshot() == tree
    assert git_calls.taken(place.index) == []


def same_size_and_time(path: Path) -> None:
    file = path / "README.md"
    before = file.stat()
    file.write_bytes(bytes(byte ^ 1 for byte in file.read_bytes()))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def through_a_hard_link(path: Path) -> None:
    os.link(path / "README.md", path.parent / "outside")
    (path.parent / "outside").write_text("written elsewhere")


def retarget(path: Path) -> None:
    (path / "link").unlink()
    (path / "link").symlink_to("src/main.py")


def rename_over(path: Path) -> None:
    (path / "build/deep/new").write_text("came by rename")
    (path / "build/deep/new").replace(path / "README.md")


def directory_becomes_link(path: Path) -> None:
    (path / "src").rename(path / "build/src")
    (path / "src").symlink_to("build/src")


def nested_repository(path: Path) -> None:
    (path / "empty/inner/.git").mkdir()
    (path / "empty/inner/.git/HEAD").write_text("ref: refs/heads/main\n")
    (path / "empty/inner/file").write_text("inside")


CHANGES: dict[str, Callable[[Path], object]] = {
    "content of the same size and time": same_size_and_time,
    "content through a hard link": through_a_hard_link,
    "a mode": lambda path: (path / "README.md").chmod(0o755),
    "a new file": lambda path: (path / "new.txt").write_text("new"),
    "a new file in an empty directory": lambda path: (path / "empty/inner/new.txt").write_text("new"),
    "a deleted file": lambda path: (path / "src/main.py").unlink(),
    "a renamed file": lambda path: (path / "src/main.py").rename(path / "src/other.py"),
    "a file renamed over another": rename_over,
    "another target of a link": retarget,
    "a directory replaced by a link": directory_becomes_link,
    "what is ignored": lambda path: (path / ".gitignore").write_text("*.log\n"),
    "what is ignored, said by an ignored file": lambda path: (path / "venv/.gitignore").write_text("*.pyc\n"),
    "a repository inside": nested_repository,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_every_change_is_found(place: Place, change: Callable[[Path], object]) -> None:
    before = await place.remembered()
    change(place.path)
    tree = await place.snapshot()
    assert tree != before
    assert tree == await place.listed()


async def test_what_decides_beside_the_files_is_found(place: Place, project: Repository) -> None:
    (place.path / "noise.log").write_text("ignored")
    before = await place.remembered()
    project.git("add", "--force", "noise.log", cwd=place.path)
    forced = await place.snapshot()
    assert [file.path for file in await place.shadow.changed_files(before, forced)] == [b"noise.log"]
    (project.path / ".git/info/exclude").write_text("*.new\n")
    (place.path / "x.new").write_text("ignored")
    assert await place.remembered() == forced
    (project.path / ".git/info/exclude").write_text("")
    files = await place.shadow.changed_files(forced, await place.snapshot())
    assert [file.path for file in files] == [b"x.new"]


async def test_what_changes_before_a_snapshot_is_remembered_is_not_missed(place: Place) -> None:
    file = place.path / "README.md"
    for number in range(8):
        await place.remembered()
        file.write_text(f"{number:04}")
        before = await place.snapshot()
        file.write_text(f"{number:04}"[::-1].replace("0", "x"))
        await place.shadow.remember(place.index)
        assert await place.snapshot() != before


async def test_random_edits_are_found_as_git_finds_them(place: Place) -> None:
    chance = random.Random(7)
    for number in range(20):
        await place.remembered()
        if chance.random() < 0.8:
            _edit(place.path, chance, number)
        assert await place.snapshot() == await place.listed()


def _edit(path: Path, chance: random.Random, number: int) -> None:
    folder = path / chance.choice(("", "src", "empty", "empty/inner", "venv", "build"))
    match chance.randrange(4):
        case 0:
            (folder / f"file{number % 5}.txt").write_text(chance.choice("abc"))
        case 1:
            (folder / f"file{number % 5}.txt").unlink(missing_ok=True)
        case 2:
            (folder / f"dir{number % 3}").mkdir(exist_ok=True)
        case _:
            (folder / f"file{number % 5}.txt").write_text("d")
            (folder / f"file{number % 5}.txt").rename(folder / f"file{number % 4}.txt")
