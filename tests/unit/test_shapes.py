"""A shape of the API is declared once: what else has its fields inherits them, or says here why it does not."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any, get_type_hints

import msgspec

import boocoder

SHARED_MIN = 4  # fields of the same name and type
SHARED_SHARE = 0.6  # of the smaller one's fields
SIZE_SHARE = 0.4  # of the larger one's number of fields; a large row also has the fields of what it refers to
DIFFERENT_BY_INTENT = {
    # (wire type, other type) -> why neither derives from the other
    ("FileConflict", "ConflictFile"): "the path of one is text for clients, that of the other bytes of git's",
    ("HookOrder", "NewTask"): "an order has templates, a task what became of them",
    ("MessageFields", "MessageHit"): "a hit names its session and project instead of its task and state",
    ("MessageWithParts", "MessageHit"): "as MessageFields",
    ("PartInfo", "MessagePart"): "the row has its data as JSON, and clients know the parts' order",
    ("PermissionInfo", "StoredRequest"): "one column of the row has a permission's options or a question's questions",
    ("PublishedBranch", "PublishResult"): "the result has the commit and the ref, clients get the branch's name",
    ("ReviewComment", "Comment"): "the path of one is text for clients, that of the other bytes of git's",
    ("ReviewedFile", "FileRow"): "a reviewed file has counts of a parsed diff, a row those of git's",
    ("TurnUsage", "Usage"): "events that backends make are plain dataclasses; only what is encoded is a struct",
    ("TurnUsage", "UsageFrame"): "a frame's fields lie flat beside its envelope",
}


def types() -> Iterator[type]:
    """Every struct and dataclass of the program, by the module that defines it."""
    for found in pkgutil.walk_packages(boocoder.__path__, "boocoder."):
        if found.name.endswith("__main__") or ".programs." in found.name:
            continue  # run by a process of their own
        for value in vars(importlib.import_module(found.name)).values():
            own = isinstance(value, type) and value.__module__ == found.name
            if own and (issubclass(value, msgspec.Struct) or dataclasses.is_dataclass(value)):
                yield value


def fields(kind: type) -> dict[str, Any]:
    names = getattr(kind, "__struct_fields__", None) or [field.name for field in dataclasses.fields(kind)]
    hints = get_type_hints(kind)
    return {name: hints[name] for name in names}


def inherited(one: type, other: type) -> set[str]:
    """Fields that both have from a type that they derive from."""
    bases = (set(one.__mro__) & set(other.__mro__)) - {msgspec.Struct}
    return {name for base in bases if issubclass(base, msgspec.Struct) for name in base.__struct_fields__}


def alike(one: type, other: type) -> bool:
    mine, theirs = fields(one), fields(other)
    once = inherited(one, other)
    shared = [name for name, hint in mine.items() if theirs.get(name) == hint and name not in once]
    small, large = sorted((len(mine), len(theirs)))
    return len(shared) >= SHARED_MIN and len(shared) >= SHARED_SHARE * small and small >= SIZE_SHARE * large


def test_a_shape_of_the_api_is_declared_once() -> None:
    layers = ("boocoder.db.", "boocoder.changes.", "boocoder.intake.", "boocoder.worktrees.", "boocoder.events.")
    every = list(types())
    wire = [kind for kind in every if kind.__module__.startswith("boocoder.wire.")]
    rows = [kind for kind in every if kind.__module__.startswith(layers)]
    assert len(wire) > 40 and len(rows) > 80
    found = {(one.__name__, other.__name__) for one in wire for other in rows if alike(one, other)}
    assert found == DIFFERENT_BY_INTENT.keys()
