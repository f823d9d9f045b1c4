"""Where a worktree may start: names of commits, the checkout as it is, and files that git does not track."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.db.files.start_points import Start
from boocoder.errors import InvalidInput
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.worktree.untracked import UntrackedFiles
from boocoder.model.ids import ProjectId, SessionId, new_id
from boocoder.worktrees.create.start_point import start_ref, starting_point
from tests.fixtures.repository import MakeRepository, Repository


async def opened(project: Repository, tmp_path: Path) -> ShadowRepository:
    shadow = ShadowRepository(git_dir=tmp_path / "data" / "shadow.git", project=project.path)
    await shadow.open()
    return shadow


async def test_a_name_is_a_branch_then_a_tag_then_whatever_git_knows(
    repository: MakeRepository, tmp_path: Path
) -> None:
    project = repository()
    first = project.head()
    project.git("tag", "both")
    project.git("tag", "-a", "-m", "annotated", "v1.0")
    project.write("more.txt", "more\n")
    second = project.commit()
    project.git("branch", "both")
    project.git("update-ref", "refs/remotes/origin/theirs", first)
    shadow = await opened(project, tmp_path)
    named = {name: await shadow.named_commit(name) for name in ("both", "v1.0", "theirs", "origin/theirs", "HEAD~1")}
    assert named == {"both": second, "v1.0": first, "theirs": first, "origin/theirs": first, "HEAD~1": first}
    assert await shadow.named_commit(first[:12]) == first


@pytest.mark.parametrize(
    "name", ["fature/login", "no such", "", "a\nHEAD", "-x", "x" * 300, "HEAD:README.md", "main@{upstream}", "HEAD@{u}"]
)
async def test_an_unknown_name_is_refused(repository: MakeRepository, tmp_path: Path, name: str) -> None:
    project = repository()
    project.git("branch", "feature/login")
    shadow = await opened(project, tmp_path)
    with pytest.raises(InvalidInput) as refused:
        await shadow.named_commit(name)
    assert refused.value.code == "start_unknown"
    assert ("feature/login" in refused.value.cure) == (name == "fature/login")


async def test_a_worktree_holds_the_checkout_as_it_is(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository()
    project.write("README.md", "changed\n")
    project.write("new/file.txt", "untracked\n")
    project.write("noise.log", "ignored\n")
    (project.path / "src/main.py").unlink()
    shadow = await opened(project, tmp_path)
    start = Start(None, True, ProjectId(new_id()), str(project.path), "A session")
    session_id = SessionId(new_id())
    point = await starting_point(shadow, start, session_id, indexes=tmp_path / "indexes")
    made = await shadow.add_worktree(tmp_path / "w", commit=point.commit, tree=point.tree)
    assert (made.path / "README.md").read_text() == "changed\n"
    assert (made.path / "new/file.txt").read_text() == "untracked\n"
    assert not (made.path / "noise.log").exists() and not (made.path / "src/main.py").exists()
    assert made.base_commit == project.head() and made.base_tree == point.tree != project.tree()
    assert shadow.kept(start_ref(session_id)) == point.tree
    status = project.git("status", "--porcelain", cwd=made.path).decode().splitlines()
    assert sorted(status) == [" D src/main.py", " M README.md", "?? new/"], "the agent sees what is not committed"
    index = tmp_path / "indexes" / "s.index"
    taken = await shadow.snapshot(made.path, index=index, ref="refs/boocoder/s/t")
    assert taken == made.base_tree, "nothing of it is the agent's"


async def test_patterns_name_files_that_git_does_not_track(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository({".gitignore": ".env*\nconfig/*.local\nmodules/\n", "config/tracked.local": "t\n"})
    project.git("add", "-f", "config/tracked.local")
    project.commit()
    for name in (".env", ".env.test", "deep/.env", "config/a.local", "modules/m/x.js", "loose.txt"):
        project.write(name, name)
    (project.path / "nested").mkdir()
    project.git("init", "-q", cwd=project.path / "nested")
    project.write("nested/.env", "another repository's")
    shadow = await opened(project, tmp_path)
    found = await shadow.untracked_matching([".env*", "!.env.test", "config/*.local", "modules/", "loose.*"])
    assert found.paths == (b".env", b"config/a.local", b"deep/.env", b"loose.txt", b"modules/m/x.js")
    assert b"modules/" in found.folders and b"config/" not in found.folders
    assert await shadow.untracked_matching(["/.env"]) == UntrackedFiles((b".env",), ())
