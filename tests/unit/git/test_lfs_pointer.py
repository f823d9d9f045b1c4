"""Pointers of Git LFS: what is one, and how one is written."""

from __future__ import annotations

import hashlib

import pytest

from boocoder.git.lfs.pointer import Pointer, parse_pointer, pointer_bytes

OID = hashlib.sha256(b"content").hexdigest()
PLAIN = b"version https://git-lfs.github.com/spec/v1\noid sha256:%b\nsize 7\n" % OID.encode()
EXTENSION = b"ext-0-crypt sha256:%b\n" % OID.encode()


def test_a_pointer_is_written_as_it_is_read() -> None:
    assert pointer_bytes(OID, 7) == PLAIN
    assert parse_pointer(PLAIN) == Pointer(OID, 7)
    assert pointer_bytes(OID, 0) == b""


def test_what_git_lfs_takes_for_a_pointer_is_one() -> None:
    assert parse_pointer(PLAIN.replace(b"\n", b"\r\n")) == Pointer(OID, 7)
    assert parse_pointer(PLAIN[:-1]) == Pointer(OID, 7)
    assert parse_pointer(PLAIN.replace(b"git-lfs.github.com", b"hawser.github.com")) == Pointer(OID, 7)
    assert parse_pointer(PLAIN.replace(b"oid", EXTENSION + b"oid")) == Pointer(OID, 7, extended=True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text\n",
        PLAIN + b"more\n",
        b"\n" + PLAIN,
        PLAIN.replace(b"sha256", b"sha1"),
        PLAIN.replace(b"spec/v1", b"spec/v2"),
        PLAIN.replace(b"size 7", b"size -7"),
        PLAIN.replace(b"size 7", b"size 07"),
        PLAIN.replace(OID.encode(), OID.upper().encode()),
        PLAIN.replace(b"oid", b"key value\noid"),
        PLAIN.replace(b"oid", EXTENSION * 20 + b"oid"),
    ],
)
def test_anything_else_is_a_content(content: bytes) -> None:
    assert parse_pointer(content) is None
