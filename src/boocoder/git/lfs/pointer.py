"""Reads and writes pointers of Git LFS (git-lfs, docs/spec.md). Standard library only."""

from __future__ import annotations

import re
from typing import NamedTuple

POINTER_MAX_BYTES = 1024  # the specification: a pointer is shorter
_VERSIONS = rb"https://git-lfs\.github\.com/spec/v1|https://hawser\.github\.com/spec/v1|http://git-media\.io/v/2"
_POINTER = re.compile(
    rb"version (?:" + _VERSIONS + rb")\r?\n"
    rb"((?:ext-\d-[\w.-]+ sha256:[0-9a-f]{64}\r?\n)*)"
    rb"oid sha256:([0-9a-f]{64})\r?\nsize (0|[1-9][0-9]{0,18})(?:\r?\n)?"
)


class Pointer(NamedTuple):
    """What a pointer names.

    Args:
        oid: SHA-256 of the content, in hex.
        size: of the content, in bytes.
        extended: whether extensions of git-lfs changed the content, so that it is not what the file holds.
    """

    oid: str
    size: int
    extended: bool = False


def parse_pointer(content: bytes) -> Pointer | None:
    """The pointer that a file's whole content is; None where it is none."""
    if len(content) >= POINTER_MAX_BYTES:
        return None
    found = _POINTER.fullmatch(content)
    return None if found is None else Pointer(found[2].decode(), int(found[3]), bool(found[1]))


def pointer_bytes(oid: str, size: int) -> bytes:
    """A pointer as git-lfs writes it; nothing for an empty file, which is its own pointer."""
    if size == 0:
        return b""
    return b"version https://git-lfs.github.com/spec/v1\noid sha256:%b\nsize %d\n" % (oid.encode(), size)
