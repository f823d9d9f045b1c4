"""Applying a change to a checkout that a person works in: exact or not at all, and never half after a death."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from boocoder.changes.apply.plan import ApplyPlan, plan_apply, resume_apply, write_plan
from boocoder.git.diff.merge import ConflictKind, MergeConflict
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.worktree.session_worktrees import Worktree
from tests.fixtures.changes.random_tree import Content, Edits, content_of
from tests.fixtures.repository import MakeRepository, Repository

ROUNDS = int(os.environ.get("BOOCODER_TEST_MERGES", "40"))  # `make random` has 1,000
KILLS = int(os.environ.get("BOOCODER_TEST_WRITE_KILLS", "6"))  # and 100


@dataclass
class Place:
    """A person's checkout, an agent's worktree and the shadow repository between them."""

    project: Repository
    shadow: ShadowRepository
    worktree: Worktree
    indexes: Path

    async def tree(self) -> str:
        return await self.shadow.snapshot(
            self.worktree.path, index=self.indexes / "worktree", ref="refs/boocoder/worktree"
        )

    async def plan(self, tree: str | None = None) -> ApplyPlan | list[MergeConflict]:
        return await plan_apply(
            self.shadow,
            checkout=self.project.path,
            index=self.indexes / "project",
            base_tree=self.worktree.base_tree,
            tree=tree or await self.tree(),
            ref="refs/boocoder/applies/one",
        )

    async def write(self, plan: ApplyPlan) -> list[MergeConflict]:
        return await write_plan(
            self.shadow,
            checkout=self.project.path,
            index=self.indexes / "project",
            pre_tree=plan.pre_tree,
            post_tree=plan.post_tree,
        )

    async def resume(self, plan: ApplyPlan) -> list[MergeConflict]:
        return await resume_apply(
            self.shadow,
            checkout=self.project.path,
            index=self.indexes / "resume",
            pre_tree=plan.pre_tree,
            post_tree=plan.post_tree,
        )

    async def apply(self) -> list[MergeConflict]:
        plan = await self.plan()
        return await self.write(plan) if isinstance(plan, ApplyPlan) else plan


async def make_place(project: Repository, tmp_path: Path) -> Place:
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    return Place(project, shadow, await shadow.add_worktree(tmp_path / "worktree"), tmp_path / "indexes")


@pytest.fixture
async def place(repository: MakeRepository, tmp_path: Path) -> Place:
    return await make_place(repository(), tmp_path)


def kinds(conflicts: list[MergeConflict]) -> dict[bytes, ConflictKind]:
    return {one.path: one.kind for one in conflicts}


async def test_a_change_is_written_and_the_users_git_state_is_not_touched(place: Place) -> None:
    place.project.write("staged.txt", b"staged\n")
    place.project.git("add", "staged.txt")
    private = [place.project.path / ".git" / name for name in ("index", "HEAD", "config", "refs/heads/main")]
    before = [path.read_bytes() for path in private]
    (place.worktree.path / "README.md").write_bytes(b"by the agent\n")
    (place.worktree.path / "src/main.py").unlink()
    (place.worktree.path / "src/new.py").write_bytes(b"new\n")
    (place.worktree.path / "src/new.py").chmod(0o755)
    (place.worktree.path / "link").symlink_to("README.md")
    assert await place.apply() == []
    wanted = content_of(place.worktree.path) | {b"staged.txt": ("file", False, b"staged\n")}
    assert content_of(place.project.path) == wanted
    assert [path.read_bytes() for path in private] == before
    assert await place.apply() == [], "a change that is there already applies to nothing"
    assert content_of(place.project.path) == wanted


async def test_edits_of_the_user_are_merged_or_named(place: Place) -> None:
    lines = (place.project.path / "src/lines.txt").read_bytes()
    (place.worktree.path / "src/lines.txt").write_bytes(lines.replace(b"line 2\n", b"two\n"))
    place.project.write("src/lines.txt", lines.replace(b"line 30\n", b"thirty\n"))
    assert await place.apply() == []
    both = lines.replace(b"line 2\n", b"two\n").replace(b"line 30\n", b"thirty\n")
    assert (place.project.path / "src/lines.txt").read_bytes() == both
    place.project.write("src/lines.txt", lines.replace(b"line 2\n", b"zwei\n"))
    (place.project.path / "README.md").unlink()
    (place.worktree.path / "README.md").write_bytes(b"changed\n")
    (place.worktree.path / "harmless.txt").write_bytes(b"new\n")
    before = content_of(place.project.path)
    assert kinds(await place.apply()) == {
        b"src/lines.txt": ConflictKind.BOTH_MODIFIED,
        b"README.md": ConflictKind.DELETED_HERE,
    }
    assert content_of(place.project.path) == before


async def test_ignored_and_untracked_files_in_the_way_are_named(place: Place) -> None:
    (place.worktree.path / "untracked.txt").write_bytes(b"agent\n")
    (place.worktree.path / "noise.log").write_bytes(b"agent\n")
    (place.worktree.path / "build").write_bytes(b"a file\n")
    (place.worktree.path / ".gitignore").write_bytes(b"")
    place.project.write("noise.log", b"mine\n")
    place.project.write("build/out.o", b"mine\n")
    before = content_of(place.project.path)
    assert kinds(await place.apply()) == {b"noise.log": ConflictKind.IN_THE_WAY, b"build": ConflictKind.IN_THE_WAY}
    place.project.write("untracked.txt", b"mine\n")
    before[b"untracked.txt"] = ("file", False, b"mine\n")
    assert kinds(await place.apply()) == {b"untracked.txt": ConflictKind.BOTH_ADDED}
    assert content_of(place.project.path) == before
    for name in ("noise.log", "build/out.o", "untracked.txt"):
        (place.project.path / name).unlink()
    assert await place.apply() == []
    assert content_of(place.project.path) == content_of(place.worktree.path)


async def test_no_symbolic_link_is_written_through(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (place.worktree.path / "sub").mkdir()
    (place.worktree.path / "sub/file.txt").write_bytes(b"agent\n")
    tree = await place.tree()
    place.project.write(".git/info/exclude", b"sub\n")
    (place.project.path / "sub").symlink_to(outside)
    place.shadow = ShadowRepository(git_dir=place.shadow.git_dir, project=place.project.path)
    await place.shadow.open()
    plan = await place.plan(tree)
    assert isinstance(plan, list)
    assert kinds(plan) == {b"sub/file.txt": ConflictKind.IN_THE_WAY}
    assert list(outside.iterdir()) == []


async def test_an_edit_between_plan_and_writing_stops_it_and_nothing_is_touched(place: Place) -> None:
    for number in range(20):
        (place.worktree.path / f"n{number:02}.txt").write_bytes(b"new\n")
    (place.worktree.path / "src/main.py").write_bytes(b"agent\n")
    plan = await place.plan()
    assert isinstance(plan, ApplyPlan)
    place.project.write("src/main.py", b"typed just now\n")
    before = content_of(place.project.path)
    assert kinds(await place.write(plan)) == {b"src/main.py": ConflictKind.CHANGED_MEANWHILE}
    assert content_of(place.project.path) == before


async def test_what_was_written_is_taken_back_when_a_file_cannot_be(place: Place) -> None:
    (place.project.path / "README.md").chmod(0o640)
    (place.project.path / "a-link").symlink_to("README.md")
    place.project.commit("With a link")
    (place.worktree.path / "README.md").write_bytes(b"agent\n")
    (place.worktree.path / "src/main.py").unlink()
    (place.worktree.path / "a/b/c.txt").parent.mkdir(parents=True)
    (place.worktree.path / "a/b/c.txt").write_bytes(b"new\n")
    (place.worktree.path / ("z" * 250)).write_bytes(b"its temporary name fits\n")
    plan = await place.plan()
    assert isinstance(plan, ApplyPlan)
    before = content_of(place.project.path)
    limited = subprocess.run(
        [sys.executable, "-c", LIMITED_SCRIPT, *_arguments(place, plan)], capture_output=True, check=False
    )
    assert limited.returncode == 0, limited.stderr
    assert b"cannot be written" in limited.stdout
    assert content_of(place.project.path) == before
    assert (place.project.path / "README.md").stat().st_mode & 0o777 == 0o640
    assert await place.write(plan) == []


SCRIPT = """
import asyncio, sys
from pathlib import Path
from boocoder.changes.apply.plan import write_plan
from boocoder.git.shadow.repository import ShadowRepository

