"""Links the user's packs and loose objects into a project's object store, where no `git gc` of the user's deletes them.

A hard link costs no space and no reading; where the file system allows none, the file is reflinked or copied.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from boocoder.errors import GitError
from boocoder.git.file_links import link_or_copy

ROUNDS_MAX = 20  # a gc that runs at the same time moves objects once or twice
STORE = "user-objects"  # its directory in the shadow repository
ALTERNATES_MAX = 5  # levels that git itself follows (object-file.c)
LOOSE_DIRECTORY = re.compile(r"[0-9a-f]{2}")
_LOOSE = re.compile(r"[0-9a-f]{38}([0-9a-f]{24})?")
_PACK_INDEX = re.compile(r"pack-[0-9a-f]+\.idx")
_BESIDE_PACK = (".pack", ".rev", ".promisor")  # not .bitmap (one a repository), .keep and .mtimes (the owner's gc)


def link_objects(store: Path, lender: Path) -> int:
    """Bring the store up to what the lender holds; returns how many files are new in it. It blocks.

    An object may move from a loose file into a pack, or from pack to pack, while it is looked for: the loose files
    come first, and the packs are listed until a listing finds what the one before has found.

    Args:
        store: the project's object directory; created if missing.
        lender: the user's object directory. Its alternates are followed.

    Raises:
        GitError: `objects_restless`, the lender kept changing.
        OSError: the disk is full, or a file cannot be read.
    """
    (store / "pack").mkdir(parents=True, exist_ok=True)
    (store / "info").mkdir(exist_ok=True)
    return sum(_link_directory(store, directory) for directory in object_directories(lender))


def object_directories(lender: Path) -> list[Path]:
    """An object directory and all that it borrows from."""
    found = [lender]
    level = [lender]
    for _ in range(ALTERNATES_MAX):
        level = [one for directory in level for one in _alternates(directory) if one not in found]
        found += dict.fromkeys(level)
    return found


def _alternates(directory: Path) -> Iterator[Path]:
    with suppress(OSError):
        for line in (directory / "info" / "alternates").read_bytes().split(b"\n"):
            if line and not line.startswith((b"#", b'"')):
                yield Path(os.path.normpath(directory / os.fsdecode(line)))


def _link_directory(store: Path, lender: Path) -> int:
    linked = 0
    for _ in range(ROUNDS_MAX):
        linked += sum(_link_loose(store, lender, name) for name in _names(lender) if LOOSE_DIRECTORY.fullmatch(name))
        packs, steady = _link_packs(store, lender)
        linked += packs
        if steady:
            return linked
    raise GitError(
        "objects_restless", f"The objects in {lender} kept moving while they were read.", "Let `git gc` end there."
    )


def _names(directory: Path) -> set[str]:
    try:
        with os.scandir(directory) as entries:
            return {entry.name for entry in entries}
    except FileNotFoundError:
        return set()


def _link_loose(store: Path, lender: Path, directory: str) -> int:
    new = {name for name in _names(lender / directory) if _LOOSE.fullmatch(name)}
    if new:
        new -= _names(store / directory)
    if new:
        (store / directory).mkdir(exist_ok=True)
    return sum(link_or_copy(lender / directory / name, store / directory / name) for name in new)


def _link_packs(store: Path, lender: Path) -> tuple[int, bool]:
    """Link all packs; returns whether the set of packs did not change in the meantime."""
    linked, steady = 0, True
    before = packs_in(lender)
    for _ in range(ROUNDS_MAX):
        for index in before - packs_in(store):
            done = _link_pack(store / "pack", lender / "pack", index.removesuffix(".idx"))
            linked += done
            steady = steady and done > 0
        after = packs_in(lender)
        if after == before:
            return linked, steady
        before, steady = after, False
    return linked, False


def packs_in(objects: Path) -> set[str]:
    """The names of the index files of all packs of an object directory."""
    return {name for name in _names(objects / "pack") if _PACK_INDEX.fullmatch(name)}


def _link_pack(store: Path, lender: Path, name: str) -> int:
    """The index last: git knows a pack by it. 0 where the pack is gone."""
    for suffix in _BESIDE_PACK:
        if not link_or_copy(lender / (name + suffix), store / (name + suffix)) and suffix == ".pack":
            return 0
    return link_or_copy(lender / f"{name}.idx", store / f"{name}.idx")
