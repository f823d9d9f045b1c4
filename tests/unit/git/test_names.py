"""Names that reach git are ours or are refused; what git prints is read byte by byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.errors import GitError
from boocoder.git.diff import merge, tree_diff
from boocoder.git.refs import check_id, check_ref, delete_ref, list_refs, read_ref, write_ref
from boocoder.git.shadow import snapshot
from boocoder.git.submodules.links import gitlinks
from boocoder.git.user import settings

TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@pytest.mark.parametrize(
    "ref",
    [
        "", "HEAD", "refs/heads/main", "refs/boocoder", "refs/boocoder/", "refs/boocoder//a", "refs/boocoder/a/",
        "refs/boocoder/../../config", "refs/boocoder/a..b", "refs/boocoder/.a", "refs/boocoder/-a", "refs/boocoder/a b",
        "refs/boocoder/a.lock", "refs/boocoder/a\n", "refs/boocoder/a~1", "refs/boocoder/@{0}", "-d", "--help",
    ],
)  # fmt: skip
def test_foreign_refs_are_refused(ref: str) -> None:
    with pytest.raises(GitError) as error:
        check_ref(ref)
    assert error.value.code == "ref_invalid"


@pytest.mark.parametrize("name", ["", "HEAD", TREE[:-1], TREE + "0", TREE.upper(), TREE + "\n", "-" + TREE[1:]])
def test_what_is_no_full_id_is_refused(name: str) -> None:
    with pytest.raises(GitError) as error:
        check_id(name)
    assert error.value.code == "object_id_invalid"


def test_refs_are_written_read_listed_and_forgotten(tmp_path: Path) -> None:
    ref = "refs/boocoder/6f1c/9d_2"
    assert read_ref(tmp_path, ref) is None
    write_ref(tmp_path, ref, TREE)
    write_ref(tmp_path, ref, "a" * 64)
    assert read_ref(tmp_path, ref) == "a" * 64
    assert read_ref(tmp_path, ref + "/below") is None
    assert list_refs(tmp_path) == [ref]
    delete_ref(tmp_path, ref)
    delete_ref(tmp_path, ref)
    assert list_refs(tmp_path) == []


def test_raw_and_numstat_are_joined_by_path() -> None:
    zero = "0" * 40
    printed = (
        f":000000 100644 {zero} {TREE} A\0new\tname\n\0:100644 120000 {TREE} {zero} T\0\0"
        f":100755 000000 {TREE} {zero} D\0b\xff\0"
    ).encode("latin-1") + b"3\t0\tnew\tname\n\0-\t-\tb\xff\0"
    raw, numbers = tree_diff._split(printed)
    files = list(tree_diff._files(raw, tree_diff._counts(numbers), {TREE: 7}))
    assert [(one.path, one.status, one.additions, one.binary) for one in files] == [
        (b"new\tname\n", "A", 3, False),
        (b"", "T", None, True),
        (b"b\xff", "D", None, True),
    ]
    assert (files[0].old_size, files[0].new_size) == (None, 7)


def test_conflicts_are_named_by_their_stages() -> None:
    stages = {b"both": (1, 2, 3), b"here": (1, 3), b"there": (1, 2), b"tab\tadded": (2, 3), b"alone": (2,)}
    entries = [b"100644 %s %d\t%s" % (TREE.encode(), one, path) for path, found in stages.items() for one in found]
    assert {one.path: one.kind.value for one in merge._conflicts([*entries, b""])} == {
        b"both": "both_modified",
        b"here": "deleted_here",
        b"there": "deleted_there",
        b"tab\tadded": "both_added",
        b"alone": "other",
    }


def test_only_harmless_values_of_settings_pass() -> None:
    assert settings._normalised("core.autocrlf", "INPUT") == "input"
    assert settings._normalised("core.autocrlf", "yes") == "true"
    assert settings._normalised("core.filemode", "off") == "false"
    assert settings._normalised("core.filemode", "") == "true"
    assert settings._normalised("core.eol", "lf\n[core]\n\tfsmonitor = x") is None
    assert settings._normalised("core.eol", "true") is None
    listed = (
        b"global\0file:/g\0core.autocrlf\ntrue\0local\0file:.git/config\0core.FileMode\nfalse\0"
        b"local\0file:.git/config\0core.pager\n!x\n y\0"
    )
    assert list(settings._entries(listed)) == [
        ("global", "file:/g", "core.autocrlf", "true"),
        ("local", "file:.git/config", "core.filemode", "false"),
        ("local", "file:.git/config", "core.pager", "!x\n y"),
    ]


@pytest.mark.parametrize("path", [b".GIT/x", b"a/.git", b"git~1", b"a/GIT~1 ./b", b".git. ", b"a\\.git\\x", b".git:x"])
def test_spellings_of_git_are_told(path: bytes) -> None:
    assert snapshot._GIT_NAME.search(path)


@pytest.mark.parametrize("path", [b".gitignore", b"a.git", b".github/x", b"git~10", b"legit", b"x/.gitmodules"])
def test_other_names_pass(path: bytes) -> None:
    assert not snapshot._GIT_NAME.search(path)


def test_submodules_are_found_in_listings() -> None:
    listed = b"100644 %s 0\ta\x00160000 %s 0\tsub\tx\0" % (TREE.encode(), TREE.encode())
    assert list(gitlinks(listed)) == [(b"sub\tx", TREE)]
