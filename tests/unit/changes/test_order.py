"""The order in which a change is written, and paths as text."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from hypothesis import given
from hypothesis import strategies as st

from boocoder.changes.apply.files.placing import temporary_name
from boocoder.changes.apply.files.write_order import in_order
from boocoder.changes.diff.statistics import path_text
from boocoder.git.diff.tree_diff import NO_MODE, ChangedFile


def step(path: bytes, old: str = NO_MODE, new: str = NO_MODE) -> ChangedFile:
    status = "A" if old == NO_MODE else "D" if new == NO_MODE else "M"
    return ChangedFile(path, status, old, new, "0" * 40, "0" * 40)  # type: ignore[arg-type]


def test_deletions_make_room_and_attributes_come_last() -> None:
    steps = [
        step(b".gitattributes", "100644", "100644"),
        step(b"a", "100644"),
        step(b"a/b/c", new="100644"),
        step(b"d", new="100644"),
        step(b"d/.gitattributes", "100644"),
        step(b"d/e", "100644"),
        step(b"f/.gitattributes", "100644"),
        step(b"z", "100644", "100755"),
    ]
    assert [one.path for one in in_order(steps)] == [
        b"d/e",
        b"d/.gitattributes",
        b"a",
        b"a/b/c",
        b"d",
        b"z",
        b".gitattributes",
        b"f/.gitattributes",
    ]


def test_tens_of_thousands_of_deletions_are_ordered_without_comparing_each_with_each() -> None:
    compared = 0

    class Counted(bytes):
        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return bytes(self) == other

        __hash__ = bytes.__hash__

    in_order([step(Counted(b"d/%d" % number), old="100644") for number in range(2_000)])
    assert compared < 20_000


@given(st.lists(st.binary(min_size=1, max_size=6).filter(lambda name: b"\0" not in name), unique=True))
def test_every_step_is_done_once(paths: list[bytes]) -> None:
    modes = (("100644", NO_MODE), (NO_MODE, "100644"), ("100644", "100755"))
    steps = [step(path, *modes[len(path) % 3]) for path in paths]
    assert sorted(one.path for one in in_order(steps)) == sorted(paths)


@given(st.binary(min_size=1, max_size=60).filter(lambda name: b"\0" not in name))
def test_paths_become_text_without_loss(path: bytes) -> None:
    text, coded = path_text(path)
    assert (unquote_to_bytes(text) if coded else text.encode()) == path


def test_temporary_names_are_stable_and_short() -> None:
    assert temporary_name(b"a/b") == temporary_name(b"a/b") != temporary_name(b"a/c")
    assert len(temporary_name(b"x" * 4000)) < 40
