"""Units keep their identity, nothing hides a line, and what is too large is decided on as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from boocoder.changes.apply.partial_tree import needed_units, partial_tree, rebased_units
from boocoder.changes.diff.tree_diff import FileChange, FlagKind, UnitKind, structured_diff
from boocoder.errors import GitError
from boocoder.git.shadow.objects import read_blobs
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.shadow.tree_build import TreeEdit, build_tree, write_blobs
from boocoder.model.limits import REVIEW_DIFF_MAX_BYTES, REVIEW_FILE_MAX_BYTES
from tests.fixtures.changes.random_model import Model, write_models
from tests.fixtures.repository import MakeRepository, Repository

LINES = [b"line %d\n" % number for number in range(1, 41)]


class Desk:
    """A project and its shadow; trees are written without files."""

    def __init__(self, project: Repository, shadow: ShadowRepository) -> None:
        self.project = project
        self.shadow = shadow

    def trees(self, *contents: Mapping[bytes, bytes | tuple[str, bytes]]) -> list[str]:
        """Trees of these files; of plain bytes as ordinary ones."""
        models: list[Model] = [
            {path: one if isinstance(one, tuple) else ("100644", one) for path, one in content.items()}
            for content in contents
        ]
        return write_models(self.project.path, models)

    async def diff(self, *contents: Mapping[bytes, bytes | tuple[str, bytes]]) -> tuple[FileChange, ...]:
        """The change between two of them."""
        base, tree = self.trees(*contents)
        return await structured_diff(self.shadow, base, tree)


@pytest.fixture
async def desk(repository: MakeRepository, tmp_path: Path) -> Desk:
    project = repository()
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    return Desk(project, shadow)


def edited(**lines: bytes) -> bytes:
    """LINES with some replaced: `edited(l7=b"new\\n")`."""
    made = list(LINES)
    for name, text in lines.items():
        made[int(name[1:]) - 1] = text
    return b"".join(made)


def hunks(file: FileChange) -> dict[int, str]:
    """Place in the base -> id."""
    return {unit.old_start: unit.id for unit in file.units if unit.kind is UnitKind.HUNK}


BASE = {b"a.py": b"".join(LINES), b"other": b"x\n"}


async def test_a_hunk_keeps_its_id_while_others_change(desk: Desk) -> None:
    (one,) = await desk.diff(BASE, BASE | {b"a.py": edited(l5=b"five\n", l20=b"twenty\n", l35=b"end\n")})
    (two,) = await desk.diff(BASE, BASE | {b"a.py": edited(l5=b"five\nand more\n", l20=b"twenty\n", l35=b"end\n")})
    assert hunks(one)[20] == hunks(two)[20]
    assert hunks(one)[35] == hunks(two)[35]
    assert hunks(one)[5] != hunks(two)[5]
    assert [unit.new_start for unit in two.units] == [5, 21, 36]


async def test_the_same_lines_elsewhere_are_another_unit(desk: Desk) -> None:
    (one,) = await desk.diff(BASE, BASE | {b"a.py": edited(l5=b"line 5\nnew\n")})
    (two,) = await desk.diff(BASE, BASE | {b"a.py": edited(l6=b"line 6\nnew\n")})
    assert one.units[0].new_lines == two.units[0].new_lines == (b"new\n",)
    assert one.units[0].id != two.units[0].id


async def test_a_rename_leaves_the_ids_of_the_hunks_alone(desk: Desk) -> None:
    after = edited(l5=b"five\n", l20=b"twenty\n")
    (plain,) = await desk.diff(BASE, BASE | {b"a.py": after})
    (moved,) = await desk.diff(BASE, {b"other": b"x\n", b"lib/b.py": ("100755", after)})
    assert (moved.status, moved.old_path, moved.path) == ("renamed", b"a.py", b"lib/b.py")
    assert [unit.kind.value for unit in moved.units] == ["rename", "mode", "hunk", "hunk"]
    assert hunks(moved) == hunks(plain)


async def test_deleting_and_emptying_are_different_units(desk: Desk) -> None:
    (gone,) = await desk.diff(BASE, {b"a.py": b"".join(LINES)})
    (empty,) = await desk.diff(BASE, BASE | {b"other": b""})
    assert (gone.status, empty.status) == ("deleted", "modified")
    assert gone.units[0].old_lines == empty.units[0].old_lines
    assert gone.units[0].id != empty.units[0].id


async def test_an_added_file_is_one_unit_with_its_mode(desk: Desk) -> None:
    (plain,) = await desk.diff(BASE, BASE | {b"new": b"1\n2\n"})
    (executable,) = await desk.diff(BASE, BASE | {b"new": ("100755", b"1\n2\n")})
    assert [unit.kind for unit in plain.units] == [UnitKind.HUNK]
    assert plain.units[0].new_lines == (b"1\n", b"2\n")
    assert plain.units[0].id != executable.units[0].id
    assert (plain.additions, plain.deletions) == (2, 0)
    assert [flag.kind for flag in executable.flags] == [FlagKind.EXECUTABLE]


async def test_what_is_left_after_a_part_is_found_again(desk: Desk) -> None:
    base, tree = desk.trees(BASE, {b"b.py": edited(l5=b"1\n2\n3\n", l20=b"", l35=b"end\n")})
    files = await structured_diff(desk.shadow, base, tree)
    moved = next(file for file in files if file.status == "renamed")
    rename, first, second, third = (unit.id for unit in moved.units)
    part = await partial_tree(desk.shadow, base, tree, files, {rename, first, second})
    (left,) = [file for file in await structured_diff(desk.shadow, part, tree) if file.path == b"b.py"]
    assert left.status == "modified"
    assert [unit.id for unit in left.units] == [rebased_units(files, {rename, first, second})[third].unit.id]
    assert left.units[0].old_start == 36


@pytest.mark.parametrize("attribute", ["-diff", "binary", "-text -diff", "diff=unknown -diff"])
async def test_attributes_hide_no_lines(desk: Desk, attribute: str) -> None:
    attributes = desk.project.path / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text(f"* {attribute}\n")
    await desk.shadow.open()
    new = {b"b.py": edited(l5=b"five\n"), b"added": b"1\n", b"real": b"x\0y\n"}
    files = await desk.diff(BASE | {b"real": b"x\0\n"}, new)
    assert {file.path: (file.status, file.binary, file.additions) for file in files} == {
        b"added": ("added", False, 1),
        b"b.py": ("renamed", False, 1),
        b"other": ("deleted", False, 0),
        b"real": ("modified", True, 0),
    }
    assert [unit.kind.value for file in files for unit in file.units] == ["hunk", "rename", "hunk", "hunk", "file"]


async def test_attributes_make_no_binary_into_lines_that_cannot_be_put_back(desk: Desk) -> None:
    attributes = desk.project.path / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("* diff\n")
    await desk.shadow.open()
    base, tree = desk.trees({b"a": b"x\0\ny\n" + b"z\n" * 9 + b"e"}, {b"a": b"x\0\n\xff\n" + b"z\n" * 9 + b"\0"})
    files = await structured_diff(desk.shadow, base, tree)
    one = files[0].units[0].id
    part = await partial_tree(desk.shadow, base, tree, files, {one})
    assert await partial_tree(desk.shadow, base, tree, files, {unit.id for unit in files[0].units}) == tree
    assert [part] == desk.trees({b"a": b"x\0\n\xff\n" + b"z\n" * 9 + b"e"})


async def test_a_file_that_is_too_large_is_one_unit(desk: Desk) -> None:
    fits, large = b"x" * 99 + b"\n", b"y" * 99 + b"\n"
    fits, large = fits * (REVIEW_FILE_MAX_BYTES // 100), large * (REVIEW_FILE_MAX_BYTES // 100 + 1)
    files = await desk.diff({b"fits": fits, b"grows": large}, {b"fits": fits + b"end\n", b"grows": large + b"z\n"})
    assert [(file.too_large, [unit.kind.value for unit in file.units]) for file in files] == [
        (False, ["hunk"]),
        (True, ["file"]),
    ]
    assert not files[1].binary
    assert FlagKind.LARGE in {flag.kind for flag in files[1].flags}


async def test_a_change_that_is_too_large_is_decided_file_by_file(desk: Desk) -> None:
    big = (b"z" * 63 + b"\n") * (REVIEW_FILE_MAX_BYTES // 64)
    count = REVIEW_DIFF_MAX_BYTES // len(big) + 1
    new = {b"big %d" % number: big for number in range(count)}
    base, tree = desk.trees(BASE, {**new, b"moved.py": BASE[b"a.py"], b"other": ("120000", b"/etc")})
    files = await structured_diff(desk.shadow, base, tree)
    assert len(files) == count + 2
    assert all(file.too_large and not file.binary for file in files if file.path.startswith(b"big"))
    assert [file.status for file in files if file.path in (b"moved.py", b"other")] == ["renamed", "type_changed"]
    some = {file.units[0].id for file in files[:3]}
    part = await partial_tree(desk.shadow, base, tree, files, some)
    assert {file.path for file in await structured_diff(desk.shadow, base, part)} == {b"big %d" % n for n in (0, 1, 10)}


async def test_bases_that_are_much_are_read_in_halves(desk: Desk) -> None:
    text = (b"w" * 63 + b"\n") * (REVIEW_FILE_MAX_BYTES // 64 - 8)
    count = REVIEW_DIFF_MAX_BYTES // len(text) + 2
    base = {b"f%d" % number: b"%d\n" % number + text for number in range(count)}
    files = await desk.diff(base, {path: data + b"more\n" for path, data in base.items()})
    assert [[unit.kind.value for unit in file.units] for file in files] == [["hunk"]] * count


async def test_some_paths_have_the_units_of_the_whole(desk: Desk) -> None:
    base, tree = desk.trees(
        {**BASE, b"d/one": b"1\n", b"d/two": b"2\n"}, {b"b.py": edited(l9=b"x\n"), b"d/one": b"x\n", b"other": b"y\n"}
    )
    whole = {file.path: file for file in await structured_diff(desk.shadow, base, tree)}

    async def of(*paths: bytes) -> list[FileChange]:
        return list(await structured_diff(desk.shadow, base, tree, paths=paths))

    assert await of(b"a.py") == await of(b"b.py") == [whole[b"b.py"]]
    assert await of(b"d/") == await of(b"d") == [whole[b"d/one"], whole[b"d/two"]]
    assert await of(b"nothing", b"oth") == []
    assert await of(*(b"nothing %d" % number for number in range(500)), b"other") == [whole[b"other"]]


async def test_a_part_of_many_files(desk: Desk) -> None:
    count = 150  # more than git's importer unpacks
    base = {b"%d" % number: b"%d\n" % number + b"".join(LINES) for number in range(count)}
    new = {path: b"new\n" + data + b"end\n" for path, data in base.items()}
    half = {path: b"new\n" + data for path, data in base.items()}
    base_tree, tree, half_tree = desk.trees(base, new, half)
    files = await structured_diff(desk.shadow, base_tree, tree)
    part = await partial_tree(desk.shadow, base_tree, tree, files, {file.units[0].id for file in files})
    assert part == half_tree
    await desk.shadow.keep("refs/boocoder/part", part)


async def test_a_directory_in_the_place_of_a_file_goes_together(desk: Desk) -> None:
    base, tree = desk.trees({b"x": b"1\n", b"y/a": b"2\n", b"y/b": b"3\n"}, {b"x/new": b"4\n", b"y": b"5\n"})
    files = await structured_diff(desk.shadow, base, tree)
    names = {file.path: file.units[0].id for file in files}
    assert needed_units(files, {names[b"x/new"], names[b"y"], names[b"y/a"]}) == {
        names[b"x/new"]: {names[b"x"]},
        names[b"y"]: {names[b"y/b"]},
    }
    assert needed_units(files, {names[b"x"], names[b"y/a"]}) == {}
    assert needed_units(files, names.values()) == {}


async def test_units_of_another_change_are_not_looked_at(desk: Desk) -> None:
    base, tree = desk.trees(BASE, BASE | {b"other": b"y\n"})
    files = await structured_diff(desk.shadow, base, tree)
    assert await partial_tree(desk.shadow, base, tree, files, {"0" * 20, ""}) == base
    assert await structured_diff(desk.shadow, base, base) == ()


async def test_what_is_missing_is_an_error(desk: Desk) -> None:
    (base,) = desk.trees(BASE)
    with pytest.raises(GitError):
        await structured_diff(desk.shadow, base, "1" * 40)
    with pytest.raises(GitError, match="is not in the repository"):
        await read_blobs(desk.shadow.git, ["2" * 40])
    with pytest.raises(GitError):
        await build_tree(
            desk.shadow.git, base, [TreeEdit(b"other/in", "100644", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")]
        )
    assert not list((desk.shadow.git_dir / "seeds").glob("part-*"))


async def test_contents_are_written_in_their_order(desk: Desk) -> None:
    contents = [b"", b"done\n", b"\0\n", b"blob\nmark :1\n", b"last"]
    written = await write_blobs(desk.shadow.git, contents)
    assert await read_blobs(desk.shadow.git, written) == dict(zip(written, contents, strict=True))
    assert await write_blobs(desk.shadow.git, [b"one"]) == [
        desk.project.git("hash-object", "--stdin", stdin=b"one").decode().strip()
    ]
    assert await write_blobs(desk.shadow.git, []) == []


async def test_a_repository_with_long_ids(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.mkdir()
    project = Repository(path)
    project.git("init", "-q", "--object-format=sha256")
    for name, data in BASE.items():
        project.write(name.decode(), data)
    project.commit()
    base = project.tree()
    project.write("a.py", edited(l3=b"three\n", l30=b"thirty\n"))
    project.write("added", b"1\n")
    project.commit()
    tree = project.tree()
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=path)
    await shadow.open()
    files = await structured_diff(shadow, base, tree)
    assert [[unit.kind.value for unit in file.units] for file in files] == [["hunk", "hunk"], ["hunk"]]
    part = await partial_tree(shadow, base, tree, files, {files[0].units[1].id})
    assert (await read_blobs(shadow.git, [(await structured_diff(shadow, base, part))[0].new_id])).popitem()[
        1
    ] == edited(l30=b"thirty\n")
