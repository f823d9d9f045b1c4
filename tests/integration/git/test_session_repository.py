"""A session's repository: it outlives the user's gc, is repaired, kept over a removal, and made out of a linked one."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.worktree.session_worktrees import RepairKind, Worktree
from tests.fixtures.repository import MakeRepository, Repository
from tests.integration.git.test_session_isolation import whole

SESSIONS = 10


async def opened(project: Repository, tmp_path: Path) -> ShadowRepository:
    shadow = ShadowRepository(git_dir=tmp_path / "data" / "shadow.git", project=project.path)
    await shadow.open()
    return shadow


def inside(project: Repository, place: Worktree | Path, *args: str) -> bytes:
    return project.git(*args, cwd=place.path if isinstance(place, Worktree) else place)


async def repairs(shadow: ShadowRepository, place: Worktree) -> list[RepairKind]:
    done = await shadow.worktrees.prepare(place.path, commit=place.base_commit)
    assert await shadow.worktrees.in_order(place.path)
    return [one.kind for one in done]


@pytest.mark.parametrize("packed", [False, True])
async def test_ten_sessions_outlive_what_the_user_does(
    repository: MakeRepository, tmp_path: Path, packed: bool
) -> None:
    project = repository({f"src/f{number}.txt": b"content %d\n" % number for number in range(60)})
    project.git("switch", "-qc", "feature")
    project.write("feature.txt", b"feature\n")
    start = project.commit("Feature")
    if packed:
        project.git("gc", "-q")
    shadow = await opened(project, tmp_path)
    places = [await shadow.add_worktree(tmp_path / "w" / f"s{number}", commit=start) for number in range(SESSIONS)]
    project.git("switch", "-q", "--orphan", "other")
    project.write("only.txt", b"only\n")
    project.commit("Another beginning")
    project.git("branch", "-D", "main", "feature")
    project.git("reflog", "expire", "--expire=now", "--all")
    project.git("gc", "-q", "--prune=now")
    project.git("repack", "-adq")
    assert project.git("cat-file", "-t", start, check=False) == b""
    for place in places:
        assert inside(project, place, "status", "--porcelain") == b""
        assert inside(project, place, "fsck", "--no-dangling") == b""
        (place.path / "src/f1.txt").write_bytes(b"changed\n")
        inside(project, place, "commit", "-qam", "By the agent")
        inside(project, place, "switch", "-q", "main")
        inside(project, place, "switch", "-q", "-")
        tree = await shadow.snapshot(place.path, index=tmp_path / place.path.name, ref="refs/boocoder/t")
        assert [one.path for one in await shadow.changed_files(place.base_tree, tree)] == [b"src/f1.txt"]


async def test_sessions_begin_while_the_user_collects_garbage(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository({f"src/f{number}.txt": b"content %d\n" % number for number in range(300)})
    commits = [project.commit(f"{number}") for number in range(SESSIONS)]
    shadow = await opened(project, tmp_path)
    stop = tmp_path / "stop"
    loop = f"until [ -e {stop} ]; do git repack -adq --no-write-bitmap-index; git unpack-objects -q < /dev/null; done"
    user = subprocess.Popen(["sh", "-c", loop], cwd=project.path, stderr=subprocess.DEVNULL)
    try:
        for number, commit in enumerate(commits):
            made = await shadow.add_worktree(tmp_path / "w" / f"s{number}", commit=commit)
            assert made.base_commit == commit
            assert inside(project, made, "fsck", "--no-dangling") == b""
    finally:
        stop.touch()
        user.wait(60)


async def test_objects_are_linked_once_and_alternates_are_followed(repository: MakeRepository, tmp_path: Path) -> None:
    lender = repository(name="lender")
    borrower = tmp_path / "borrower"
    subprocess.run(["git", "clone", "-q", "--shared", lender.path, borrower], check=True)
    project = Repository(borrower)
    shadow = await opened(project, tmp_path)
    made = await shadow.add_worktree(tmp_path / "w" / "one")
    store = shadow.git_dir / "user-objects"
    loose = list(store.glob("??/*"))
    assert loose
    assert all(path.stat().st_nlink > 1 for path in loose)
    assert await shadow.worktrees.link_objects() == 0
    shutil.rmtree(lender.path)
    assert inside(project, made, "fsck", "--no-dangling") == b""


async def test_what_an_agent_does_to_git_is_repaired(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository()
    other = repository(name="other")
    before = whole(other)
    shadow = await opened(project, tmp_path)
    place = await shadow.add_worktree(tmp_path / "w" / "one")
    git_dir = shadow.worktrees.git_dir_of(place.path)
    (place.path / "README.md").write_bytes(b"committed\n")
    inside(project, place, "commit", "-qam", "By the agent")
    commit = inside(project, place, "rev-parse", "HEAD")
    assert await repairs(shadow, place) == []
    (place.path / ".git").unlink()
    assert await repairs(shadow, place) == [RepairKind.GIT_FILE]
    (place.path / ".git").write_text(f"gitdir: {other.path / '.git'}\n")
    assert await repairs(shadow, place) == [RepairKind.GIT_FILE]
    (place.path / ".git").unlink()
    inside(project, place, "init", "-q")
    done = await shadow.worktrees.prepare(place.path, commit=place.base_commit)
    assert [one.kind for one in done] == [RepairKind.GIT_FILE]
    assert done[0].moved is not None
    assert (done[0].moved / "HEAD").is_file()
    inside(project, place, "config", "core.worktree", str(other.path))
    assert await repairs(shadow, place) == [RepairKind.CONFIG]
    (git_dir / "config").write_bytes(b"[broken\n")
    assert await repairs(shadow, place) == [RepairKind.CONFIG]
    (git_dir / "objects/info/alternates").unlink()
    (git_dir / "HEAD").unlink()
    (git_dir / "commondir").write_text(str(other.path / ".git"))
    assert await repairs(shadow, place) == [RepairKind.REPOSITORY]
    assert inside(project, place, "rev-parse", "HEAD") == commit
    assert inside(project, place, "status", "--porcelain") == b""
    (git_dir / "config").unlink()
    (git_dir / "config").symlink_to(other.path / ".git/config")
    assert await repairs(shadow, place) == [RepairKind.REPOSITORY]
    shutil.rmtree(git_dir)
    git_dir.symlink_to(other.path / ".git")
    assert await repairs(shadow, place) == [RepairKind.REPOSITORY]
    assert inside(project, place, "status", "--porcelain") == b" M README.md\n"
    assert whole(other) == before


async def test_a_removed_worktree_keeps_commits_stash_and_what_is_staged(
    repository: MakeRepository, tmp_path: Path
) -> None:
    project = repository()
    shadow = await opened(project, tmp_path)
    place = await shadow.add_worktree(tmp_path / "w" / "one")
    (place.path / "README.md").write_bytes(b"stashed\n")
    inside(project, place, "stash", "-q")
    (place.path / "a.txt").write_bytes(b"a\n")
    inside(project, place, "add", "-A")
    inside(project, place, "commit", "-qm", "By the agent")
    (place.path / "staged.txt").write_bytes(b"staged\n")
    inside(project, place, "add", "staged.txt")
    (place.path / "README.md").write_bytes(b"edited\n")
    seen = [
        inside(project, place, *args) for args in (("status", "--porcelain"), ("log", "--format=%H"), ("stash", "list"))
    ]
    tree = await shadow.snapshot(place.path, index=tmp_path / "i", ref="refs/boocoder/t")
    await shadow.remove_worktree(place.path)
    assert not place.path.exists()
    await shadow.add_worktree(place.path, commit=place.base_commit, tree=tree)
    assert [
        inside(project, place, *args) for args in (("status", "--porcelain"), ("log", "--format=%H"), ("stash", "list"))
    ] == seen
    inside(project, place, "commit", "-qam", "All of it")
    assert inside(project, place, "rev-parse", "HEAD^{tree}").decode().strip() == tree
    await shadow.remove_worktree(place.path)
    assert not (shadow.worktrees.git_dir_of(place.path) / "index").exists()
    await shadow.add_worktree(
        place.path,
        commit=place.base_commit,
        tree=inside(project, shadow.worktrees.git_dir_of(place.path), "rev-parse", "HEAD^{tree}").decode().strip(),
    )
    assert inside(project, place, "status", "--porcelain") == b""


async def test_ignore_patterns_are_followed_while_the_service_runs(
    repository: MakeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    project = repository()
    shadow = await opened(project, tmp_path)
    place = await shadow.add_worktree(tmp_path / "w" / "one")
    for name in ("one.tmp", "two.tmp"):
        (place.path / name).write_bytes(b"")

    async def taken() -> set[bytes]:
        tree = await shadow.snapshot(place.path, index=tmp_path / "i", ref="refs/boocoder/t")
        return {one.path for one in await shadow.changed_files(place.base_tree, tree)}

    assert await taken() == {b"one.tmp", b"two.tmp"}
    (place.path / "one.tmp").unlink()
    await taken()
    (place.path / "one.tmp").write_bytes(b"")
    with (project.path / ".git/info/exclude").open("a") as file:
        file.write("one.tmp\n")
    assert await taken() == {b"two.tmp"}
    (place.path / "two.tmp").unlink()
    (tmp_path / "xdg/git").mkdir(parents=True)
    (tmp_path / "xdg/git/ignore").write_text("two.tmp\n")
    await taken()
    (place.path / "two.tmp").write_bytes(b"")
    assert await taken() == set()


def link_as_before(project: Repository, shadow: ShadowRepository, path: Path) -> Worktree:
    """A worktree as earlier versions made them: linked to the user's repository, with HEAD detached and our mark."""
    project.git("worktree", "add", "--quiet", "--detach", str(path), "HEAD")
    (project.path / ".git/worktrees" / path.name / "boocoder").write_bytes(b"made by boocoder for a session\n")
    seed = shadow.worktrees.seed_of(path)
    shutil.copyfile(project.path / ".git/worktrees" / path.name / "index", seed)
    return Worktree(path, project.head(), project.tree())


