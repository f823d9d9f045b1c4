"""Putting lines in the place of others, ids of contents, and reading git's patches."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from boocoder.changes.diff.line_edits import blob_id, splice
from boocoder.changes.diff.model import ID_DIGITS, unit_id
from boocoder.errors import GitError
from boocoder.git.diff.patch import Hunk, PatchedFile, RawChange, parse_raw
from boocoder.git.diff.patch_stream import PatchStream, parse_patched
from tests.fixtures.repository import MakeRepository

OLD, NEW, NONE = "1" * 40, "2" * 40, "0" * 40


def edit(old_start: int, old: tuple[bytes, ...], new: tuple[bytes, ...]) -> Hunk:
    return Hunk(old_start, old, 0, new, len(new), len(old))


@pytest.mark.parametrize(
    ("old", "edits", "new"),
    [
        (b"a\nb\nc\n", [edit(2, (b"b\n",), (b"x\n", b"y\n"))], b"a\nx\ny\nc\n"),
        (b"a\nb\n", [edit(0, (), (b"x\n",)), edit(2, (), (b"y",))], b"x\na\nb\ny"),
        (b"", [edit(0, (), (b"x",))], b"x"),
        (b"x", [edit(1, (b"x",), ())], b""),
        (b"a\r\nb\rc\n", [edit(2, (b"b\rc\n",), (b"d\n",))], b"a\r\nd\n"),
        (b"a\n\x0b\x0c\n", [edit(2, (b"\x0b\x0c\n",), ())], b"a\n"),
    ],
)
def test_splice(old: bytes, edits: list[Hunk], new: bytes) -> None:
    assert splice(old, edits) == new


@pytest.mark.parametrize(
    "edits",
    [
        [edit(1, (b"b\n",), ())],
        [edit(3, (b"c\n",), ())],
        [edit(3, (), (b"x\n",))],
        [edit(2, (b"b\n",), ()), edit(1, (b"a\n",), ())],
        [edit(1, (b"a\n", b"b\n"), ()), edit(1, (), (b"x\n",))],
    ],
)
def test_an_edit_that_does_not_fit_is_refused(edits: list[Hunk]) -> None:
    assert splice(b"a\nb\n", edits) is None


def test_ids_of_contents_are_those_of_git(repository: MakeRepository) -> None:
    project = repository({})
    told = project.git("hash-object", "--stdin", stdin=b"x\r\n\0").decode().strip()
    assert blob_id(b"x\r\n\0", told) == told
    assert blob_id(b"x", "0" * 64) == hashlib.sha256(b"blob 1\0x").hexdigest()


def test_ids_of_units_tell_fields_apart() -> None:
    made = [
        unit_id(b"a", b"bc"),
        unit_id(b"ab", b"c"),
        unit_id(b"a", b"b", b"c"),
        unit_id(b"a\n", b"bc"),
        unit_id(b"abc"),
    ]
    assert len(set(made)) == len(made)
    assert all(len(one) == ID_DIGITS and int(one, 16) >= 0 for one in made)


def record(status: str, *paths: bytes) -> bytes:
    return f":100644 100644 {OLD} {NEW} {status}".encode() + b"".join(b"\0" + path for path in paths) + b"\0"


def test_lines_that_look_like_a_patch_are_counted() -> None:
    patch = (
        b"diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@ diff --git a/y b/y\n"
        b"--- a/x\n-diff --git a/q b/q\n++++ b/x\n+@@ -1 +1 @@\n"
        b"+\\ No newline at end of file\n\\ No newline at end of file\n"
        b'diff --git "a/n\\n" "b/n\\n"\nold mode 100644\nnew mode 100755\n'
    )
    one, two = parse_patched(record("M", b"x") + record("M", b"n\n") + b"\0" + patch)
    (hunk,) = one.hunks
    assert hunk.old_lines == (b"-- a/x\n", b"diff --git a/q b/q\n")
    assert hunk.new_lines == (b"+++ b/x\n", b"@@ -1 +1 @@\n", b"\\ No newline at end of file")
    assert (hunk.additions, hunk.deletions) == (3, 2)
    assert (two.raw.path, two.hunks, two.binary) == (b"n\n", (), False)


def test_unchanged_lines_inside_a_hunk_belong_to_both_sides() -> None:
    patch = b"diff --git a/x b/x\n@@ -4,3 +4,2 @@\n-a\n b\n-c\n+d\n"
    (one,) = parse_patched(record("R090", b"w", b"x") + b"\0" + patch)
    (hunk,) = one.hunks
    assert (one.raw.path, one.raw.old_path, one.raw.base_path) == (b"x", b"w", b"w")
    assert (hunk.old_lines, hunk.new_lines) == ((b"a\n", b"b\n", b"c\n"), (b"b\n", b"d\n"))
    assert (hunk.additions, hunk.deletions) == (1, 2)


@pytest.mark.parametrize(
    "patch",
    [
        b"",
        b"nonsense\n",
        b"diff --git a/x b/x\n@@ -nonsense\n",
        b"diff --git a/x b/x\n@@ -1 +1,2 @@\n-a\n+b\n",
        b"diff --git a/x b/x\n@@ -1,2 +1 @@\n-a\n?b\n+c\n",
        b"diff --git a/x b/x\n@@ -1 +1 @@\n-a\n+b\nmore\n",
        b"diff --git a/x b/x\ndiff --git a/y b/y\n",
    ],
)
def test_what_is_no_patch_is_refused(patch: bytes) -> None:
    with pytest.raises(GitError, match="was not understood"):
        parse_patched(record("M", b"x") + b"\0" + patch)


def test_records_alone() -> None:
    records, _ = parse_raw(record("M", b"a b") + record("T", b"\xff"))
    assert [(one.path, one.status) for one in records] == [(b"a b", "M"), (b"\xff", "T")]
    with pytest.raises(GitError, match="'U'"):
        parse_raw(record("U", b"x"))


def test_every_cut_of_a_real_patch_is_refused_or_whole(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository({"a": "1\n2\n3\n4\n5\n6\n7\n8\n", "b": "x"})
    before = project.tree()
    project.write("a", "1\nx\n3\n4\n5\n6\ny\n8")
    project.write("b", "z")
    project.commit()
    printed = project.git("diff-tree", "-r", "-z", "--raw", "-p", "-U0", "--no-abbrev", before, project.tree())
    whole = parse_patched(printed)
    assert [len(one.hunks) for one in whole] == [2, 1]
    refused = 0
    for end in range(printed.index(b"\0\0") + 2, len(printed)):
        try:
            parse_patched(printed[:end])
        except GitError:
            refused += 1
    assert refused > 0


class Watcher:
    """Records its calls."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.files: list[PatchedFile] = []

    def begin(self, records: Sequence[RawChange]) -> None:
        self.records = [raw.path for raw in records]

    def take(self, one: PatchedFile) -> None:
        self.files.append(one)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 12, 64, 1000])
def test_a_patch_in_pieces_is_the_same_patch(size: int) -> None:
    patch = (
        b"diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n"
        b"-\n-diff --git a/q b/q\n+y\n@@ -9 +8,0 @@\n-z\n"
        b"diff --git a/t b/t\ndeleted file mode 100644\n@@ -1 +0,0 @@\n-t\ndiff --git a/t b/t\nnew file mode 120000\n"
        b"diff --git a/b b/b\nindex 1..2\nBinary files a/b and b/b differ\n"
    )
    printed = record("M", b"x") + record("T", b"t") + record("M", b"b") + b"\0" + patch
    watcher = Watcher()
    stream = PatchStream(watcher)
    for start in range(0, len(printed), size):
        stream.feed(printed[start : start + size])
    assert stream.close() == watcher.files == parse_patched(printed)
    assert watcher.records == [b"x", b"t", b"b"]
    assert [(len(one.hunks), one.binary) for one in watcher.files] == [(2, False), (0, False), (0, True)]


def test_no_difference_is_no_file() -> None:
    assert parse_patched(b"") == []
