"""A random part of a random change: the tree that is made of it is what plain splicing of lines gives, byte by byte.

The suite has a slice; `make random` has the rest.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from boocoder.changes.apply.partial_tree import needed_units, partial_tree, rebased_units
from boocoder.changes.diff.tree_diff import FileChange, Unit, UnitKind, structured_diff
from boocoder.errors import Conflict
from boocoder.git.shadow.repository import ShadowRepository
from tests.fixtures.changes.random_model import Model, edited, model_of, random_model, write_files, write_models
from tests.fixtures.changes.random_tree import Edits, content_of
from tests.fixtures.repository import MakeRepository

TREES = int(os.environ.get("BOOCODER_TEST_TREES", "100"))
AT_ONCE = 50  # trees written by one importer
WORKTREE_TREES = max(30, TREES // 8)
REBASED_MIN_SHARE = 0.99  # of the remaining units are found again; git may cut the few others in another way


@dataclass
class Tally:
    """What was seen, so that a test that saw nothing fails."""

    units: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    remaining: int = 0
    found_again: int = 0
    together: int = 0

    def add(self, files: Sequence[FileChange]) -> None:
        """Count the units of a change."""
        self.statuses.update(file.status for file in files)
        self.units.update(unit.kind.value for file in files for unit in file.units)


@dataclass(frozen=True)
class Change:
    """Two trees and what they hold."""

    base: Model
    new: Model
    base_tree: str
    tree: str


def after(base: Model, new: Model, files: Sequence[FileChange], accepted: Collection[str]) -> Model:
    """The model of a part: plain dictionaries and lists, from the bottom of each file up."""
    made = dict(base)
    for file in files:
        units = [unit for unit in file.units if unit.id in accepted]
        if not units:
            continue
        if file.status == "deleted":
            del made[file.path]
        elif file.status in ("added", "type_changed"):
            made[file.path] = new[file.path]
        else:
            _modify(made, base, new, file, units)
    return made


def _modify(made: Model, base: Model, new: Model, file: FileChange, units: Sequence[Unit]) -> None:
    path = file.path if file.old_path is None else file.old_path
    mode, data = base[path]
    lines = [piece + b"\n" for piece in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    for unit in reversed(units):
        if unit.kind is UnitKind.HUNK:
            first = unit.old_start - 1 if unit.old_lines else unit.old_start
            if not unit.old_lines and first == len(lines) - 1 and lines[-1] == b"":
                lines[first:] = unit.new_lines
            else:
                assert lines[first : first + len(unit.old_lines)] == list(unit.old_lines)
                lines[first : first + len(unit.old_lines)] = unit.new_lines
        elif unit.kind is UnitKind.FILE:
            lines = [new[file.path][1]]
        elif unit.kind is UnitKind.MODE:
            mode = new[file.path][0]
        else:
            del made[path]
            path = file.path
    made[path] = mode, b"".join(lines)


def check_facts(change: Change, files: Sequence[FileChange]) -> None:
    """What is said of every file is so, and nothing is left out."""
    told = {file.path for file in files} | {file.old_path for file in files if file.old_path is not None}
    paths = {*change.base, *change.new}
    assert told == {path for path in paths if change.base.get(path) != change.new.get(path)}
    for file in files:
        old = None if file.status == "added" else change.base[file.old_path or file.path]
        new = None if file.status == "deleted" else change.new[file.path]
        assert file.old_mode == ("000000" if old is None else old[0])
        assert file.new_mode == ("000000" if new is None else new[0])
        assert file.old_size == (None if old is None or old[0] == "160000" else len(old[1]))
        assert file.new_size == (None if new is None or new[0] == "160000" else len(new[1]))
        assert file.units, file
    ids = [unit.id for file in files for unit in file.units]
    assert len(set(ids)) == len(ids)
    assert after(change.base, change.new, files, set(ids)) == change.new


async def choose(
    shadow: ShadowRepository, change: Change, files: Sequence[FileChange], rng: random.Random, tally: Tally
) -> set[str]:
    """A random half; where a file and a directory change places, with what has to go together."""
    units = [unit.id for file in files for unit in file.units]
    accepted = {one for one in units if rng.random() < 0.5}
    missing = needed_units(files, accepted)
    if missing:
        tally.together += 1
        with pytest.raises(Conflict, match="trade places"):
            await partial_tree(shadow, change.base_tree, change.tree, files, accepted)
    while missing:
        accepted |= {one for needed in missing.values() for one in needed}
        missing = needed_units(files, accepted)
    return accepted


async def check_rebased(
    shadow: ShadowRepository,
    change: Change,
    part: Change,
    files: Sequence[FileChange],
    accepted: set[str],
    tally: Tally,
) -> None:
    """What is left after a part, measured from that part."""
    left = await structured_diff(shadow, part.base_tree, part.tree)
    check_facts(part, left)
    there = {unit.id: unit for file in left for unit in file.units}
    moved = {old: one.unit.id for old, one in rebased_units(files, accepted).items()}
    remaining = {unit.id: unit for file in files for unit in file.units if unit.id not in accepted}
    assert moved.keys() == remaining.keys()
    assert len(set(moved.values())) == len(moved)
    for old_id, new_id in moved.items():
        unit, found = remaining[old_id], there.get(new_id)
        tally.remaining += 1
        if found is not None:
            tally.found_again += 1
            assert (found.kind, found.old_lines, found.new_lines) == (unit.kind, unit.old_lines, unit.new_lines)


async def check_change(
    shadow: ShadowRepository, change: Change, rng: random.Random, tally: Tally
) -> tuple[Model, str, Sequence[FileChange], set[str]]:
    """Diff, split, take a half; returns the model of it and the tree that was made."""
    files = await structured_diff(shadow, change.base_tree, change.tree)
    check_facts(change, files)
    tally.add(files)
    if files and rng.random() < 0.1:
        some = rng.sample(files, rng.randint(1, len(files)))
        named = [rng.choice((file.path, file.old_path or file.path)) for file in some]
        picked = await structured_diff(shadow, change.base_tree, change.tree, paths=named)
        assert {*some} <= {*picked} <= {*files}
    if rng.random() < 0.1:
        every = {unit.id for file in files for unit in file.units}
        assert await partial_tree(shadow, change.base_tree, change.tree, files, every) == change.tree
        assert await partial_tree(shadow, change.base_tree, change.tree, files, ()) == change.base_tree
    accepted = await choose(shadow, change, files, rng, tally)
    part = await partial_tree(shadow, change.base_tree, change.tree, files, accepted)
    return after(change.base, change.new, files, accepted), part, files, accepted


async def check_batch(shadow: ShadowRepository, project: Path, rng: random.Random, count: int, tally: Tally) -> None:
    """Many changes of trees that never were files."""
    bases = [random_model(rng) for _ in range(count)]
    models = [edited(base, rng) for base in bases]
    ids = write_models(project, [*bases, *models])
    changes = [Change(*four) for four in zip(bases, models, ids[:count], ids[count:], strict=True)]
    seeds = [random.Random(rng.getrandbits(64)) for _ in changes]
    gate = asyncio.Semaphore(4)

    async def one(change: Change, chance: random.Random) -> tuple[Model, str, Sequence[FileChange], set[str]]:
        async with gate:
            return await check_change(shadow, change, chance, tally)

    made = await asyncio.gather(*(one(change, chance) for change, chance in zip(changes, seeds, strict=True)))
    assert [part for _, part, _, _ in made] == write_models(project, [model for model, _, _, _ in made])

    async def rest(change: Change, result: tuple[Model, str, Sequence[FileChange], set[str]]) -> None:
        model, part, files, accepted = result
        async with gate:
            await check_rebased(shadow, change, Change(model, change.new, part, change.tree), files, accepted, tally)

    await asyncio.gather(*(rest(change, result) for change, result in zip(changes, made, strict=True)))


@pytest.mark.slow
@pytest.mark.timeout(60 + TREES)
async def test_random_parts_of_random_trees(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository()
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    rng, tally = random.Random(20240602), Tally()
    for done in range(0, TREES, AT_ONCE):
        await check_batch(shadow, project.path, rng, min(AT_ONCE, TREES - done), tally)
    print(f"{TREES} random trees, a random half of the units of each: all exact; {tally}")
    assert tally.units.keys() == {"hunk", "mode", "rename", "file"}
    assert tally.statuses.keys() == {"added", "modified", "deleted", "renamed", "type_changed"}
    assert tally.together > 0
    assert tally.found_again >= REBASED_MIN_SHARE * tally.remaining


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_random_parts_of_snapshots(repository: MakeRepository, tmp_path: Path) -> None:
    rng, tally = random.Random(20240603), Tally()
    project = repository({})
    Edits(project.path, rng, nested=False).make(40)
    project.commit("Base")
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    worktree = await shadow.add_worktree(tmp_path / "worktree")
    base, base_tree = model_of(content_of(worktree.path)), worktree.base_tree
    wanted: list[Model] = []
    made: list[str] = []
    for _ in range(WORKTREE_TREES):
        if rng.random() < 0.7:
            write_files(worktree.path, edited(base or random_model(rng), rng))
        Edits(worktree.path, rng).make(rng.randint(0, 6))
        new = model_of(content_of(worktree.path))
        tree = await shadow.snapshot(worktree.path, index=tmp_path / "private.index", ref="refs/boocoder/one")
        change = Change(base, new, base_tree, tree)
        model, part, files, accepted = await check_change(shadow, change, rng, tally)
        await check_rebased(shadow, change, Change(model, new, part, tree), files, accepted, tally)
        wanted += [new, model]
        made += [tree, part]
        base, base_tree = new, tree
    assert made == write_models(project.path, wanted)
    assert tally.units["hunk"] > WORKTREE_TREES
    assert tally.found_again >= REBASED_MIN_SHARE * tally.remaining