async def test_a_linked_worktree_gets_a_repository_of_its_own(repository: MakeRepository, tmp_path: Path) -> None:
    inner = repository({"in.txt": b"inner\n"}, name="inner")
    project = repository()
    project.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.path), "sub")
    project.commit("With a submodule")
    shadow = await opened(project, tmp_path)
    place = link_as_before(project, shadow, tmp_path / "w" / "one")
    inside(project, place, "-c", "protocol.file.allow=always", "submodule", "update", "-q", "--init")
    (place.path / "README.md").write_bytes(b"stashed\n")
    inside(project, place, "stash", "-q")
    (place.path / "a.txt").write_bytes(b"a\n")
    inside(project, place, "add", "-A")
    inside(project, place, "commit", "-qm", "By the agent")
    (place.path / "staged.txt").write_bytes(b"staged\n")
    inside(project, place, "add", "staged.txt")
    (place.path / "README.md").write_bytes(b"edited\n")
    (place.path / "new.txt").write_bytes(b"new\n")
    looks = (
        ("status", "--porcelain"),
        ("rev-parse", "HEAD"),
        ("stash", "list"),
        ("diff", "--cached"),
        ("diff",),
        ("reflog", "-2"),
    )
    seen = [inside(project, place, *args) for args in looks]
    in_sub = inside(project, place.path / "sub", "rev-parse", "HEAD")
    assert not await shadow.worktrees.in_order(place.path)
    assert await repairs(shadow, place) == [RepairKind.CONVERTED]
    assert [inside(project, place, *args) for args in looks] == seen
    assert inside(project, place.path / "sub", "rev-parse", "HEAD") == in_sub
    assert inside(project, place.path / "sub", "status", "--porcelain") == b""
    assert inside(project, place, "symbolic-ref", "HEAD") == b"refs/heads/boocoder/one\n"
    assert not (project.path / ".git/worktrees").exists()
    commit = inside(project, place, "rev-parse", "HEAD").decode().strip()
    project.git("stash", "clear")
    project.git("reflog", "expire", "--expire=now", "--all")
    project.git("gc", "-q", "--prune=now")
    assert project.git("cat-file", "-t", commit, check=False) == b""
    assert inside(project, place, "fsck", "--no-dangling") == b""
    inside(project, place, "stash", "drop", "-q")


