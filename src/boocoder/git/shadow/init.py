"""Creates a shadow repository's git directory with its own configuration."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from boocoder.git.command import Git
from boocoder.git.shadow.object_store import STORE
from boocoder.git.user.settings import UserSettings
from boocoder.model.ids import new_id

PASSING_MAX_S = 6 * 3600.0  # far longer than any single git call
CHECKOUT_WORKERS_MAX = 4  # processes that write a worktree's files; more wait for one another in the same directory

_ALTERNATES = b"../" + STORE.encode() + b"\n"
_CONFIG: Mapping[str, Mapping[str, str]] = {
    "core": {
        "bare": "true",
        "hooksPath": os.devnull,
        "fsmonitor": "false",
        "attributesFile": os.devnull,
        "untrackedCache": "false",
        "splitIndex": "false",
        "bigFileThreshold": "64m",
        "fsync": "committed",  # a snapshot that the database knows is on the disk
        "fsyncMethod": "batch",
    },
    "index": {"sparse": "false", "version": "2"},
    "gc": {"auto": "0"},
    "maintenance": {"auto": "false"},
    "advice": {"detachedHead": "false"},
    "diff": {"renames": "false", "ignoreSubmodules": "all"},
    "merge": {"directoryRenames": "false", "renames": "true", "conflictStyle": "merge"},
    "protocol": {"allow": "never"},
    "submodule": {"recurse": "false"},
    "checkout": {"workers": str(max(1, min(CHECKOUT_WORKERS_MAX, os.cpu_count() or 1)))},
}


async def make_shadow_directory(
    git_dir: Path, *, object_format: str, settings: UserSettings, more_excludes: bytes = b""
) -> None:
    """Create the directory if it is missing, and write its configuration again.

    It comes into being whole by a rename, so that several calls at once, or one that is killed, do no harm.

    Args:
        git_dir: its path, existing or not.
        object_format: `sha1` or `sha256`, as the user's repository has it.
        settings: what it follows of the user's settings.
        more_excludes: ignore patterns beside the user's, as bytes of one file.
    """
    if not (git_dir / "HEAD").is_file():
        await _create(git_dir, object_format)
    await asyncio.to_thread(_sweep, git_dir)
    extensions = {"objectFormat": object_format} if object_format != "sha1" else {}
    _replace(git_dir / "config", _config_text(settings, extensions))
    (git_dir / "info").mkdir(exist_ok=True)
    (git_dir / STORE / "pack").mkdir(parents=True, exist_ok=True)
    _replace(git_dir / "objects" / "info" / "alternates", _ALTERNATES)
    _replace(git_dir / "info" / "exclude", settings.excludes + more_excludes)
    _replace(git_dir / "info" / "attributes", settings.attributes)


async def _create(git_dir: Path, object_format: str) -> None:
    parent = git_dir.parent
    parent.mkdir(parents=True, exist_ok=True)
    made = parent / f".{git_dir.name}-{new_id().hex}"
    try:
        await Git(parent)("init", "-q", "--bare", "--template=", f"--object-format={object_format}", str(made))
        for name in ("seeds", "info"):
            (made / name).mkdir(exist_ok=True)
        try:
            made.rename(git_dir)
        except OSError:
            if not (git_dir / "HEAD").is_file():  # another process was first, else it is a real failure
                raise
    finally:
        await asyncio.to_thread(shutil.rmtree, made, ignore_errors=True)


def _sweep(git_dir: Path) -> None:
    """Delete what a process that was killed left of its passing files; those of a live one are younger."""
    oldest = time.time() - PASSING_MAX_S
    for left in (
        *git_dir.glob("staging/*"),
        *git_dir.glob("seeds/dirty-*"),
        *git_dir.glob("seeds/submodule-*"),
        *git_dir.glob("lfs/incoming/*"),
        *git_dir.glob("sessions/.*"),
        *git_dir.parent.glob(f".{git_dir.name}-*"),
    ):
        with suppress(OSError):
            if left.stat().st_mtime > oldest:
                continue
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink()


def _config_text(settings: UserSettings, extensions: Mapping[str, str]) -> bytes:
    core = {**_CONFIG["core"], "repositoryFormatVersion": "1" if extensions else "0"}
    core |= {key.removeprefix("core."): value for key, value in settings.core.items()}
    sections = {**_CONFIG, "core": core}
    if extensions:
        sections["extensions"] = extensions
    lines: list[str] = []
    for section, values in sections.items():
        lines.append(f"[{section}]")
        lines.extend(f"\t{key} = {value}" for key, value in values.items())
    return "\n".join(lines).encode() + b"\n"


def _replace(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    made = path.with_name(f".{path.name}-{new_id().hex}")
    made.write_bytes(content)
    made.replace(path)
