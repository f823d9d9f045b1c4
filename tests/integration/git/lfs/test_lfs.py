"""Git LFS: trees hold pointers, worktrees and checkouts contents, and nothing of a person's filters runs."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from boocoder.changes.apply.planner import ApplyRequest
from boocoder.changes.diff.statistics import measure
from boocoder.changes.diff.tree_diff import FlagKind, structured_diff
from boocoder.db.core.pool import Database
from boocoder.db.files.snapshots import named_trees
from boocoder.git.diff.labels import MergeLabels
from boocoder.git.lfs.cleanup import ContentCleanup, clean_contents
from boocoder.git.lfs.pointer import pointer_bytes
from boocoder.git.refs import list_refs
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.shadow.snapshot import FILE_MAX_BYTES
from boocoder.git.worktree.session_worktrees import Worktree
from boocoder.model.change import ApplyTarget
from boocoder.model.ids import ProjectId, new_id
from tests.fixtures.changes.change_harness import ChangeHarness, make_desk
from tests.fixtures.repository import MakeRepository, Repository

FILTER = Path(__file__).parents[3] / "fixtures" / "changes" / "lfs_filter.py"
OLD = b"\0old\n" * 1000
NEW = b"\0new content\n" * 1000


def pointer(content: bytes) -> bytes:
    return pointer_bytes(hashlib.sha256(content).hexdigest(), len(content))


def agents_status(project: Repository, place: Worktree) -> bytes:
    """As an agent's git with Git LFS sees the worktree."""
    clean = project.git("config", "filter.lfs.clean").decode().strip()
    return project.git("-c", f"filter.lfs.clean={clean}", "status", "--porcelain", cwd=place.path)


def stored(store: Path, content: bytes) -> Path:
    oid = hashlib.sha256(content).hexdigest()
    return store / "objects" / oid[:2] / oid[2:4] / oid


@pytest.fixture
def project(repository: MakeRepository) -> Repository:
    """A person who uses Git LFS: a filter stands in for git-lfs."""
    made = repository()
    for what in ("clean", "smudge"):
        command = shlex.join((sys.executable, "-I", "-S", str(FILTER), what, str(made.path / ".git/lfs")))
        made.git("config", f"filter.lfs.{what}", command)
    made.write(".gitattributes", b"*.bin filter=lfs diff=lfs merge=lfs -text\n")
    made.write("assets/a.bin", OLD)
    made.commit("With Git LFS")
    assert made.git("show", "HEAD:assets/a.bin") == pointer(OLD)
    return made


@pytest.fixture
async def desk(project: Repository, database: Database, tmp_path: Path) -> ChangeHarness:
    return await make_desk(database, lambda *_, **__: project, tmp_path / "data")


async def begun(project: Repository, tmp_path: Path) -> tuple[ShadowRepository, Worktree]:
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    return shadow, await shadow.add_worktree(tmp_path / "w" / "one")


async def snapshot(shadow: ShadowRepository, place: Worktree, tmp_path: Path) -> str:
    taken = await shadow.take_snapshot(place.path, index=tmp_path / "i", ref="refs/boocoder/t")
    assert taken.skipped == ()
    return taken.tree


async def test_a_worktree_has_contents_and_its_snapshots_have_pointers(project: Repository, tmp_path: Path) -> None:
    shadow, place = await begun(project, tmp_path)
    file = place.path / "assets/a.bin"
    assert (file.read_bytes(), place.pointers) == (OLD, ())
    assert agents_status(project, place) == b""
    assert await snapshot(shadow, place, tmp_path) == place.base_tree
    file.write_bytes(NEW)
    (place.path / "empty.bin").touch()
    changed = await snapshot(shadow, place, tmp_path)
    ids = {one.path: one.new_id for one in await shadow.changed_files(place.base_tree, changed)}
    assert await shadow.blob(ids[b"assets/a.bin"]) == pointer(NEW)
    assert await shadow.blob(ids[b"empty.bin"]) == b""
    file.write_bytes(pointer(NEW))  # as after GIT_LFS_SKIP_SMUDGE=1 git checkout
    assert await snapshot(shadow, place, tmp_path) == changed
    await shadow.rewrite(place.path, index=tmp_path / "i", old=changed, new=place.base_tree)
    assert file.read_bytes() == OLD
    await shadow.rewrite(place.path, index=tmp_path / "i", old=place.base_tree, new=changed)
    assert file.read_bytes() == NEW