@pytest.mark.parametrize("configured", [None, "tools/hooks", "absolute"])
async def test_the_users_hooks_run_once_a_person_says_so(
    repository: MakeRepository, tmp_path: Path, configured: str | None
) -> None:
    hook = b"#!/bin/sh\necho ran >> ran.txt\n"
    project = repository({"tools/hooks/post-commit": hook, "README.md": b""})
    (project.path / "tools/hooks/post-commit").chmod(0o755)
    project.git("commit", "-qam", "Executable")
    if configured is None:
        shutil.copy(project.path / "tools/hooks/post-commit", project.path / ".git/hooks/post-commit")
    else:
        place = configured if configured != "absolute" else str(project.path / "tools/hooks")
        project.git("config", "core.hooksPath", place)
    shadow = await opened(project, tmp_path)
    for hooks in (False, True):
        shadow.worktrees.run_hooks = hooks
        place_of = await shadow.add_worktree(tmp_path / "w" / f"hooks-{hooks}")
        inside(project, place_of, "commit", "-q", "--allow-empty", "-m", "By the agent")
        assert (place_of.path / "ran.txt").exists() is hooks
        assert await shadow.worktrees.in_order(place_of.path)
        (shadow.worktrees.git_dir_of(place_of.path) / "config").write_bytes(b"[broken\n")
        assert await repairs(shadow, place_of) == [RepairKind.CONFIG]
        inside(project, place_of, "commit", "-q", "--allow-empty", "-m", "Again")
        assert ((place_of.path / "ran.txt").read_bytes() if hooks else b"ran\nran\n") == b"ran\nran\n"
    assert not (project.path / "ran.txt").exists()


