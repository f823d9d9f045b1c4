"""Completes a typed path with folders of this machine. Reads names only."""

from __future__ import annotations

import asyncio
import os
from itertools import islice
from pathlib import Path

from boocoder.wire.projects import Folder, FoundFolders

LOOKED_AT_MAX = 20_000  # entries of one folder; what comes after is not looked at
WAIT_S = 3.0  # for a folder on a network that does not answer


async def find_folders(typed: str, limit: int) -> FoundFolders:
    """Folders whose path begins as typed, in any case; none if they cannot be read.

    Args:
        typed: absolute, or from the home directory on, with or without `~/`. Hidden folders need their dot.
        limit: folders at most.
    """
    try:
        async with asyncio.timeout(WAIT_S):
            return await asyncio.to_thread(_find, typed, limit)
    except TimeoutError:
        return FoundFolders((), more=False)


def _find(typed: str, limit: int) -> FoundFolders:
    text = typed if typed.startswith(("/", "~/")) else f"~/{typed.removeprefix('~')}"
    above, _, begun = text.rpartition("/")
    try:
        place = Path(f"{above}/").expanduser()
        names = sorted(_names(place, begun), key=lambda name: (not name.startswith(begun), name.casefold(), name))
        shown = names[:limit]
        folders = tuple(Folder(f"{above}/{name}", _is_checkout(place / name)) for name in shown)
    except (OSError, RuntimeError, ValueError):  # not there, not allowed, no home, or no path at all
        return FoundFolders((), more=False)
    return FoundFolders(folders, more=len(names) > len(shown))


def _names(place: Path, begun: str) -> list[str]:
    with os.scandir(place) as entries:
        return [
            entry.name
            for entry in islice(entries, LOOKED_AT_MAX)
            if entry.name.casefold().startswith(begun.casefold())
            and (begun.startswith(".") or not entry.name.startswith("."))
            and entry.name.isprintable()  # also: no bytes that UTF-8 cannot say
            and _is_folder(entry)
        ]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle, or an unreadable directory
        return False


def _is_checkout(folder: Path) -> bool:
    try:
        return (folder / ".git").exists()
    except OSError:
        return False
