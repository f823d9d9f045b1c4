"""Snapshots, diffs and merges through the shadow repository, with real git."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from boocoder.errors import Conflict, GitError
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.shadow.snapshot import SkipReason
from boocoder.git.worktree.session_worktrees import Worktree
from tests.fixtures.repository import Repository

REF = "refs/boocoder/sessions/one"


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "indexes" / "one.index"


async def test_a_new_worktree_has_all_files_and_is_clean(
    project: Repository, shadow: ShadowRepository, worktree: Worktree, index: Path
) -> None:
    assert worktree.base_commit == project.head()
    assert worktree.base_tree == project.tree()
    assert (worktree.path / "src/main.py").read_bytes() == (project.path / "src/main.py").read_bytes()
    assert project.git("status", "--porcelain", cwd=worktree.path) == b""
    assert project.git("rev-parse", "HEAD", cwd=worktree.path).decode().strip() == project.head()
    assert await shadow.snapshot(worktree.path, index=index, ref=REF) == worktree.base_tree


async def test_a_snapshot_holds_modified_deleted_untracked_and_no_ignored_files(
    project: Repository, shadow: ShadowRepository, worktree: Worktree, index: Path
) -> None:
    (worktree.path / "README.md").write_bytes(b"changed\n")
    (worktree.path / "src/main.py").unlink()
    (worktree.path / "new file\n.txt").write_bytes(b"new\n")
    (worktree.path / "noise.log").write_bytes(b"ignored\n")
    (worktree.path / "link").symlink_to("README.md")
    tree = await shadow.snapshot(worktree.path, index=index, ref=REF)
    files = {file.path: file for file in await shadow.changed_files(worktree.base_tree, tree)}
    assert {path: file.status for path, file in files.items()} == {
        b"README.md": "M",
        b"src/main.py": "D",
        b"new file\n.txt": "A",
        b"link": "A",
    }
    assert (files[b"README.md"].additions, files[b"README.md"].deletions) == (1, 3)
    assert files[b"link"].new_mode == "120000"
    assert files[b"new file\n.txt"].new_size == 4
    assert shadow.kept(REF) == tree


async def test_the_agent_commits_rebases_and_deletes_git(
    project: Repository, shadow: ShadowRepository, worktree: Worktree, index: Path
) -> None:
    (worktree.path / "a.txt").write_bytes(b"one\n")
    project.git("add", "-A", cwd=worktree.path)
    project.git("commit", "-qm", "by the agent", cwd=worktree.path)
    committed = await shadow.snapshot(worktree.path, index=index, ref=REF)
    project.git("checkout", "-q", "--orphan", "elsewhere", cwd=worktree.path)
    project.git("rm", "-q", "-r", "--cached", ".", cwd=worktree.path)
    assert await shadow.snapshot(worktree.path, index=index, ref=REF) == committed
    (worktree.path / ".git").unlink()
    (worktree.path / "b.txt").write_bytes(b"two\n")
    tree = await shadow.snapshot(worktree.path, index=index, ref=REF)
    assert [file.path for file in await shadow.changed_files(worktree.base_tree, tree)] == [b"a.txt", b"b.txt"]


async def test_nested_repositories_are_taken_as_files(
    project: Repository, shadow: ShadowRepository, worktree: Worktree, index: Path
) -> None:
    for place in ("with-commit", "without", "without/deeper"):
        nested = worktree.path / place
        nested.mkdir()
        project.git("init", "-q", ".", cwd=nested)
        (nested / "f.txt").write_bytes(place.encode())
        (nested / "x.log").write_bytes(b"ignored\n")
    project.git("add", "-A", cwd=worktree.path / "with-commit")
    project.git("-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x", cwd=worktree.path / "with-commit")
    for _ in range(2):
        tree = await shadow.snapshot(worktree.path, index=index, ref=REF)
        found = [(file.path, file.new_mode) for file in await shadow.changed_files(worktree.base_tree, tree)]
        assert found == [
            (b"with-commit/f.txt", "100644"),
            (b"without/deeper/f.txt", "100644"),
            (b"without/f.txt", "100644"),
        ]


async def test_what_cannot_be_taken_is_named(shadow: ShadowRepository, worktree: Worktree, index: Path) -> None:
    (worktree.path / "README.md").unlink()
    os.mkfifo(worktree.path / "README.md")
    with (worktree.path / "huge.bin").open("wb") as file:
        file.truncate(51 * 1024 * 1024)
    (worktree.path / "kept.txt").write_bytes(b"kept\n")
    (worktree.path / "git~1").write_bytes(b"")
    (worktree.path / "deep/.GIT/hooks").mkdir(parents=True)
    (worktree.path / "deep/.GIT/hooks/x").write_bytes(b"")
    taken = await shadow.take_snapshot(worktree.path, index=index, ref=REF)
    assert {(one.path, one.reason) for one in taken.skipped} == {
        (b"README.md", SkipReason.SPECIAL),
        (b"huge.bin", SkipReason.TOO_LARGE),
        (b"git~1", SkipReason.GIT_NAME),
        (b"deep/.GIT/hooks/x", SkipReason.GIT_NAME),
    }
    assert [file.path for file in await shadow.changed_files(worktree.base_tree, taken.tree)] == [b"kept.txt"]


async def test_a_directory_swapped_for_a_symlink_is_not_followed(
    shadow: ShadowRepository, worktree: Worktree, index: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "main.py").write_bytes(b"secret\n")
    (outside / "lines.txt").write_bytes(b"secret\n")
    for file in (worktree.path / "src").iterdir():
        file.unlink()
    (worktree.path / "src").rmdir()
    (worktree.path / "src").symlink_to(outside)
    tree = await shadow.snapshot(worktree.path, index=index, ref=REF)
    found = [(file.path, file.status) for file in await shadow.changed_files(worktree.base_tree, tree)]
    assert found == [(b"src", "A"), (b"src/lines.txt", "D"), (b"src/main.py", "D")]


async def test_files_and_directories_change_places(shadow: ShadowRepository, worktree: Worktree, index: Path) -> None:
    (worktree.path / "README.md").unlink()
    (worktree.path / "README.md").mkdir()
    (worktree.path / "README.md/inside").write_bytes(b"in\n")
    for file in (worktree.path / "src").iterdir():
        file.unlink()
    (worktree.path / "src").rmdir()
    (worktree.path / "src").write_bytes(b"a file\n")
    tree = await shadow.snapshot(worktree.path, index=index, ref=REF)
    assert [entry.path for entry in await shadow.tree_entries(tree)] == [b".gitignore", b"README.md/inside", b"src"]


async def test_a_broken_index_and_a_leftover_lock_are_overcome(
    shadow: ShadowRepository, worktree: Worktree, index: Path
) -> None:
    (worktree.path / "a.txt").write_bytes(b"one\n")
    tree = await shadow.snapshot(worktree.path, index=index, ref=REF)
    index.write_bytes(b"DIRC no index")
    index.with_name(index.name + ".lock").write_bytes(b"")
    assert await shadow.snapshot(worktree.path, index=index, ref=REF) == tree


async def test_snapshots_outlive_the_worktree_and_the_users_gc(
    project: Repository, shadow: ShadowRepository, worktree: Worktree, index: Path
) -> None:
    (worktree.path / "a.txt").write_bytes(b"one\n")
    project.git("add", "-A", cwd=worktree.path)
    project.git("commit", "-qm", "by the agent", cwd=worktree.path)
    tree = await shadow.snapshot(worktree.path, index=index, ref=REF)
    await shadow.keep("refs/boocoder/bases/one", worktree.base_tree)
    await shadow.remove_worktree(worktree.path)
    project.git("checkout", "-q", "--orphan", "new")
    project.git("rm", "-q", "-rf", ".")
    project.commit("Start over")
    project.git("branch", "-D", "main")
    project.git("reflog", "expire", "--expire=now", "--all")
    project.git("gc", "-q", "--prune=now")
    assert project.git("cat-file", "-t", worktree.base_commit, check=False) == b""
    diff = await shadow.diff(worktree.base_tree, tree)
    assert b"+one" in diff
    for entry in await shadow.tree_entries(tree):
        assert len(await shadow.blob(entry.id)) == entry.size


async def test_merge_gives_a_tree_or_names_every_conflict(
    shadow: ShadowRepository, worktree: Worktree, index: Path
) -> None:
    lines = (worktree.path / "src/lines.txt").read_bytes()
    (worktree.path / "src/lines.txt").write_bytes(lines.replace(b"line 2\n", b"two\n"))
    theirs = await shadow.snapshot(worktree.path, index=index, ref=REF)
    (worktree.path / "src/lines.txt").write_bytes(lines.replace(b"line 30\n", b"thirty\n"))
    ours = await shadow.snapshot(worktree.path, index=index, ref=REF)
    merged = await shadow.merge(base=worktree.base_tree, ours=ours, theirs=theirs)
    assert merged.tree is not None
    (entry,) = [one for one in await shadow.tree_entries(merged.tree) if one.path == b"src/lines.txt"]
    assert await shadow.blob(entry.id) == lines.replace(b"line 2\n", b"two\n").replace(b"line 30\n", b"thirty\n")
    (worktree.path / "src/lines.txt").write_bytes(lines.replace(b"line 2\n", b"zwei\n"))
    (worktree.path / "src/main.py").unlink()
    ours = await shadow.snapshot(worktree.path, index=index, ref=REF)
    merged = await shadow.merge(base=worktree.base_tree, ours=ours, theirs=theirs)
    assert merged.tree is None
    assert [(one.path, one.kind.value) for one in merged.conflicts] == [(b"src/lines.txt", "both_modified")]


async def test_a_worktree_is_made_again_from_a_kept_tree(
    shadow: ShadowRepository, worktree: Worktree, index: Path
) -> None:
    (worktree.path / "README.md").unlink()
    (worktree.path / "deep/er").mkdir(parents=True)
    (worktree.path / "deep/er/a.txt").write_bytes(b"one\n")
    tree = await shadow.snapshot(worktree.path, index=index, ref=REF)
    await shadow.remove_worktree(worktree.path)
    assert not worktree.path.exists()
    index.unlink()
    again = await shadow.add_worktree(worktree.path, commit=worktree.base_commit, tree=tree)
    assert (again.path / "deep/er/a.txt").read_bytes() == b"one\n"
    assert not (again.path / "README.md").exists()
    assert await shadow.snapshot(again.path, index=index, ref=REF) == tree


async def test_a_missing_worktree_and_foreign_names_are_refused(
    shadow: ShadowRepository, worktree: Worktree, index: Path, tmp_path: Path
) -> None:
    with pytest.raises(Conflict, match="no directory"):
        await shadow.snapshot(tmp_path / "nowhere", index=index, ref=REF)
    for name in ("HEAD", "refs/heads/main", "refs/boocoder/../x", "--help", "refs/boocoder/a.lock"):
        with pytest.raises(GitError) as error:
            await shadow.keep(name, worktree.base_tree)
        assert error.value.code == "ref_invalid"
    for name in ("HEAD", "--output=/tmp/x", "0" * 39, worktree.base_tree + "\n"):
        with pytest.raises(GitError) as error:
            await shadow.diff(name, worktree.base_tree)
        assert error.value.code == "object_id_invalid"


async def test_ignored_files_that_were_added_by_force_are_taken(
    project: Repository, shadow: ShadowRepository, worktree: Worktree, index: Path
) -> None:
    await shadow.snapshot(worktree.path, index=index, ref=REF)
    (worktree.path / "forced.log").write_bytes(b"one\n")
    (worktree.path / "other.log").write_bytes(b"ignored\n")
    project.git("add", "-f", "forced.log", cwd=worktree.path)
    for content in (b"one\n", b"two\n"):
        (worktree.path / "forced.log").write_bytes(content)
        tree = await shadow.snapshot(worktree.path, index=index, ref=REF)
        (file,) = await shadow.changed_files(worktree.base_tree, tree)
        assert (file.path, await shadow.blob(file.new_id)) == (b"forced.log", content)
    (worktree.path / "forced.log").unlink()
    assert await shadow.snapshot(worktree.path, index=index, ref=REF) == worktree.base_tree


def make_deep_files(top: Path, *, depth: int) -> None:
    """A file `f` in each of `depth` directories inside one another, whose names have 200 bytes."""
    here = os.open(top, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d" * 200, dir_fd=here)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
        os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


async def test_files_with_paths_that_are_too_long_are_named(
    shadow: ShadowRepository, worktree: Worktree, index: Path
) -> None:
    make_deep_files(worktree.path, depth=23)
    taken = await shadow.take_snapshot(worktree.path, index=index, ref=REF)
    held = [entry.path for entry in await shadow.tree_entries(taken.tree) if entry.path.endswith(b"/f")]
    assert max(map(len, held)) == 20 * 201 + 1  # as long as the system takes below the worktree
    assert [one.reason for one in taken.skipped] == [SkipReason.PATH_TOO_LONG]
    assert taken.skipped[0].path.startswith(b"d" * 200 + b"/")
    assert len(taken.skipped[0].path) > 4_000
    again = await shadow.take_snapshot(worktree.path, index=index, ref=REF)
    assert again == taken
    shutil.rmtree(worktree.path)
