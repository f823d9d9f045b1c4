"""Commits of two made-up histories, replayed as an agent's edits: trees, diffs, units and parts are those of plain git.

`make replay` replays 300 commits; the suite a slice of each history.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from boocoder.changes.apply.partial_tree import needed_units, partial_tree
from boocoder.changes.diff.tree_diff import FileChange, UnitKind, structured_diff
from boocoder.git.shadow.repository import ShadowRepository
from tests.fixtures.changes.histories import library, site
from tests.fixtures.changes.random_model import LINK, Model, write_models
from tests.fixtures.repository import MakeRepository, Repository, git_environment

COMMITS = int(os.environ.get("BOOCODER_TEST_COMMITS", "16"))  # of both histories together
ALL_KINDS_FROM = 100
KIND_OF = {"library": "mode", "site": "file"}
HISTORIES: dict[str, Callable[[random.Random, int], Iterator[Model]]] = {"library": library, "site": site}
PLAIN = ("-c", "core.quotePath=false", "diff", "--no-color", "--no-ext-diff", "--full-index", "--binary")
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@pytest.mark.slow
@pytest.mark.timeout(120 + 4 * COMMITS)
@pytest.mark.parametrize("history", HISTORIES)
async def test_commits_replayed_as_an_agents_edits(history: str, repository: MakeRepository, tmp_path: Path) -> None:
    rng = random.Random(20261130)
    models = list(HISTORIES[history](rng, COMMITS // len(HISTORIES)))
    project = repository({})
    trees = write_models(project.path, models)
    project.git("read-tree", "-u", "--reset", trees[0])
    project.git("commit", "-q", "--allow-empty", "-m", "The first state")
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    place = await shadow.add_worktree(tmp_path / "worktree")
    assert place.base_tree == trees[0]
    seen: set[str] = set()
    for number in range(1, len(models)):
        edit(place.path, models[number - 1], models[number])
        base, tree = trees[number - 1 : number + 1]
        assert await shadow.snapshot(place.path, index=tmp_path / "index", ref="refs/boocoder/one") == tree
        assert await shadow.diff(base, tree) == project.git(*PLAIN, "--no-renames", base, tree)
        files = await structured_diff(shadow, base, tree)
        sections = plain_sections(project.git(*PLAIN, "-U0", "--inter-hunk-context=2", "-M50%", base, tree))
        check_units(project, files, sections, base, tree)
        await check_half(shadow, project, files, sections, (base, tree), rng)
        seen |= {file.status for file in files} | {unit.kind.value for file in files for unit in file.units}
    print(f"{len(models) - 1} commits of a {history}: all exact; {sorted(seen)}")
    assert seen >= {"added", "modified", "hunk"}
    assert COMMITS < ALL_KINDS_FROM or seen >= {"renamed", "rename", KIND_OF[history]}


def edit(place: Path, old: Model, new: Model) -> None:
    """Write what differs, as an agent's tools do."""
    for path in old.keys() - new.keys():
        (place / os.fsdecode(path)).unlink()
    for path in [path for path, entry in new.items() if old.get(path) != entry]:
        mode, data = new[path]
        file = place / os.fsdecode(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        if mode == LINK:
            file.symlink_to(os.fsdecode(data))
        else:
            file.write_bytes(data)
            file.chmod(int(mode[-3:], 8))


def plain_sections(diff: bytes) -> dict[bytes, list[bytes]]:
    """New path (the old one where it is gone) -> the header and then each hunk of what git printed."""
    found: dict[bytes, list[bytes]] = {}
    for section in re.split(rb"^(?=diff --git )", diff, flags=re.MULTILINE)[1:]:
        header, *hunks = re.split(rb"^(?=@@ )", section, flags=re.MULTILINE)
        old, new = header.split(b"\n", 1)[0].removeprefix(b"diff --git a/").split(b" b/")
        found[old if b"\ndeleted file" in header and old == new else new] = [header, *hunks]
    return found


def place_of(hunk: bytes) -> tuple[int, int, int, int]:
    """Where a hunk is and how many lines it has, old and new."""
    found = _HUNK.match(hunk)
    assert found is not None
    old, old_count, new, new_count = (None if one is None else int(one) for one in found.groups())
    assert old is not None and new is not None
    return old, 1 if old_count is None else old_count, new, 1 if new_count is None else new_count


def check_units(
    project: Repository, files: Sequence[FileChange], sections: dict[bytes, list[bytes]], base: str, tree: str
) -> None:
    """The files are those of `git diff`, its numbers of lines theirs, and its hunks the units."""
    assert {file.path for file in files} == sections.keys()
    counted = project.git("diff", "-M50%", "--numstat", "-z", base, tree)
    links = {file.path for file in files if file.new_mode == LINK}  # git counts the line in them
    lines = [one.split(b"\t") for one in counted.split(b"\0") if one.count(b"\t") == 2]
    lines = [one for one in lines if one[2] not in links]
    assert sum(int(one[0]) for one in lines if one[0] != b"-") == sum(file.additions for file in files)
    assert sum(int(one[1]) for one in lines if one[1] != b"-") == sum(file.deletions for file in files)
    for file in files:
        units = [one for one in file.units if one.kind is UnitKind.HUNK]
        places = [(one.old_start, len(one.old_lines), one.new_start, len(one.new_lines)) for one in units]
        hunks = [place_of(hunk) for hunk in sections[file.path][1:]]
        assert places == hunks or not units, file.path  # a link, or a file of another type, is one unit


async def check_half(
    shadow: ShadowRepository,
    project: Repository,
    files: Sequence[FileChange],
    sections: dict[bytes, list[bytes]],
    trees: tuple[str, str],
    rng: random.Random,
) -> None:
    """A random half: hunks of modified files one by one, others whole. `git apply` of the same part gives the tree."""
    accepted: set[str] = set()
    patch: list[bytes] = []
    for file in files:
        header, *hunks = sections[file.path]
        single = file.status == "modified" and all(unit.kind is UnitKind.HUNK for unit in file.units)
        if not single:
            if rng.random() < 0.5:
                accepted |= {unit.id for unit in file.units}
                patch += [header, *hunks]
            continue
        taken = [(unit, hunk) for unit, hunk in zip(file.units, hunks, strict=True) if rng.random() < 0.5]
        accepted |= {unit.id for unit, _ in taken}
        patch += [header, *renumbered([hunk for _, hunk in taken])] if taken else []
    assert needed_units(files, accepted) == {}
    part = await partial_tree(shadow, *trees, files, accepted)
    assert part == plain_apply(project, trees[0], b"".join(patch))


def renumbered(hunks: Sequence[bytes]) -> Iterator[bytes]:
    """The hunks with the places that their lines have if the other hunks are left out, as `git add -p` numbers them."""
    shift = 0
    for hunk in hunks:
        old, old_count, _, new_count = place_of(hunk)
        new = old + shift + (not old_count) - (not new_count)
        yield _HUNK.sub(b"@@ -%d,%d +%d,%d @@" % (old, old_count, new, new_count), hunk, count=1)
        shift += new_count - old_count


def plain_apply(project: Repository, base: str, patch: bytes) -> str:
    """The tree that `git apply` makes of a tree and a patch."""
    index = project.path / ".git/half.index"
    index.unlink(missing_ok=True)
    environment = git_environment() | {"GIT_INDEX_FILE": str(index)}

    def git(*args: str, stdin: bytes = b"") -> bytes:
        return subprocess.run(
            ("git", *args), cwd=project.path, env=environment, input=stdin, capture_output=True, check=True
        ).stdout

    git("read-tree", base)
    if patch:
        git("apply", "--cached", "--unidiff-zero", "--binary", "-", stdin=patch)
    return git("write-tree").decode().strip()
