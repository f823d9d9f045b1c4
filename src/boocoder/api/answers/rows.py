"""Copies the fields that a row and its answer share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def from_row(kind: Callable[..., T], row: object, **given: object) -> T:
    """An answer with the row's fields of the same names.

    Args:
        kind: a struct of `boocoder.wire`.
        row: has every field that is not given.
        given: fields that the row does not have, or has in another form.
    """
    names: tuple[str, ...] = getattr(kind, "__struct_fields__")  # noqa: B009 - a callable type has no such attribute
    return kind(**{name: getattr(row, name) for name in names if name not in given}, **given)