async def test_contents_outlive_the_users_store_and_the_worktree(project: Repository, tmp_path: Path) -> None:
    shadow, place = await begun(project, tmp_path)
    (place.path / "n.bin").write_bytes(NEW)
    tree = await snapshot(shadow, place, tmp_path)
    shutil.rmtree(project.path / ".git/lfs")  # git lfs prune
    await shadow.remove_worktree(place.path)
    again = await shadow.add_worktree(place.path, commit=place.base_commit, tree=tree)
    assert again.pointers == ()
    assert ((place.path / "assets/a.bin").read_bytes(), (place.path / "n.bin").read_bytes()) == (OLD, NEW)


async def test_contents_that_nothing_names_are_deleted(project: Repository, tmp_path: Path) -> None:
    shadow, place = await begun(project, tmp_path)
    (place.path / "passing.bin").write_bytes(b"\0passing")
    await snapshot(shadow, place, tmp_path)
    (place.path / "passing.bin").unlink()
    (place.path / "kept.bin").write_bytes(NEW)
    (place.path / "small.txt").write_bytes(b"no pointer\n")
    row = await shadow.snapshot(place.path, index=tmp_path / "i", ref="refs/boocoder/t")
    contents = shadow.git_dir / "lfs"
    assert await clean_contents(shadow.git, [place.base_tree], unused_s=3600.0) == ContentCleanup()
    assert await clean_contents(shadow.git, [place.base_tree], unused_s=-1.0) == ContentCleanup(1, len(b"\0passing"))
    assert not stored(contents, b"\0passing").exists()
    assert stored(contents, NEW).exists() and stored(contents, OLD).exists()
    await shadow.drop("refs/boocoder/t")
    assert await clean_contents(shadow.git, [row], unused_s=-1.0) == ContentCleanup()
    assert (await clean_contents(shadow.git, [], unused_s=-1.0)).files == 2
    assert stored(project.path / ".git/lfs", OLD).read_bytes() == OLD


async def test_contents_that_rows_name_stay(desk: ChangeHarness) -> None:
    (desk.worktree.path / "n.bin").write_bytes(NEW)
    await desk.store()
    for ref in list_refs(desk.shadow.git_dir):
        await desk.shadow.drop(ref)
    async with desk.database.connection() as conn:
        trees = await named_trees(conn, desk.place.project_id)
        assert await named_trees(conn, ProjectId(new_id())) == []
    assert len(trees) == 2
    assert await clean_contents(desk.shadow.git, trees, unused_s=-1.0) == ContentCleanup()
    assert (await clean_contents(desk.shadow.git, trees[:0], unused_s=-1.0)).files == 2


async def test_missing_contents_stay_pointers_and_are_named(project: Repository, tmp_path: Path) -> None:
    shutil.rmtree(project.path / ".git/lfs")
    shadow, place = await begun(project, tmp_path)
    assert place.pointers == (b"assets/a.bin",)
    assert (place.path / "assets/a.bin").read_bytes() == pointer(OLD)
    assert await snapshot(shadow, place, tmp_path) == place.base_tree


async def test_a_store_elsewhere_is_used(project: Repository, tmp_path: Path) -> None:
    (project.path / ".git/lfs").rename(tmp_path / "my store")
    project.git("config", "lfs.storage", str(tmp_path / "my store"))
    _, place = await begun(project, tmp_path)
    assert (place.path / "assets/a.bin").read_bytes() == OLD


async def test_large_files_are_kept_and_set_back(project: Repository, tmp_path: Path) -> None:
    shadow, place = await begun(project, tmp_path)
    file = place.path / "large.bin"
    with file.open("wb") as writing:
        writing.truncate(FILE_MAX_BYTES + 1)
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    tree = await snapshot(shadow, place, tmp_path)
    await shadow.rewrite(place.path, index=tmp_path / "i", old=tree, new=place.base_tree)
    assert not file.exists()
    await shadow.rewrite(place.path, index=tmp_path / "i", old=place.base_tree, new=tree)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before
    assert await snapshot(shadow, place, tmp_path) == tree
    assert agents_status(project, place) == b"?? large.bin\n"


