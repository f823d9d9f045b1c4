"""What agents do with git in two sessions at once reaches neither the user's repository nor the other session."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from boocoder.git.shadow.repository import ShadowRepository
from tests.fixtures.repository import MakeRepository, Repository, committed, git_environment

HABITS = {
    "add and commit": "echo a >> README.md; git add -A; git commit -qm one",
    "amend": "echo a >> README.md; git commit -qam one; echo b >> README.md; git commit -qa --amend --no-edit",
    "new branch": "git switch -qc work; echo a > a.txt; git add a.txt; git commit -qm a",
    "checkout -b and back": "git checkout -qb work; echo a > a.txt; git add .; git commit -qm a; git checkout -q -; ls",
    "detach": "git checkout -q --detach HEAD~1; echo a > a.txt",
    "switch to the user's branch": "git switch -q main; echo a > a.txt; git add .; git commit -qm a",
    "delete a branch": "git branch -D feature",
    "delete a tag": "git tag -d v1",
    "make a tag": "git tag -f v1 HEAD~1; git tag -am text v2",
    "move a branch": "git update-ref refs/heads/main HEAD~1; git branch -f feature HEAD~1",
    "rename a branch": "git branch -m feature other",
    "stash and pop": "echo a >> README.md; git stash -q; git stash pop -q",
    "stash with untracked": "echo a > new.txt; git stash -qu; ls; git stash pop -q",
    "stash and drop": "echo a >> README.md; git stash -q; git stash drop -q",
    "stash pop without a stash": "git stash -q; git stash pop -q || true",
    "stash clear": "git stash clear",
    "reset --hard": "echo a >> README.md; git reset -q --hard",
    "reset --hard to the first commit": "git reset -q --hard HEAD~1",
    "reset --soft": "git reset -q --soft HEAD~1",
    "checkout of files": "echo a >> README.md; git checkout -q -- .",
    "restore --staged": "echo a >> README.md; git add -A; git restore --staged .",
    "clean": "echo a > new.txt; mkdir -p build; echo o > build/o; git clean -qfdx",
    "clean with two f": "git init -q inner; echo a > inner/a; git clean -qffdx",
    "rebase": "git rebase -q --onto HEAD~1 HEAD main 2>&1 || git rebase --abort; git rebase -q feature",
    "interactive rebase": "GIT_SEQUENCE_EDITOR=true git rebase -qi HEAD~1",
    "a rebase that stops": "echo x > README.md; git commit -qam x; git rebase -q feature || true",
    "merge": "git merge -q --no-edit feature",
    "a merge that conflicts": "echo x > src/lines.txt; git commit -qam x; git merge -q feature || git merge --abort",
    "cherry-pick": "git cherry-pick feature",
    "revert": "git revert --no-edit HEAD",
    "worktree add": "git worktree add -q ../extra-$NAME feature; echo a > ../extra-$NAME/a.txt; git worktree list",
    "worktree prune": "git worktree add -q ../gone-$NAME; rm -rf ../gone-$NAME; git worktree prune",
    "gc": "git gc -q --prune=now; git repack -adq",
    "reflog": "git reflog expire --expire=now --all; git prune --expire=now; git prune-packed",
    "pack-refs": "git pack-refs --all; git update-server-info; git commit-graph write --reachable",
    "bisect": "git bisect start -q HEAD HEAD~1 || true; git bisect reset -q",
    "notes": "git notes add -m text; git notes list",
    "config": "git config core.hooksPath hooks; git config user.email y@example.org; git config filter.e.clean no",
    "hooks": "mkdir -p $(git rev-parse --git-dir)/hooks; echo exit 1 > $(git rev-parse --git-path hooks)/pre-commit",
    "remotes": "git remote add up https://example.org/x.git; git remote rename origin old; git fetch -q old || true",
    "fetch and pull": "git fetch -q origin; git pull -q --no-rebase origin feature",
    "filter-branch": "git filter-branch -f --msg-filter 'sed s/F/G/' -- --all",
    "replace": "git replace HEAD HEAD~1; git log --oneline",
    "submodule": "git -c protocol.file.allow=always submodule add -q $ORIGIN sub; git submodule deinit -qf sub",
    "index tricks": "git update-index --assume-unchanged README.md; git add -N .; git rm -q --cached src/main.py",
    "sparse": "git sparse-checkout set src; git sparse-checkout disable",
    "am and format-patch": "git format-patch -qo ../p-$NAME -1; git reset -q --hard HEAD~1; git am -q ../p-$NAME/*",
    "delete .git": "rm -f .git; git status || true",
    "init again": "git init -q; git status -s",
    "orphan": "git checkout -q --orphan alone; git rm -qrf --cached .; echo a > a.txt",
}


def whole(project: Repository) -> dict[str, bytes]:
    """Every byte of a repository and its checkout."""
    return {
        str(path): path.read_bytes() if not path.is_symlink() else os.fsencode(path.readlink())
        for path in sorted(project.path.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


@pytest.fixture
def project(repository: MakeRepository, tmp_path: Path) -> Repository:
    """A repository with an origin, two branches, a tag, a stash, notes, a hook and an edit that is not committed."""
    origin = committed(tmp_path / "origin")
    origin.git("switch", "-qc", "feature")
    origin.write("feature.txt", b"feature\n")
    origin.commit("Feature")
    origin.git("switch", "-q", "main")
    made = repository(
        {".gitignore": b"build/\n", "README.md": b"read\n", "src/lines.txt": b"1\n2\n3\n", "src/main.py": b""}
    )
    made.write("second.txt", b"second\n")
    made.commit("Second")
    made.git("switch", "-qc", "feature", "HEAD~1")
    made.write("feature.txt", b"feature\n")
    made.write("src/lines.txt", b"1\n2\n3\n4\n")
    made.commit("Feature")
    made.git("switch", "-q", "main")
    made.git("tag", "v1")
    made.git("notes", "add", "-m", "a note")
    made.git("remote", "add", "origin", str(origin.path))
    made.write("README.md", b"the user's stash\n")
    made.git("stash", "-q")
    made.write(".git/hooks/post-commit", b"#!/bin/sh\nexit 0\n").chmod(0o755)
    made.write("README.md", b"an edit of the user's\n")
    made.git("status")
    return made


async def opened(project: Repository, tmp_path: Path) -> ShadowRepository:
    shadow = ShadowRepository(git_dir=tmp_path / "data" / "shadow.git", project=project.path)
    await shadow.open()
    return shadow


async def run(script: str, place: Path, name: str, origin: Path) -> None:
    """A shell as an agent has it."""
    env = git_environment() | {"NAME": name, "ORIGIN": str(origin), "FILTER_BRANCH_SQUELCH_WARNING": "1"}
    env["GIT_AUTHOR_DATE"] = "1700000000 +0000"
    shell = await asyncio.create_subprocess_exec(
        "sh", "-c", script, cwd=place, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    async with asyncio.timeout(60):
        await shell.wait()


async def test_git_knows_the_sessions_branch_and_history(project: Repository, tmp_path: Path) -> None:
    shadow = await opened(project, tmp_path)
    made = await shadow.add_worktree(tmp_path / "w" / "one", branch="boocoder/fix-login-4f1c")
    inside = made.path
    assert project.git("symbolic-ref", "--short", "HEAD", cwd=inside) == b"boocoder/fix-login-4f1c\n"
    assert project.git("status", "--porcelain", cwd=inside) == b""
    assert project.git("rev-list", "HEAD", cwd=inside) == project.git("rev-list", "main")
    for refs in ("refs/heads/main", "refs/heads/feature", "refs/tags/v1", "refs/notes/commits"):
        assert project.git("rev-parse", refs, cwd=inside) == project.git("rev-parse", refs)
    assert project.git("stash", "list", cwd=inside) == b""
    assert project.git("remote", "get-url", "origin", cwd=inside) == project.git("remote", "get-url", "origin")
    assert project.git("config", "user.email", cwd=inside) == b"person@example.org\n"
    assert project.git("fsck", "--no-dangling", cwd=inside) == b""
    assert project.git("worktree", "list").count(b"\n") == 1


@pytest.mark.parametrize("habit", HABITS)
async def test_a_habit_in_two_sessions_is_as_in_a_plain_clone(project: Repository, tmp_path: Path, habit: str) -> None:
    shadow = await opened(project, tmp_path)
    places = [await shadow.add_worktree(tmp_path / "w" / name) for name in ("one", "two", "still")]
    subprocess.run(["cp", "-a", project.path, tmp_path / "clone"], check=True)
    clone = Repository(tmp_path / "clone")
    clone.git("stash", "clear")
    clone.git("reset", "-q", "--hard")
    clone.git("switch", "-qc", "boocoder/clone")
    (clone.path / ".git/hooks/post-commit").unlink()
    before, still = whole(project), whole(Repository(places[2].path))
    runs = [run(HABITS[habit], one.path, one.path.name, tmp_path / "origin") for one in places[:2]]
    await asyncio.gather(*runs, run(HABITS[habit], clone.path, "clone", tmp_path / "origin"))
    assert whole(project) == before
    assert whole(Repository(places[2].path)) == still
    assert project.git("status", "--porcelain", cwd=places[2].path) == b""
    wanted, diff = files_of(clone.path), plain_diff(clone, places[0].base_commit)
    for one in places[:2]:
        assert files_of(one.path) == wanted
        await shadow.worktrees.prepare(one.path, commit=one.base_commit)
        tree = await shadow.snapshot(one.path, index=tmp_path / f"{one.path.name}.index", ref="refs/boocoder/t")
        assert {entry.path for entry in await shadow.tree_entries(tree)} == not_ignored(one.path)
        assert await shadow.diff(one.base_tree, tree) == diff
        assert project.git("rev-parse", "--is-inside-work-tree", cwd=one.path) == b"true\n"
    assert whole(project) == before


def plain_diff(clone: Repository, commit: str) -> bytes:
    """What `git diff` shows of all that was done in a clone since a commit; git may be in the middle of something."""
    index = ("-c", "core.autocrlf=false")
    clone.git(*index, "update-index", "--no-assume-unchanged", "README.md", check=False)
    clone.git(*index, "add", "-A")
    return clone.git(
        "--no-replace-objects",
        *index,
        "diff",
        "--cached",
        "--no-renames",
        "--binary",
        "--full-index",
        "--no-ext-diff",
        commit,
    )


def files_of(place: Path) -> dict[str, bytes]:
    """The files of a worktree without those of git; a submodule's `.git` names its place."""
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in sorted(place.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(place).parts
    }


