"""Problem answers (RFC 9457) and the conflicts of a change."""

from __future__ import annotations

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """One invalid value: its place (`prompt`, `query limit`, `path task_id`) and what is wrong with it.

    For a change that cannot be applied: a file and its conflict.
    """

    field: str
    message: str


class ConflictRegion(msgspec.Struct, frozen=True):
    """Lines that both sides changed.

    Args:
        line: 1-based line of the user's file where they begin.
        base, ours, theirs: their text in the base, in the checkout and in the change; bytes that are not UTF-8 are
            escaped.
        cut: whether one of the texts was shortened.
    """

    line: int
    base: str
    ours: str
    theirs: str
    cut: bool


class FileConflict(msgspec.Struct, frozen=True):
    """A file that conflicts with a change, with both sides. `path_coded` says that bytes are percent-coded.

    Args:
        reason: stable name for machines.
        text: in words.
        regions: the base's lines, the user's (ours) and the change's (theirs).
        base_size, ours_size, theirs_size: bytes; null where there is no such side, or none was compared.
        more: further regions that are not listed.
    """

    path: str
    path_coded: bool
    reason: str
    text: str
    regions: tuple[ConflictRegion, ...]
    base_size: int | None
    ours_size: int | None
    theirs_size: int | None
    more: int


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every answer that is not a success.

    Args:
        type: `urn:boocoder:problem:<code>`.
        title: the status in words.
        status: the HTTP status.
        detail: what failed and with which value.
        code: stable name for machines.
        cure: what to do; empty when nothing can be done.
        errors: the invalid values of a request.
        conflicts: of a change that cannot be applied, file by file.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    cure: str
    errors: tuple[FieldError, ...] = ()
    conflicts: tuple[FileConflict, ...] = ()