async def test_a_diff_names_both_sizes_and_what_it_hides(project: Repository, tmp_path: Path) -> None:
    shadow, place = await begun(project, tmp_path)
    (place.path / "assets/a.bin").write_bytes(NEW)
    (place.path / "text.bin").write_bytes(b"import os\n")
    tree = await snapshot(shadow, place, tmp_path)
    changed, added = await structured_diff(shadow, place.base_tree, tree)
    assert changed.lfs is not None
    assert (changed.old_size, changed.new_size, [one.kind.value for one in changed.units]) == (5000, 13000, ["file"])
    assert (changed.flags, [one.kind for one in added.flags]) == ((), [FlagKind.LFS_TEXT])
    measured = await measure(shadow, base_tree=place.base_tree, tree=tree)
    assert (measured.additions, measured.files.count(b'"lfs":true')) == (0, 2)


async def test_both_sides_of_a_conflict_stay_whole(project: Repository, tmp_path: Path) -> None:
    shadow, place = await begun(project, tmp_path)
    trees = []
    for content in (NEW, b"\0other"):
        (place.path / "assets/a.bin").write_bytes(content)
        trees.append(await snapshot(shadow, place, tmp_path))
    merged = await shadow.merge(base=place.base_tree, ours=trees[0], theirs=trees[1], labels=MergeLabels("me", "it"))
    assert [one.path for one in merged.conflicts] == [b"assets/a.bin"]
    assert merged.marked == trees[0]


@pytest.mark.parametrize("target", ApplyTarget)
async def test_an_apply_gives_contents(desk: ChangeHarness, target: ApplyTarget) -> None:
    project = desk.project
    (desk.worktree.path / "assets/a.bin").write_bytes(NEW)
    (desk.worktree.path / "n.bin").write_bytes(OLD + NEW)
    change = await desk.store()
    assert not stored(project.path / ".git/lfs", NEW).exists()
    report = await desk.applier.apply(change, ApplyRequest(target=target, message="Applied"))
    assert (report.state, report.warnings) == ("applied", ())
    assert stored(project.path / ".git/lfs", NEW).read_bytes() == NEW
    assert stored(project.path / ".git/lfs", OLD + NEW).exists()
    if target is not ApplyTarget.BRANCH:
        assert (project.path / "assets/a.bin").read_bytes() == NEW
        assert (project.path / "n.bin").read_bytes() == OLD + NEW
    if target is ApplyTarget.CHECKOUT:
        assert project.git("status", "--porcelain") == b" M assets/a.bin\n?? n.bin\n"
        await desk.applier.undo(change)
        assert (project.path / "assets/a.bin").read_bytes() == OLD
    else:
        assert project.git("show", f"{report.commit}:assets/a.bin") == pointer(NEW)
        assert project.git("show", f"{report.commit}:n.bin") == pointer(OLD + NEW)
    if target is not ApplyTarget.CHECKOUT:
        assert project.git("status", "--porcelain") == b""


@pytest.mark.parametrize("target", ApplyTarget)
async def test_a_file_that_a_commit_holds_raw_is_no_edit(
    database: Database, project: Repository, tmp_path: Path, target: ApplyTarget
) -> None:
    """ "Files that should have been pointers, but weren't": git-lfs converts them with their next commit."""
    for name in ("raw.bin", "other.bin"):
        project.write(name, OLD)
    project.git("-c", "filter.lfs.clean=cat", "add", "raw.bin", "other.bin")
    project.git("-c", "filter.lfs.clean=cat", "commit", "-qm", "Raw")
    assert project.git("show", "HEAD:raw.bin") == OLD
    desk = await make_desk(database, lambda *_, **__: project, tmp_path / "raw")
    (desk.worktree.path / "raw.bin").write_bytes(NEW)
    for files in (project.path, desk.worktree.path):
        (files / "other.bin").touch()
    change = await desk.store()
    assert [one.path for one in await desk.files(change)] == [b"raw.bin"]
    report = await desk.applier.apply(change, ApplyRequest(target=target))
    assert (report.state, report.warnings) == ("applied", ())
    if target is not ApplyTarget.BRANCH:
        assert (project.path / "raw.bin").read_bytes() == NEW
    if target is ApplyTarget.CHECKOUT:
        await desk.applier.undo(change)
        assert (project.path / "raw.bin").read_bytes() == OLD
    else:
        assert project.git("show", f"{report.commit}:raw.bin") == pointer(NEW)
        assert project.git("show", f"{report.commit}:other.bin") == OLD