async def main(git_dir, project, index, pre, post):
    shadow = ShadowRepository(git_dir=Path(git_dir), project=Path(project))
    await shadow.open()
    print(await write_plan(shadow, checkout=Path(project), index=Path(index), pre_tree=pre, post_tree=post))

asyncio.run(main(*sys.argv[1:]))
"""
# The fourth new file is the one that cannot be made: a stand-in for a full disk.
LIMITED_SCRIPT = (
    """
import errno, os
real, count = os.fsync, 0
def fsync(fd):
    global count
    count += 1
    if count == 3:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    real(fd)
os.fsync = fsync
"""
    + SCRIPT
)
# Dies at the second call of the function that its last argument names, for which eleven files are many.
KILLED_SCRIPT = (
    """
import os, signal, sys
from boocoder.changes.apply.files import safe_fs, tree_writer
calls, real = [], getattr(safe_fs, sys.argv[-1])
def dies(*args, **options):
    calls.append(args)
    if len(calls) == 2: os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **options)
setattr(safe_fs, sys.argv.pop(), dies)
tree_writer.FILES_SYNCED_SINGLY = 10
"""
    + SCRIPT
)


def _arguments(place: Place, plan: ApplyPlan) -> list[str]:
    return [
        str(place.shadow.git_dir),
        str(place.project.path),
        str(place.indexes / "other"),
        plan.pre_tree,
        plan.post_tree,
    ]


def _one_sided(base: Content, ours: Content, theirs: Content, result: Content) -> list[bytes]:
    """The paths whose outcome is certain, because one side only changed them, and that came out otherwise."""
    wrong: list[bytes] = []
    for path in {**base, **ours, **theirs}:
        then, here, there, now = (side.get(path) for side in (base, ours, theirs, result))
        wanted = here if there in (then, here) else there
        if (here == then or there in (then, here)) and now != wanted:
            wrong.append(path)
    return wrong


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_random_changes_meet_random_edits(repository: MakeRepository, tmp_path: Path) -> None:
    rng = random.Random(77)
    project = repository({})
    Edits(project.path, rng, nested=False).make(50)
    project.commit("Base")
    place = await make_place(project, tmp_path)
    base = content_of(place.worktree.path)
    applied = refused = 0
    for _ in range(ROUNDS):
        _reset(project)
        _reset(project, place.worktree.path)
        _edit(Edits(place.worktree.path, rng, nested=False), rng.randint(1, 6))
        _edit(Edits(project.path, rng, nested=False), rng.randint(0, 4))
        ours, theirs = content_of(project.path), content_of(place.worktree.path)
        conflicts = await place.apply()
        result = content_of(project.path)
        if conflicts:
            refused += 1
            assert result == ours
        else:
            applied += 1
            assert _one_sided(base, ours, theirs, result) == []
    print(f"{ROUNDS} random applies: {applied} exact, {refused} refused with nothing touched, 0 wrong")
    assert min(applied, refused) > ROUNDS // 20


def _edit(edits: Edits, count: int) -> None:
    """Edits without renames, so that each path can be judged alone."""
    for _ in range(count):
        edits.rng.choice((edits.add, edits.modify, edits.modify, edits.delete, edits.chmod, edits.link))()


def _reset(project: Repository, checkout: Path | None = None) -> None:
    project.git("reset", "-q", "--hard", cwd=checkout)
    project.git("clean", "-qfdx", cwd=checkout)


def _kill_at(place: Place, plan: ApplyPlan, call: str) -> None:
    command = [sys.executable, "-c", KILLED_SCRIPT, *_arguments(place, plan), call]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL


async def _many_files(repository: MakeRepository, tmp_path: Path) -> Place:
    """A change of 150 files: new, changed, deleted, attributes, and places changed between files and directories."""
    files = {f"d{number % 7}/f{number:03}.txt": b"old %d\n" % number for number in range(100)}
    place = await make_place(repository(files | {".gitattributes": b"*.txt text\n", "swap": b"file\n"}), tmp_path)
    root = place.worktree.path
    for number in range(100):
        path = root / f"d{number % 7}/f{number:03}.txt"
        if number % 3 == 0:
            path.unlink()
        else:
            path.write_bytes(b"changed %d\n" % number * 50)
    for number in range(50):
        (root / f"new{number % 5}").mkdir(exist_ok=True)
        (root / f"new{number % 5}/n{number:03}.txt").write_bytes(b"new %d\n" % number * 100)
    (root / ".gitattributes").write_bytes(b"*.txt text eol=crlf\n")
    (root / "swap").unlink()
    (root / "swap").mkdir()
    (root / "swap/inside").write_bytes(b"in\n")
    return place


def _kill_while_writing(place: Place, plan: ApplyPlan, looks: int) -> bool:
    """Kill a process that writes a plan, some looks at the checkout after its first write; whether it was cut short."""
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, *_arguments(place, plan)], stdout=subprocess.PIPE)
    first = place.project.path / "swap"
    deadline = time.monotonic() + 60
    while first.is_file() and process.poll() is None and time.monotonic() < deadline:
        os.sched_yield()
    for _ in range(looks):
        if process.poll() is not None:
            break
        os.sched_yield()
    process.kill()  # nothing, where it has ended by itself
    code = process.wait()
    assert process.stdout is not None
    process.stdout.close()
    return code == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_death_while_writing_is_rolled_forward(repository: MakeRepository, tmp_path: Path) -> None:
    place = await _many_files(repository, tmp_path)
    rng, kills, cut_short, half = random.Random(5), 0, 0, 0
    wanted: Content = {}
    while kills < KILLS or (half < KILLS // 4 and kills < 100):  # how many leave half a change depends on the machine
        kills += 1
        _reset(place.project)
        plan = await place.plan()
        assert isinstance(plan, ApplyPlan)
        if not wanted:
            assert await place.write(plan) == []
            wanted = content_of(place.project.path)
            _reset(place.project)
        cut_short += _kill_while_writing(place, plan, rng.randrange(1 + kills % 20 * 100))
        half += content_of(place.project.path) != wanted
        mine = place.project.write("mine.txt", b"made after the crash\n")
        left = await place.resume(plan)
        assert left == []
        assert mine.read_bytes() == b"made after the crash\n"
        mine.unlink()
        assert content_of(place.project.path) == wanted
    print(f"{kills} kills: {cut_short} cut short, {half} of them left half a change, all rolled forward exactly")
    assert half >= KILLS // 4


async def test_after_a_death_foreign_edits_are_left_and_named(repository: MakeRepository, tmp_path: Path) -> None:
    place = await _many_files(repository, tmp_path)
    plan = await place.plan()
    assert isinstance(plan, ApplyPlan)
    _kill_at(place, plan, "place")
    assert list(place.project.path.rglob(".boocoder-*"))
    place.project.write("d1/f001.txt", b"typed after the crash\n")
    left = await place.resume(plan)
    assert [one.path for one in left] == [b"d1/f001.txt"]
    assert (place.project.path / "d1/f001.txt").read_bytes() == b"typed after the crash\n"
    assert (place.project.path / "new3/n003.txt").exists()
    assert not list(place.project.path.rglob(".boocoder-*"))


async def test_a_death_between_new_directories_is_rolled_forward(repository: MakeRepository, tmp_path: Path) -> None:
    place = await _many_files(repository, tmp_path)
    before, wanted = content_of(place.project.path), content_of(place.worktree.path)
    plan = await place.plan()
    assert isinstance(plan, ApplyPlan)
    _kill_at(place, plan, "move_new")
    half = content_of(place.project.path)
    assert half.items() > before.items()
    assert len({path.partition(b"/")[0] for path in half.keys() - before.keys()}) == 1
    mine = dict.fromkeys((b"new0/mine", b"new4/mine"), ("file", False, b"mine"))
    for path in mine:
        place.project.write(path.decode(), b"mine")
    assert await place.resume(plan) == []
    assert content_of(place.project.path).keys() == wanted.keys() | mine.keys()
    assert await place.write(ApplyPlan(plan.post_tree, plan.pre_tree, plan.files)) == []
    assert content_of(place.project.path) == before | mine
