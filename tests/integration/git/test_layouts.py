"""Layouts of real repositories: a session begins, works, is applied in every way, rewound, removed and restored."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from boocoder.changes.apply.planner import ApplyRequest
from boocoder.db.core.pool import Database
from boocoder.errors import GitObjectsMissing
from boocoder.git.project import inspect_project
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.model.change import ApplyTarget
from boocoder.model.ids import ChangeId, SessionId, new_id
from tests.fixtures.changes.change_harness import ChangeHarness, make_desk
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.repository import FILES, MakeRepository, Repository, committed

Make = Callable[[Path], Repository]


def plain(place: Path) -> Repository:
    made = committed(place / "project", {**FILES, "deep/a/b.txt": b"b\n", "deep/c.txt": b"c\n"})
    made.write("README.md", FILES["README.md"] + b"more\n")
    made.commit("Second")
    made.git("branch", "feature", "HEAD~1")
    return made


def clone(place: Path, *args: str) -> Repository:
    origin = plain(place / "origin")
    origin.git("config", "uploadpack.allowFilter", "true")
    target = place / "project"
    subprocess.run(["git", "clone", "-q", *args, f"file://{origin.path}", target], check=True)
    made = Repository(target)
    made.git("config", "user.name", "A Person")
    made.git("config", "user.email", "person@example.org")
    return made


def configured(*settings: str) -> Make:
    def make(place: Path) -> Repository:
        made = plain(place)
        for setting in settings:
            made.git("config", *setting.split("=", 1))
        return made

    return make


def after(*commands: str) -> Make:
    def make(place: Path) -> Repository:
        made = plain(place)
        for command in commands:
            made.git(*command.split())
        return made

    return make


def separate_git_dir(place: Path) -> Repository:
    made = plain(place)
    made.git("init", "-q", f"--separate-git-dir={place / 'elsewhere.git'}")
    made.git("config", "core.worktree", str(made.path))
    made.git("config", "extensions.worktreeConfig", "true")
    made.git("config", "--worktree", "core.worktree", str(made.path))
    return made


def linked(place: Path) -> Repository:
    plain(place / "main").git("worktree", "add", "-q", "-b", "linked", str(place / "project"))
    return Repository(place / "project")


def bare_and_worktree(place: Path) -> Repository:
    origin = plain(place / "origin")
    bare = place / "bare.git"
    subprocess.run(["git", "clone", "-q", "--bare", origin.path, bare], check=True)
    origin.git("worktree", "add", "-q", str(place / "project"), "main", cwd=bare)
    made = Repository(place / "project")
    made.git("config", "user.name", "A Person")
    made.git("config", "user.email", "person@example.org")
    return made


def submodule(place: Path) -> Repository:
    outer, inner = committed(place / "outer"), plain(place / "inner")
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.path), "sub")
    made = Repository(outer.path / "sub")
    made.git("config", "user.name", "A Person")
    made.git("config", "user.email", "person@example.org")
    return made


def with_submodule(place: Path) -> Repository:
    inner, made = committed(place / "inner"), plain(place)
    made.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.path), "sub")
    made.commit("With a submodule")
    return made


def sparse(*args: str) -> Make:
    def make(place: Path) -> Repository:
        made = plain(place)
        made.git("sparse-checkout", "set", *args)
        return made

    return make


def sha256(place: Path) -> Repository:
    path = place / "project"
    path.mkdir(parents=True)
    made = Repository(path)
    made.git("init", "-q", "-b", "main", "--object-format=sha256")
    made.git("config", "user.name", "A Person")
    made.git("config", "user.email", "person@example.org")
    for name, content in FILES.items():
        made.write(name, content)
    made.commit()
    return made


def through_a_link(place: Path) -> Repository:
    made = plain(place)
    (place / "link").symlink_to(made.path)
    return Repository(place / "link")


def attributes(place: Path) -> Repository:
    made = plain(place)
    made.write(".gitattributes", b"*.txt text eol=crlf\n*.bin filter=lfs diff=lfs merge=lfs -text\n")
    made.commit("Attributes")
    return made


def with_lfs(place: Path) -> Repository:
    if shutil.which("git-lfs") is None:
        pytest.skip("git-lfs is not installed")
    made = plain(place)
    made.git("lfs", "install", "--local")
    made.write(".gitattributes", b"*.bin filter=lfs diff=lfs merge=lfs -text\n")
    made.write("assets/a.bin", b"\0content\n" * 1000)
    made.commit("With Git LFS")
    return made


def lfs_without_contents(place: Path) -> Repository:
    made = with_lfs(place)
    pointer = made.git("show", "HEAD:assets/a.bin")
    shutil.rmtree(made.path / ".git/lfs")
    made.write("assets/a.bin", pointer)
    made.git("add", "assets/a.bin")
    return made


def reftable(place: Path) -> Repository:
    path = place / "project"
    path.mkdir(parents=True)
    made = Repository(path)
    if subprocess.run(["git", "init", "-q", "-b", "main", "--ref-format=reftable"], cwd=path, check=False).returncode:
        pytest.skip("this git has no reftable")
    made.git("config", "user.name", "A Person")
    made.git("config", "user.email", "person@example.org")
    for name, content in FILES.items():
        made.write(name, content)
    made.commit()
    return made


def shared_objects(place: Path) -> Repository:
    return clone(place, "--reference", str(plain(place / "lender").path))


LAYOUTS: dict[str, Make] = {
    "plain": plain,
    "packed": after("gc -q"),
    "packed references": after("pack-refs --all"),
    "commit graph and bitmap": after("repack -adbq", "commit-graph write --reachable", "multi-pack-index write"),
    "detached HEAD": after("checkout -q --detach"),
    "a branch of our prefix": after("branch boocoder"),
    "split index": after("update-index --split-index"),
    "index version 4": after("update-index --index-version 4"),
    "untracked cache": after("update-index --untracked-cache"),
    "assumed unchanged": after("update-index --assume-unchanged deep/c.txt"),
    "stash and notes": after("notes add -m note", "stash"),
    "grafted commit": after("replace --graft HEAD"),
    "linked worktree": linked,
    "bare with a worktree": bare_and_worktree,
    "separate git directory": separate_git_dir,
    "submodule as project": submodule,
    "with a submodule": with_submodule,
    "clone": lambda place: clone(place),
    "shallow clone": lambda place: clone(place, "--depth=1"),
    "single branch": lambda place: clone(place, "--single-branch"),
    "borrowed objects": shared_objects,
    "shared clone": lambda place: clone(place, "--shared"),
    "blobless clone": lambda place: clone(place, "--filter=blob:none"),
    "treeless clone": lambda place: clone(place, "--filter=tree:0"),
    "sparse cone": sparse("--cone", "src"),
    "sparse patterns": sparse("--no-cone", "/*", "!deep/"),
    "sparse index": sparse("--cone", "--sparse-index", "src"),
    "sha256": sha256,
    "through a symbolic link": through_a_link,
    "attributes of endings and LFS": attributes,
    "Git LFS with contents": with_lfs,
    "Git LFS without contents": lfs_without_contents,
    "reftable": reftable,
    "converted endings": configured("core.autocrlf=input"),
    "no file modes": configured("core.fileMode=false"),
    "a file monitor and hooks": configured("core.fsmonitor=false", "core.hooksPath=/nowhere"),
    "filters and drivers": configured("filter.x.clean=false", "diff.external=false", "merge.x.driver=false"),
}


def repository_of(make: Make, tmp_path: Path) -> MakeRepository:
    project = make(tmp_path)

    def made(*_: object, **__: object) -> Repository:
        return project

    return made  # type: ignore[return-value]


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_a_life_in_a_layout(layout: str, database: Database, tmp_path: Path) -> None:
    make = repository_of(LAYOUTS[layout], tmp_path)
    project = make()
    assert (await inspect_project(project.path)).head_commit == project.head()
    before = project.git("for-each-ref"), project.git("status", "--porcelain"), project.git("stash", "list")
    desk = await make_desk(database, make, tmp_path / "data")
    files = desk.worktree.path
    assert project.git("rev-parse", "--show-toplevel", cwd=files).decode().strip() == str(files)
    assert project.git("status", "--porcelain", cwd=files) == b""
    assert await desk.snapshot() == desk.worktree.base_tree
    began = content_of(files)
    await agent_commits(desk, "src/main.py", b"print(1)\n")
    first = await desk.snapshot()
    assert (project.git("for-each-ref"), project.git("status", "--porcelain"), project.git("stash", "list")) == before
    main = project.path / "src/main.py"
    before_apply = main.read_bytes()
    change = await apply(desk, ApplyTarget.CHECKOUT)
    assert main.read_bytes().replace(b"\r", b"") == b"print(1)\n"
    await desk.applier.undo(change)
    assert main.read_bytes() == before_apply
    await apply(desk, ApplyTarget.CHECKOUT)
    assert main.read_bytes().replace(b"\r", b"") == b"print(1)\n"
    project.git("add", "-A")
    project.git("commit", "-qm", "What was applied")
    (files / "new.txt").write_bytes(b"new\n")
    await apply(desk, ApplyTarget.COMMIT)
    assert project.git("show", "HEAD:new.txt") == b"new\n"
    assert project.git("status", "--porcelain", "--ignore-submodules") == b""
    await agent_commits(desk, "deep/c.txt", b"changed\n")
    await apply(desk, ApplyTarget.BRANCH)
    names = project.git("for-each-ref", "--format=%(refname)", "refs/heads").decode().split()
    branch = next(name for name in names if name.startswith(("refs/heads/boocoder/", "refs/heads/boocoder-")))
    assert project.git("show", f"{branch}:deep/c.txt") == b"changed\n"
    await set_back_and_forth(desk, desk.worktree.base_tree, began, first)
    await remove_and_restore(desk)
    assert project.git("fsck", "--connectivity-only", "--no-dangling", check=False).count(b"missing") == 0


async def agent_commits(desk: ChangeHarness, name: str, content: bytes) -> None:
    """As an agent does it: edit, stash to and fro, commit, look around."""
    files = desk.worktree.path
    (files / name).parent.mkdir(parents=True, exist_ok=True)
    (files / name).write_bytes(content)
    desk.project.git("stash", "-q", "--include-untracked", cwd=files)
    desk.project.git("stash", "pop", "-q", cwd=files)
    desk.project.git("add", "-A", cwd=files)
    desk.project.git("commit", "-qm", f"Change {name}", cwd=files)
    desk.project.git("log", "--oneline", cwd=files)
    assert desk.project.git("status", "--porcelain", cwd=files) == b""


async def apply(desk: ChangeHarness, target: ApplyTarget) -> ChangeId:
    change = await desk.store()
    report = await desk.applier.apply(change, ApplyRequest(target=target, message="Applied"))
    assert report.state == "applied"
    return change


async def set_back_and_forth(desk: ChangeHarness, base: str, began: object, first: str) -> None:
    index = desk.shadow.git_dir.parent / "index"
    now, there = await desk.snapshot(), content_of(desk.worktree.path)
    await desk.shadow.rewrite(desk.worktree.path, index=index, old=now, new=base)
    assert content_of(desk.worktree.path) == began
    await desk.shadow.rewrite(desk.worktree.path, index=index, old=base, new=first)
    await desk.shadow.rewrite(desk.worktree.path, index=index, old=first, new=now)
    assert content_of(desk.worktree.path) == there


async def remove_and_restore(desk: ChangeHarness) -> None:
    files = desk.worktree.path
    tree, there, log = await desk.snapshot(), content_of(files), desk.project.git("log", "--format=%H", cwd=files)
    await desk.shadow.remove_worktree(files)
    assert not files.exists()
    await desk.shadow.add_worktree(files, commit=desk.worktree.base_commit, tree=tree)
    assert content_of(files) == there
    assert desk.project.git("log", "--format=%H", cwd=files) == log


async def test_what_a_partial_clone_lacks_is_refused_with_a_cure(tmp_path: Path) -> None:
    origin = plain(tmp_path / "origin")
    origin.git("config", "uploadpack.allowFilter", "true")
    origin.git("switch", "-q", "feature")
    origin.write("only-there.txt", b"only there\n")
    origin.commit("Only there")
    origin.git("switch", "-q", "main")
    subprocess.run(["git", "clone", "-q", "--filter=blob:none", f"file://{origin.path}", tmp_path / "p"], check=True)
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=tmp_path / "p")
    await shadow.open()
    commit = await shadow.named_commit("origin/feature")
    session = SessionId(new_id())
    with pytest.raises(GitObjectsMissing, match="does not have") as error:
        await shadow.add_worktree(tmp_path / "w" / str(session), commit=commit)
    assert error.value.status == 409
    assert not (tmp_path / "w" / str(session)).exists()
    origin.git("diff", "--stat", "HEAD", "origin/feature", cwd=tmp_path / "p")
    made = await shadow.add_worktree(tmp_path / "w" / str(session), commit=commit)
    assert (made.path / "only-there.txt").read_bytes() == b"only there\n"
