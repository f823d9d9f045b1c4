"""Gives disk space back that the object store holds for packs which the user's repository has replaced."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from boocoder.git.shadow.object_store import LOOSE_DIRECTORY, object_directories, packs_in
from boocoder.git.shadow.objects import PACK_TIMEOUT_S, ShadowGit
from boocoder.model.ids import new_id

KEPT_SUFFIX = ".boocoder"  # marks a pack of objects that the user's repository has dropped


@dataclass(frozen=True, slots=True)
class StoreCleanup:
    """What a cleanup did.

    Args:
        packs: how many replaced packs were deleted.
        kept_objects: how many objects only they held; they were packed again.
    """

    packs: int = 0
    kept_objects: int = 0


async def clean_store(shadow: ShadowGit, store: Path, lender: Path) -> StoreCleanup:
    """Delete packs that the user's repository no longer has. No object is lost: sessions may need any of them.

    Call it right after `link_objects`, with the store locked.

    Args:
        store: the project's object store.
        lender: the user's object directory.

    Raises:
        GitError: git failed; nothing was deleted.
    """
    stale = await asyncio.to_thread(_stale_packs, store, lender)
    if not stale:
        return StoreCleanup()
    without = store.with_name(f".{store.name}-{new_id().hex}")
    try:
        await asyncio.to_thread(_view_without, store, stale, without)
        ids = await _ids(shadow, store, stale)
        alone = await _missing(shadow, without, ids)
        if alone:
            await _keep(shadow, store, alone)
        await asyncio.to_thread(_delete, store, stale)
        await shadow("prune-packed", "-q", variables={"GIT_OBJECT_DIRECTORY": str(store)}, borrow=False)
    finally:
        await asyncio.to_thread(shutil.rmtree, without, ignore_errors=True)
    return StoreCleanup(len(stale), len(alone))


def _stale_packs(store: Path, lender: Path) -> list[str]:
    there = set[str]().union(*(packs_in(directory) for directory in object_directories(lender)))
    gone = (name.removesuffix(".idx") for name in packs_in(store) - there)
    return sorted(name for name in gone if not (store / "pack" / (name + KEPT_SUFFIX)).exists())


def _view_without(store: Path, stale: Iterable[str], view: Path) -> None:
    """An object directory that has everything of the store but the stale packs."""
    (view / "pack").mkdir(parents=True)
    for directory in store.iterdir():
        if LOOSE_DIRECTORY.fullmatch(directory.name):
            (view / directory.name).symlink_to(directory)
    left_out = set(stale)
    for file in (store / "pack").iterdir():
        if file.stem not in left_out:
            os.link(file, view / "pack" / file.name)


async def _ids(shadow: ShadowGit, store: Path, packs: Iterable[str]) -> list[str]:
    ids: set[str] = set()
    for name in packs:
        index = await asyncio.to_thread((store / "pack" / f"{name}.idx").read_bytes)
        listed = await shadow("show-index", stdin=index, timeout_s=PACK_TIMEOUT_S)
        ids.update(line.split(b" ")[1].decode() for line in listed.splitlines())
    return sorted(ids)


async def _missing(shadow: ShadowGit, objects: Path, ids: Iterable[str]) -> list[str]:
    listed = await shadow(
        "cat-file", "--batch-check=%(objectname)", "--buffer",
        borrow=False, stdin="".join(f"{one}\n" for one in ids).encode(),
        variables={"GIT_OBJECT_DIRECTORY": str(objects)}, timeout_s=PACK_TIMEOUT_S,
    )  # fmt: skip
    return [line.split(b" ")[0].decode() for line in listed.splitlines() if line.endswith(b" missing")]


async def _keep(shadow: ShadowGit, store: Path, ids: Iterable[str]) -> None:
    stdin = "".join(f"{one}\n" for one in ids).encode()
    made = await shadow("pack-objects", "-q", str(store / "pack" / "pack"), stdin=stdin, timeout_s=PACK_TIMEOUT_S)
    for name in made.decode().split():
        (store / "pack" / f"pack-{name}{KEPT_SUFFIX}").touch()


def _delete(store: Path, packs: Iterable[str]) -> None:
    """The index first: git no longer looks into a pack without one."""
    for name in packs:
        for suffix in (".idx", ".rev", ".promisor", ".pack"):
            (store / "pack" / (name + suffix)).unlink(missing_ok=True)
