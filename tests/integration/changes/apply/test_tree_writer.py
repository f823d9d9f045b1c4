"""Writing files of a checkout: paths that change between the look and the write, and many files at once."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from boocoder.changes.apply.files import placing, tree_writer
from boocoder.changes.apply.files.placing import PathOccupied, temporary_name
from boocoder.changes.apply.files.safe_fs import SafeDirectory
from boocoder.changes.apply.files.tree_writer import TreeWriter
from boocoder.git.diff.merge import ConflictKind
from boocoder.git.diff.tree_diff import NO_MODE, ChangedFile
from tests.fixtures.changes.random_tree import content_of

FILE = "100644"
MANY = tree_writer.FILES_SYNCED_SINGLY + 6


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    for name in ("checkout", "staged", "undo"):
        (tmp_path / name).mkdir()
    yield tmp_path / "checkout"


def added(path: str) -> ChangedFile:
    return ChangedFile(path.encode(), "A", NO_MODE, FILE, "0" * 40, "1" * 40)


def modified(path: str) -> ChangedFile:
    return ChangedFile(path.encode(), "M", FILE, FILE, "1" * 40, "2" * 40)


def deleted(path: str) -> ChangedFile:
    return ChangedFile(path.encode(), "D", FILE, NO_MODE, "1" * 40, "0" * 40)


def looked(root: Path, steps: list[ChangedFile]) -> TreeWriter:
    """A writer that has looked at the files as they are now; every new content is staged."""
    for step in steps:
        target = root.parent / "staged" / step.path.decode()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"new " + step.path)
    writer = TreeWriter(
        root=SafeDirectory(root),
        steps=steps,
        staged=root.parent / "staged",
        undo=root.parent / "undo",
        file_mode=True,
    )
    writer.look()
    return writer


def old(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"old")


def swap(root: Path, name: str) -> Path:
    """Replace a directory by a symbolic link to a directory elsewhere, as an attacker would."""
    elsewhere = root.parent / "elsewhere"
    shutil.move(root / name, elsewhere)
    (root / name).symlink_to(elsewhere)
    return elsewhere


@pytest.mark.parametrize("count", [1, MANY])
def test_a_directory_that_becomes_a_link_while_writing_is_a_conflict(root: Path, count: int) -> None:
    names = [f"d/{number:03d}" for number in range(count)]
    old(root, "a", *names)
    writer = looked(root, [modified("a"), *map(modified, names), added("d/new")])
    assert writer.judge(()) == []
    elsewhere = swap(root, "d")
    before = content_of(elsewhere)
    conflicts = writer.write()
    assert [one.kind for one in conflicts] == [ConflictKind.CHANGED_MEANWHILE]
    assert content_of(elsewhere) == before
    assert (root / "a").read_bytes() == b"old"


def test_a_directory_that_becomes_a_link_while_judging_is_a_conflict(root: Path) -> None:
    old(root, "d/one")
    writer = looked(root, [modified("d/one")])
    swap(root, "d")
    assert [one.path for one in writer.judge({b"d/one"})] == [b"d/one"]


def test_a_path_that_cannot_be_looked_at_is_a_conflict(root: Path) -> None:
    name = "n" * 300  # longer than the system allows
    step = ChangedFile(name.encode(), "D", FILE, NO_MODE, "1" * 40, "0" * 40)
    writer = TreeWriter(
        root=SafeDirectory(root), steps=[step], staged=root.parent, undo=root.parent / "undo", file_mode=True
    )
    writer.look()
    assert [one.path for one in writer.judge(())] == [name.encode()]
    (root / temporary_name(b"taken").decode()).mkdir()
    SafeDirectory(root).drop_temporary(b"taken")


@pytest.mark.parametrize("taken", [None, "new/050"])
def test_many_files_are_written_all_or_nothing(root: Path, taken: str | None) -> None:
    names = [f"new/{number:03d}" for number in range(MANY)]
    old(root, "kept", "changed")
    steps = [modified("changed"), *map(added, names)]
    writer = looked(root, steps)
    assert writer.judge(()) == []
    if taken is not None:
        old(root, taken)
    before = content_of(root)
    conflicts = writer.write()
    if taken is None:
        assert conflicts == []
        new = {name.encode(): ("file", False, b"new " + name.encode()) for name in [*names, "changed"]}
        assert content_of(root) == {**before, **new}
    else:
        assert [one.path for one in conflicts] == [taken.encode()]
        assert content_of(root) == before


def test_new_directories_come_whole_and_go_again_but_for_what_a_person_edited_in_them(root: Path) -> None:
    names = [f"new/{number % 3}/{number:03d}" for number in range(MANY)]
    old(root, "taken")
    steps = [*map(added, names), modified("taken")]
    writer = looked(root, steps)
    assert writer.judge(()) == []
    inode = (root.parent / "staged" / "new").stat().st_ino
    assert writer.write() == []
    assert (root / "new").stat().st_ino == inode  # it was moved, not its files one by one
    (root / names[0]).write_bytes(b"edited")
    (root / "new" / "mine").write_bytes(b"mine")
    assert [one.path for one in writer.take_back()] == [names[0].encode()]
    assert content_of(root) == {
        b"taken": ("file", False, b"old"),
        names[0].encode(): ("file", False, b"edited"),
        b"new/mine": ("file", False, b"mine"),
    }


def test_a_deleted_file_that_is_replaced_at_the_last_moment_stays(root: Path) -> None:
    old(root, "gone")
    directory = SafeDirectory(root)
    seen = directory.look(b"gone")
    (root / "gone").write_bytes(b"written since")
    with pytest.raises(PathOccupied):
        directory.move_out(b"gone", root.parent / "undo" / "0", seen)
    assert content_of(root) == {b"gone": ("file", False, b"written since")}


def test_a_directory_that_is_moved_while_files_are_written_into_it_is_noticed(root: Path) -> None:
    old(root, "d/one", "e/one")
    directory = SafeDirectory(root)
    with pytest.raises(PathOccupied), directory.held_open():
        directory.delete(b"d/one")
        swap(root, "d")
        directory.delete(b"e/one")


def test_many_deletions_leave_no_empty_directory(root: Path) -> None:
    names = [f"old/{number % 7}/{number:04d}" for number in range(MANY)]
    old(root, "kept/one", *names)
    writer = looked(root, [deleted(name) for name in [*names, "kept/one"]])
    (root / "kept" / "untracked").write_bytes(b"mine")
    files = {name: (root / name).stat() for name in names}
    assert writer.judge(()) == []
    assert writer.write() == []
    assert content_of(root) == {b"kept/untracked": ("file", False, b"mine")}
    assert sorted(path.name for path in root.iterdir()) == ["kept"]
    assert writer.take_back() == []
    assert {path.decode() for path in content_of(root)} == {"kept/untracked", "kept/one", *names}
    back = {name: (root / name).stat() for name in names}  # the same files: there may be no room for copies
    assert all(
        (back[name].st_ino, back[name].st_mtime_ns) == (was.st_ino, was.st_mtime_ns) for name, was in files.items()
    )


def test_a_file_put_back_where_moves_may_replace_keeps_its_name(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old(root, "gone")
    directory = SafeDirectory(root)
    seen = directory.look(b"gone")
    (root / "gone").write_bytes(b"written since")
    monkeypatch.setattr(placing, "move_new", lambda *_: False)  # as on NFS
    with pytest.raises(PathOccupied):
        directory.move_out(b"gone", root.parent / "undo" / "0", seen)
    assert content_of(root) == {b"gone": ("file", False, b"written since")}


def test_new_files_get_no_group_from_where_they_were_staged(root: Path) -> None:
    names = [f"new/{number:03d}" for number in range(MANY)]
    (root.parent / "staged").chmod(0o2755)
    writer = looked(root, [*map(added, names)])
    assert (root.parent / "staged" / "new").stat().st_mode & stat.S_ISGID
    assert writer.judge(()) == []
    assert writer.write() == []
    assert set(content_of(root)) == {name.encode() for name in names}
    assert not (root / "new").stat().st_mode & stat.S_ISGID


def test_a_root_that_is_a_symbolic_link_is_refused(root: Path) -> None:
    link = root.with_name("link")
    link.symlink_to(root)
    with pytest.raises(NotADirectoryError):
        SafeDirectory(link)