def not_ignored(place: Path) -> set[bytes]:
    """The entries that a snapshot has to hold: every file that is not ignored, and one for each submodule."""
    modules = [git.parent.relative_to(place).as_posix() for git in place.rglob("*/.git")]
    names = {name for name in files_of(place) if not name.startswith(("build/", *(f"{one}/" for one in modules)))}
    return {os.fsencode(name) for name in (*names, *modules)}


async def test_two_sessions_and_the_user_have_stashes_of_their_own(project: Repository, tmp_path: Path) -> None:
    shadow = await opened(project, tmp_path)
    one, two = [await shadow.add_worktree(tmp_path / "w" / name) for name in ("one", "two")]
    before = whole(project)
    stashed = [
        run(f"echo {name} >> src/lines.txt; git stash -q", place.path, name, tmp_path)
        for name, place in (("A", one), ("B", two))
    ]
    await asyncio.gather(*stashed)
    await asyncio.gather(*(run("git stash pop", place.path, "", tmp_path) for place in (two, one)))
    assert (one.path / "src/lines.txt").read_bytes() == b"1\n2\n3\nA\n"
    assert (two.path / "src/lines.txt").read_bytes() == b"1\n2\n3\nB\n"
    await run("git stash pop", one.path, "", tmp_path)
    assert b"the user's stash" not in (one.path / "README.md").read_bytes()
    assert whole(project) == before


async def test_a_worktree_never_resolves_to_the_users_checkout(repository: MakeRepository, tmp_path: Path) -> None:
    """A separate git directory, core.worktree and a configuration of worktrees."""
    made = repository()
    elsewhere = tmp_path / "elsewhere.git"
    (made.path / ".git").rename(elsewhere)
    (made.path / ".git").write_text(f"gitdir: {elsewhere}\n")
    made.git("config", "core.worktree", str(made.path))
    made.git("config", "extensions.worktreeConfig", "true")
    made.git("config", "--worktree", "core.worktree", str(made.path))
    made.write("README.md", b"an edit of the user's\n")
    shadow = await opened(made, tmp_path)
    place = await shadow.add_worktree(tmp_path / "w" / "one")
    assert made.git("rev-parse", "--show-toplevel", cwd=place.path).decode().strip() == str(place.path)
    made.git("reset", "-q", "--hard", cwd=place.path)
    assert (made.path / "README.md").read_bytes() == b"an edit of the user's\n"