async def test_a_pointer_in_the_checkout_is_no_edit_and_stays_one(desk: ChangeHarness) -> None:
    file = desk.project.path / "assets/a.bin"
    file.write_bytes(pointer(OLD))
    (desk.worktree.path / "assets/a.bin").write_bytes(NEW)
    assert (await desk.applier.apply(await desk.store())).state == "applied"
    assert file.read_bytes() == pointer(NEW)
    assert stored(desk.project.path / ".git/lfs", NEW).exists()


async def test_missing_contents_are_told_when_they_are_applied(desk: ChangeHarness) -> None:
    (desk.worktree.path / "n.bin").write_bytes(pointer(b"nowhere"))
    report = await desk.applier.apply(await desk.store())
    assert report.state == "applied"
    assert "n.bin" in report.warnings[0] and "git lfs pull" in report.warnings[0]


async def test_whole_files_in_an_agents_commits_are_not_kept(desk: ChangeHarness) -> None:
    """Where the agent's git has no git-lfs, `git commit` takes contents for files."""
    files, project = desk.worktree.path, desk.project
    (files / "n.bin").write_bytes(NEW)
    project.git("add", "n.bin", cwd=files)
    project.git("commit", "-qm", "Whole", cwd=files)
    assert project.git("show", "HEAD:n.bin", cwd=files) == NEW
    report = await desk.applier.apply(await desk.store(), ApplyRequest(target=ApplyTarget.COMMIT, keep_commits=True))
    assert any("Git LFS" in one for one in report.warnings)
    assert project.git("show", "HEAD:n.bin") == pointer(NEW)


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
async def test_git_lfs_itself_finds_nothing_wrong(desk: ChangeHarness) -> None:
    project = desk.project
    (desk.worktree.path / "assets/a.bin").write_bytes(NEW)
    (desk.worktree.path / "n.bin").write_bytes(os.urandom(3_000_000))
    await desk.applier.apply(await desk.store(), ApplyRequest(target=ApplyTarget.COMMIT, message="Applied"))
    project.git("lfs", "install", "--local", "--force")
    assert b"OK" in project.git("lfs", "fsck")
    assert project.git("lfs", "status", "--porcelain") == b""


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
async def test_git_lfs_of_an_agent_finds_contents_without_network(project: Repository, tmp_path: Path) -> None:
    first = project.head()
    project.write("assets/a.bin", NEW)
    project.commit("Newer")
    shadow, place = await begun(project, tmp_path)
    theirs = (
        "filter.lfs.process=git-lfs filter-process",
        "filter.lfs.required=true",
        "lfs.url=http://127.0.0.1:9/none",
    )
    with_lfs = [word for one in theirs for word in ("-c", one)]
    project.git(*with_lfs, "checkout", "-q", first, cwd=place.path)
    assert (place.path / "assets/a.bin").read_bytes() == OLD
    moved = tmp_path / "moved.git"
    shadow.git_dir.rename(moved)
    shadow = ShadowRepository(git_dir=moved, project=project.path)
    await shadow.open()
    await shadow.worktrees.prepare(place.path, commit=place.base_commit)
    git_dir = shadow.worktrees.git_dir_of(place.path)
    shutil.rmtree(git_dir / "lfs/objects")
    project.git(*with_lfs, "switch", "-q", "main", cwd=place.path)
    assert (place.path / "assets/a.bin").read_bytes() == NEW
    shutil.rmtree(git_dir / "lfs/objects")  # as `git lfs prune` does
    assert stored(project.path / ".git/lfs", OLD).read_bytes() == OLD
    assert stored(project.path / ".git/lfs", NEW).read_bytes() == NEW
    assert project.git("fsck", "--no-dangling", cwd=place.path) == b""


async def test_the_users_filter_never_runs(project: Repository, tmp_path: Path) -> None:
    for what in ("clean", "smudge", "process"):
        project.git("config", f"filter.lfs.{what}", f"touch {shlex.quote(str(tmp_path / 'ran'))}; false")
    shadow, place = await begun(project, tmp_path)
    (place.path / "assets/a.bin").write_bytes(NEW)
    await snapshot(shadow, place, tmp_path)
    await shadow.take_snapshot(
        project.path, index=tmp_path / "u", ref="refs/boocoder/u", base=(await shadow.head()).tree
    )
    assert not (tmp_path / "ran").exists()
