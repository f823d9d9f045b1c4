"""The checks behind `boocoder doctor`: each looks at one thing that boocoder needs and changes nothing that stays."""

from __future__ import annotations

import os
import platform
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from boocoder.catalog.models import fetch_models
from boocoder.cli.client import Client
from boocoder.cli.connect import find_service
from boocoder.config.settings import Settings
from boocoder.db.binaries import find_binaries
from boocoder.db.pool import Database
from boocoder.errors import BoocoderError
from boocoder.git.command import Git, require_git

MIN_FREE_MB = 1_024  # a worktree of a large repository and its snapshots
OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Check:
    """What one look found.

    Args:
        name: of the thing.
        ok: whether it works.
        said: what was found, or what is wrong.
        cure: what to do; empty when it works.
        needed: nothing works without it; otherwise a failing check is a hint.
    """

    name: str
    ok: bool
    said: str
    cure: str = ""
    needed: bool = True


Checker = Callable[[Settings], Awaitable[list[Check]]]


async def check_python(settings: Settings) -> list[Check]:
    """The interpreter."""
    said = f"Python {platform.python_version()} at {sys.executable}"
    return [
        Check(
            "python",
            sys.version_info >= OLDEST_PYTHON,
            said,
            "" if sys.version_info >= OLDEST_PYTHON else "Use 3.11 or newer.",
        )
    ]


async def check_git(settings: Settings) -> list[Check]:
    """git and its version."""
    try:
        version = await require_git(Git(cwd=Path("/")))
    except BoocoderError as error:
        return [Check("git", False, error.text, error.cure)]
    return [Check("git", True, ".".join(map(str, version)))]


async def check_data_dir(settings: Settings) -> list[Check]:
    """That the data directory, or the first folder above it that exists, can be written and is private."""
    folder = _nearest_existing(settings.data_dir)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return [_data_dir_failed(settings, f"{folder} cannot be written: {error.strerror}.")]
    if settings.data_dir.exists() and settings.data_dir.stat().st_mode & 0o077:
        cure = f"Run: chmod 700 '{settings.data_dir}'"
        return [Check("data directory", False, f"{settings.data_dir} can be read by other users.", cure, needed=False)]
    return [Check("data directory", True, str(settings.data_dir))]


def _nearest_existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _data_dir_failed(settings: Settings, said: str) -> Check:
    return Check("data directory", False, said, "Correct its permissions, or set data_dir to another folder.")


async def check_database(settings: Settings) -> list[Check]:
    """The binaries of the embedded PostgreSQL, or that the configured one answers."""
    try:
        if not settings.database_url:
            found = await find_binaries()
            return [Check("database", True, f"embedded PostgreSQL {found.major} at {found.postgres.parent}")]
        database = Database(dsn=settings.database_url, size=1, relaxed_size=1)
        try:
            await database.open()
        finally:
            await database.close()
    except BoocoderError as error:
        return [Check("database", False, error.text, error.cure)]
    return [Check("database", True, "the PostgreSQL of database_url answers")]


async def check_service(settings: Settings) -> list[Check]:
    """Whether a service runs, and if not whether its port is free."""
    found = find_service(settings.data_dir)
    if found is not None:
        async with Client(url=found[0], token=found[1]) as client:
            if await client.answers():
                return [Check("service", True, f"runs at {found[0]}")]
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the service itself binds: connections of an earlier run that still linger are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except (OSError, UnicodeError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            said = f"{settings.host} port {settings.port} cannot be used: {why}."
            return [Check("port", False, said, "Stop the program that uses it, or set another port.")]
    return [Check("port", True, f"{settings.host} port {settings.port} is free; no service runs")]


async def check_model_server(settings: Settings) -> list[Check]:
    """The model server, if one is set."""
    server = settings.models
    if not server.base_url:
        return [Check("model server", True, "none set; agents use their own models", needed=False)]
    try:
        models = await fetch_models(server.base_url, api_key=server.api_key)
    except BoocoderError as error:
        return [Check("model server", False, error.text, error.cure, needed=False)]
    if not models:
        return [Check("model server", False, f"{server.base_url} lists no model.", "Load one.", needed=False)]
    if server.default and server.default not in models:
        said = f"{server.base_url} has no model {server.default}."
        return [
            Check("model server", False, said, f"Set models.default to one of: {', '.join(models[:8])}", needed=False)
        ]
    return [Check("model server", True, f"{server.base_url}: {', '.join(models[:8])}")]


async def check_disk(settings: Settings) -> list[Check]:
    """Room for worktrees and snapshots."""
    folder = _nearest_existing(settings.data_dir)
    space = os.statvfs(folder)
    free_mb = space.f_bavail * space.f_frsize // (1024 * 1024)
    ok = free_mb >= MIN_FREE_MB
    return [Check("disk", ok, f"{free_mb:,} MiB free at {folder}", "" if ok else "Make room.", needed=False)]


CHECKS: tuple[Checker, ...] = (
    check_python,
    check_git,
    check_data_dir,
    check_disk,
    check_database,
    check_service,
    check_model_server,
)