async def test_a_rebase_under_way_goes_on_after_the_conversion(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository()
    shadow = await opened(project, tmp_path)
    place = link_as_before(project, shadow, tmp_path / "w" / "one")
    inside(project, place, "switch", "-qc", "work")
    (place.path / "README.md").write_bytes(b"theirs\n")
    inside(project, place, "commit", "-qam", "Theirs")
    project.write("README.md", b"ours\n")
    project.commit("Ours")
    project.git("rebase", "main", cwd=place.path, check=False)
    assert inside(project, place, "status", "--porcelain") == b"UU README.md\n"
    assert await repairs(shadow, place) == [RepairKind.CONVERTED]
    assert inside(project, place, "status", "--porcelain") == b"UU README.md\n"
    (place.path / "README.md").write_bytes(b"both\n")
    inside(project, place, "add", "README.md")
    inside(project, place, "-c", "core.editor=true", "rebase", "--continue")
    assert inside(project, place, "log", "--format=%s", "-2") == b"Theirs\nOurs\n"
    assert inside(project, place, "symbolic-ref", "--short", "HEAD") == b"work\n"


async def test_a_conversion_that_was_cut_short_is_done_again(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository()
    shadow = await opened(project, tmp_path)
    for number, state in enumerate(("only the directory", "before the end")):
        place = link_as_before(project, shadow, tmp_path / "w" / f"s{number}")
        (place.path / "a.txt").write_bytes(b"a\n")
        inside(project, place, "add", "-A")
        inside(project, place, "commit", "-qm", "By the agent")
        head = inside(project, place, "rev-parse", "HEAD")
        admin = project.path / ".git/worktrees" / f"s{number}"
        shutil.copytree(admin, tmp_path / f"admin{number}")
        linked = (place.path / ".git").read_bytes()
        assert await repairs(shadow, place) == [RepairKind.CONVERTED]
        shutil.copytree(tmp_path / f"admin{number}", admin)
        if state == "only the directory":
            (place.path / ".git").write_bytes(linked)
        assert await repairs(shadow, place) == [RepairKind.CONVERTED]
        assert inside(project, place, "rev-parse", "HEAD") == head
        assert not (project.path / ".git/worktrees").exists()


async def test_many_conversions_at_once(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository()
    shadow = await opened(project, tmp_path)
    places = [link_as_before(project, shadow, tmp_path / "w" / f"s{number}") for number in range(SESSIONS)]
    done = await asyncio.gather(*(repairs(shadow, place) for place in places))
    assert done == [[RepairKind.CONVERTED]] * SESSIONS
    assert not (project.path / ".git/worktrees").exists()


async def test_replaced_packs_are_given_back_and_no_object_is_lost(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository({f"src/f{number}.txt": b"content %d\n" % number for number in range(60)})
    project.git("switch", "-qc", "feature")
    project.write("feature.txt", b"feature\n" * 1000)
    start = project.commit("Feature")
    project.git("gc", "-q")
    shadow = await opened(project, tmp_path)
    place = await shadow.add_worktree(tmp_path / "w" / "one", commit=start)
    assert (await shadow.worktrees.clean_objects()).packs == 0
    project.git("switch", "-q", "main")
    project.git("branch", "-D", "feature")
    for number in range(3):
        project.write("README.md", b"%d\n" % number)
        project.commit("Goes on")
        project.git("reflog", "expire", "--expire=now", "--all")
        project.git("gc", "-q", "--prune=now")
        await shadow.worktrees.link_objects()
    done = await shadow.worktrees.clean_objects()
    assert done.packs == 3
    assert done.kept_objects == 3, "the commit, tree and file that only the deleted branch had"
    assert len(list((shadow.git_dir / "user-objects/pack").glob("*.pack"))) == 2
    assert not list((shadow.git_dir / "user-objects").glob("??/*"))
    assert (await shadow.worktrees.clean_objects()).packs == 0
    assert inside(project, place, "fsck", "--no-dangling") == b""
    assert inside(project, place, "status", "--porcelain") == b""
    assert [path.name for path in shadow.git_dir.glob(".user-objects*")] == []
