"""Linked worktrees of the user's repository: many at once, beside the user's own git, and after deaths."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from boocoder.errors import Conflict, GitError, InvalidInput
from boocoder.git.shadow.repository import ShadowRepository
from tests.fixtures.repository import MakeRepository, Repository, git_environment

PARALLEL = 32


def fingerprint(project: Repository) -> dict[str, str]:
    """HEAD, refs, index, configuration, hooks and files of a repository: whatever is the user's own."""
    git_dir = project.path / ".git"
    found: dict[str, str] = {}
    for path in sorted(project.path.rglob("*")):
        name = path.relative_to(project.path).as_posix()
        if not path.is_file() or name.startswith((".git/objects/", ".git/worktrees/")):
            continue
        found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    assert git_dir.is_dir()
    return found


def locks_in(project: Repository) -> list[Path]:
    return sorted(project.path.rglob("*.lock"))


async def opened(project: Repository, tmp_path: Path) -> ShadowRepository:
    shadow = ShadowRepository(git_dir=tmp_path / "data" / "shadow.git", project=project.path)
    await shadow.open()
    return shadow


@pytest.mark.timeout(180)
async def test_many_adds_at_once_beside_the_users_gc(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository({f"src/f{number}.txt": b"content %d\n" % number for number in range(50)})
    before = fingerprint(project)
    shadow = await opened(project, tmp_path)
    stop = tmp_path / "stop"
    user = subprocess.Popen(
        ["sh", "-c", f"until [ -e {stop} ]; do git worktree prune; git gc -q --prune=now; git worktree list; done"],
        cwd=project.path,
        env=git_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        start = time.perf_counter()
        made = await asyncio.gather(*(shadow.add_worktree(tmp_path / "w" / f"s{n}") for n in range(PARALLEL)))
        spent = time.perf_counter() - start
    finally:
        stop.touch()
        user.wait(60)
    print(f"{PARALLEL} worktrees at once beside gc and prune: {spent:.2f} s, none lost")
    for one in made:
        assert project.git("status", "--porcelain", cwd=one.path) == b""
        assert (one.path / "src/f7.txt").read_bytes() == b"content 7\n"
    assert locks_in(project) == []
    await asyncio.gather(*(shadow.remove_worktree(one.path) for one in made))
    assert not (project.path / ".git/worktrees").exists()
    assert list((tmp_path / "w").iterdir()) == []
    after = fingerprint(project)
    for packed in (".git/packed-refs", ".git/info/refs", ".git/gc.pid", ".git/refs/heads/main", ".git/logs/HEAD"):
        before.pop(packed, None)
        after.pop(packed, None)
    assert {name: one for name, one in after.items() if "info/commit-graph" not in name} == before


async def test_nothing_of_the_user_is_touched_by_worktrees_and_snapshots(
    repository: MakeRepository, tmp_path: Path
) -> None:
    project = repository()
    project.write("dirty.txt", b"dirty\n")
    project.write("README.md", b"edited\n")
    before = fingerprint(project)
    shadow = await opened(project, tmp_path)
    worktree = await shadow.add_worktree(tmp_path / "w" / "one")
    assert len(await shadow.dirty_paths(staged=True)) == 2
    (worktree.path / "a.txt").write_bytes(b"one\n")
    tree = await shadow.snapshot(worktree.path, index=tmp_path / "i", ref="refs/boocoder/one")
    await shadow.diff(worktree.base_tree, tree)
    await shadow.merge(base=worktree.base_tree, ours=worktree.base_tree, theirs=tree)
    await shadow.remove_worktree(worktree.path)
    assert fingerprint(project) == before
    assert locks_in(project) == []
    assert project.git("fsck", "--strict") == b""


ADD_SCRIPT = """
import asyncio, sys
from pathlib import Path
from boocoder.git.shadow.repository import ShadowRepository

async def main(git_dir, project, path):
    shadow = ShadowRepository(git_dir=Path(git_dir), project=Path(project))
    await shadow.open()
    print("open", flush=True)
    await shadow.add_worktree(Path(path))

asyncio.run(main(*sys.argv[1:]))
"""


def _kill_during_add(shadow: ShadowRepository, project: Repository, path: Path, steps: int) -> None:
    """Kill a process that adds a worktree, with all its children, after as many looks at the directory."""
    process = subprocess.Popen(
        [sys.executable, "-c", ADD_SCRIPT, str(shadow.git_dir), str(project.path), str(path)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    for _ in range(steps):
        if process.poll() is not None:
            break
        children.read_text()
    pids = [process.pid, *map(int, children.read_text().split())] if process.poll() is None else [process.pid]
    for pid in pids:
        for kill in (os.killpg, os.kill):
            try:
                kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
    process.wait()
    process.stdout.close()


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_a_killed_add_is_cleaned_up_and_done_again(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository({f"src/f{number}.txt": b"content %d\n" % number for number in range(300)})
    before = fingerprint(project)
    shadow = await opened(project, tmp_path)
    partial = 0
    for number in range(12):
        path = tmp_path / "w" / "again"
        _kill_during_add(shadow, project, path, steps=40 * number * number)
        partial += path.exists()
        await shadow.remove_worktree(path)
        assert not path.exists()
        assert not (project.path / ".git/worktrees").exists()
        made = await shadow.add_worktree(path)
        assert project.git("status", "--porcelain", cwd=made.path) == b""
        await shadow.remove_worktree(path)
    print(f"12 killed adds, {partial} of them half done: all cleaned up and done again")
    assert fingerprint(project) == before
    assert locks_in(project) == []


async def test_a_cancelled_add_leaves_nothing(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository({f"src/f{number}.txt": b"x" * 1000 for number in range(200)})
    shadow = await opened(project, tmp_path)
    path = tmp_path / "w" / "one"
    for wanted in (path, path / ".git", path / "src"):
        adding = asyncio.ensure_future(shadow.add_worktree(path))
        while not wanted.exists() and not adding.done():
            await asyncio.sleep(0)
        adding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await adding
        assert not path.exists()
        assert not (project.path / ".git/worktrees").exists()
    assert (await shadow.add_worktree(path)).base_commit == project.head()


async def test_removing_is_idempotent_and_copes_with_what_agents_do(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository()
    shadow = await opened(project, tmp_path)
    await shadow.remove_worktree(tmp_path / "never-made")
    for number, break_it in enumerate(("delete-git", "redirect-git", "delete-all", "delete-admin", "read-only")):
        worktree = await shadow.add_worktree(tmp_path / "w" / f"s{number}")
        match break_it:
            case "delete-git":
                (worktree.path / ".git").unlink()
            case "redirect-git":
                (worktree.path / ".git").write_text(f"gitdir: {project.path / '.git'}\n")
            case "delete-all":
                subprocess.run(["rm", "-rf", worktree.path], check=True)
            case "delete-admin":
                subprocess.run(["rm", "-rf", project.path / ".git/worktrees" / f"s{number}"], check=True)
            case "read-only":
                (worktree.path / "src").chmod(0o500)
        await shadow.remove_worktree(worktree.path)
        await shadow.remove_worktree(worktree.path)
        assert not worktree.path.exists()
        assert not (project.path / ".git/worktrees").exists()
    assert project.git("fsck") == b""


async def test_refusals_have_names(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository()
    shadow = await opened(project, tmp_path)
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "file").write_bytes(b"")
    with pytest.raises(Conflict) as conflict:
        await shadow.add_worktree(taken)
    assert conflict.value.code == "worktree_path_taken"
    assert (taken / "file").exists()
    with pytest.raises(GitError) as missing:
        await shadow.add_worktree(tmp_path / "w", commit="0" * 39 + "1")
    assert missing.value.code == "commit_missing"
    empty = repository(name="empty", files={}, commit=False)
    alone = ShadowRepository(git_dir=tmp_path / "empty.git", project=empty.path)
    await alone.open()
    with pytest.raises(InvalidInput) as none:
        await alone.add_worktree(tmp_path / "w")
    assert none.value.code == "project_without_commit"
    assert not (tmp_path / "w").exists()


async def test_opening_many_times_at_once_makes_one_repository(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository()
    shadows = [ShadowRepository(git_dir=tmp_path / "d" / "shadow.git", project=project.path) for _ in range(8)]
    await asyncio.gather(*(shadow.open() for shadow in shadows))
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["shadow.git"]
    trees = {(await shadow.head()).tree for shadow in shadows}
    assert trees == {project.tree()}


@pytest.mark.parametrize("settings", [{"core.autocrlf": "true"}, {"core.autocrlf": "input"}, {"core.eol": "crlf"}])
async def test_line_endings_follow_the_users_settings(
    repository: MakeRepository, tmp_path: Path, settings: dict[str, str]
) -> None:
    project = repository({".gitattributes": b"*.txt text\n*.bin -text\n", "a.txt": b"a\nb\n", "b.bin": b"a\r\nb\n"})
    for key, value in settings.items():
        project.git("config", key, value)
    theirs = tmp_path / "theirs"
    project.git("worktree", "add", "-q", "--detach", str(theirs))
    shadow = await opened(project, tmp_path)
    worktree = await shadow.add_worktree(tmp_path / "ours")
    for name in ("a.txt", "b.bin"):
        assert (worktree.path / name).read_bytes() == (theirs / name).read_bytes()
    assert project.git("status", "--porcelain", cwd=worktree.path) == b""
    tree = await shadow.snapshot(worktree.path, index=tmp_path / "i", ref="refs/boocoder/one")
    assert tree == worktree.base_tree


async def test_sha256_repositories_work(tmp_path: Path) -> None:
    path = tmp_path / "project"
    path.mkdir()
    project = Repository(path)
    project.git("init", "-q", "--object-format=sha256")
    project.write("a.txt", b"a\n")
    project.commit()
    shadow = await opened(project, tmp_path)
    worktree = await shadow.add_worktree(tmp_path / "w")
    (worktree.path / "a.txt").write_bytes(b"b\n")
    tree = await shadow.snapshot(worktree.path, index=tmp_path / "i", ref="refs/boocoder/one")
    assert len(tree) == 64
    assert b"-a\n+b\n" in await shadow.diff(worktree.base_tree, tree)


async def test_opening_sweeps_what_a_killed_process_left(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository()
    shadow = await opened(project, tmp_path)
    old = [shadow.git_dir / "staging/old/files", shadow.git_dir.parent / ".shadow.git-old"]
    for path in old:
        path.mkdir(parents=True)
    (shadow.git_dir / "seeds/dirty-old.index").write_bytes(b"")
    (shadow.git_dir / "staging/young").mkdir()
    day_ago = time.time() - 86_400
    for path in (old[0].parent, old[1], shadow.git_dir / "seeds/dirty-old.index"):
        os.utime(path, (day_ago, day_ago))
    await shadow.open()
    assert [path.name for path in (shadow.git_dir / "staging").iterdir()] == ["young"]
    assert list((shadow.git_dir / "seeds").iterdir()) == []
    assert [path.name for path in shadow.git_dir.parent.iterdir()] == ["shadow.git"]
