"""What a turn's end counts is what the review counts: files, renames, lines."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from boocoder.changes.diff.statistics import ChangeMeasure, FileRow, measure
from boocoder.changes.diff.tree_diff import FileChange, structured_diff
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.model.limits import REVIEW_FILE_MAX_BYTES
from tests.fixtures.changes.random_model import Model, write_models
from tests.fixtures.repository import MakeRepository, Repository

Files = Mapping[bytes, bytes | tuple[str, bytes]]

LINES = b"".join(b"line %d\n" % number for number in range(1, 41))


class Desk:
    """A project and its shadow; trees are written without files."""

    def __init__(self, project: Repository, shadow: ShadowRepository) -> None:
        self.project = project
        self.shadow = shadow

    async def both(self, old: Files, new: Files) -> tuple[ChangeMeasure, tuple[FileChange, ...]]:
        """One change, as a turn's end measures it and as the review has it."""
        models: list[Model] = [
            {path: one if isinstance(one, tuple) else ("100644", one) for path, one in content.items()}
            for content in (old, new)
        ]
        base, tree = write_models(self.project.path, models)
        measured = await measure(self.shadow, base_tree=base, tree=tree)
        return measured, await structured_diff(self.shadow, base, tree)


@pytest.fixture
async def desk(repository: MakeRepository, tmp_path: Path) -> Desk:
    project = repository()
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    return Desk(project, shadow)


def counts(measured: ChangeMeasure) -> tuple[int, int, int]:
    """The numbers of files and lines at the end of a turn."""
    return measured.file_count, measured.additions, measured.deletions


def reviewed(files: tuple[FileChange, ...]) -> tuple[int, int, int]:
    """The same of a review."""
    return len(files), sum(file.additions for file in files), sum(file.deletions for file in files)


def rows(measured: ChangeMeasure) -> list[FileRow]:
    return msgspec.json.decode(measured.files, type=list[FileRow])


async def test_a_renamed_file_is_one_file_with_its_edited_lines(desk: Desk) -> None:
    edited = LINES.replace(b"line 7\n", b"seven\nand a half\n")
    measured, files = await desk.both({b"a.py": LINES, b"b": b"b\n"}, {b"lib/c.py": edited, b"b": b"b\n"})
    assert counts(measured) == reviewed(files) == (1, 2, 1)
    (row,) = rows(measured)
    assert (row.status, row.path, row.old_path, row.additions, row.deletions) == ("R", "lib/c.py", "a.py", 2, 1)
    assert b"deleted file mode" in (measured.diff or b""), "what is applied names both paths"


async def test_a_renamed_path_that_is_no_text_is_coded(desk: Desk) -> None:
    measured, _ = await desk.both({b"\xff.py": LINES}, {b"\xfe.py": LINES})
    (row,) = rows(measured)
    assert (row.path, row.path_coded, row.old_path, row.old_path_coded) == ("%FE.py", True, "%FF.py", True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param({b"a": LINES}, {b"b": LINES}, id="only renamed"),
        pytest.param({b"a": LINES}, {b"b": b"quite another text\n"}, id="deleted and added"),
        pytest.param({b"a": ("120000", b"there")}, {b"a": ("120000", b"elsewhere")}, id="symbolic link"),
        pytest.param({b"a": b"text\n"}, {b"a": ("120000", b"there")}, id="another type"),
        pytest.param({b"a": LINES}, {b"a": ("100755", LINES + b"end")}, id="mode and lines"),
        pytest.param({b"a": b"x\0\n"}, {b"a": b"y\0\n", b"c": b"\0"}, id="binary"),
        pytest.param({}, {b"a": b""}, id="empty"),
    ],
)
async def test_a_turn_and_a_review_count_the_same(desk: Desk, old: Files, new: Files) -> None:
    measured, files = await desk.both(old, new)
    assert counts(measured) == reviewed(files)
    assert [(row.path, row.additions is None) for row in rows(measured)] == [
        (file.path.decode(), file.binary) for file in files
    ]


async def test_lines_that_attributes_hide_are_counted(desk: Desk) -> None:
    attributes = desk.project.path / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("* -diff\n")
    await desk.shadow.open()
    measured, files = await desk.both({b"a": LINES}, {b"a": LINES + b"end\n"})
    assert counts(measured) == reviewed(files) == (1, 1, 0)


async def test_random_changes_are_counted_the_same(desk: Desk) -> None:
    rng = random.Random(20261122)
    for _ in range(15):
        old: dict[bytes, bytes] = {b"d%d/f%d" % (n % 3, n): LINES * rng.randint(1, 3) + b"%d\n" % n for n in range(9)}
        new: dict[bytes, bytes] = {}
        for path, content in old.items():
            if rng.random() < 0.2:
                continue
            moved = b"moved/" + path if rng.random() < 0.4 else path
            line = b"line %d\n" % rng.randint(1, 40)
            new[moved] = content.replace(line, b"other\n" * rng.randint(0, 2)) if rng.random() < 0.6 else content
        if rng.random() < 0.5:
            new[b"new"] = b"new\n" * rng.randint(1, 9)
        measured, files = await desk.both(old, new)
        assert counts(measured) == reviewed(files)


async def test_a_file_too_large_to_be_reviewed_beside_a_rename(desk: Desk) -> None:
    large = (b"y" * 99 + b"\n") * (REVIEW_FILE_MAX_BYTES // 100 + 1)
    measured, files = await desk.both({b"a": LINES, b"big": large}, {b"b": LINES, b"big": large + b"end\n"})
    assert counts(measured) == reviewed(files) == (2, 0, 0)
