"""Checks of `boocoder doctor`, one per requirement; none of them changes anything permanently."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from boocoder.app.http import warnings_of
from boocoder.app.sandbox import build_sandbox
from boocoder.client.discovery import find_service
from boocoder.client.http_client import Client
from boocoder.config.opencode_server import has_own_opencode
from boocoder.config.settings import Settings
from boocoder.db.core.migrate import require_usable
from boocoder.db.server.binaries import find_binaries
from boocoder.errors import BoocoderError, sentences
from boocoder.git.command import Git, require_git
from boocoder.maintenance.data_location import is_copy, original_of
from boocoder.process.sandbox.cache_cleanup import owned_caches
from boocoder.process.sandbox.profile import SandboxMechanism
from boocoder.wire.projects import Project

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
    original = original_of(settings.data_dir)
    if original is not None:
        found = is_copy(settings.data_dir, original)
        return [Check("data directory", False, found.text, found.cure)]
    return [Check("data directory", True, str(settings.data_dir))]


def _nearest_existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _data_dir_failed(settings: Settings, said: str) -> Check:
    return Check("data directory", False, said, "Correct its permissions, or set data_dir to another folder.")


async def check_database(settings: Settings) -> list[Check]:
    """The binaries of the embedded PostgreSQL, or that the configured one can be used."""
    try:
        if not settings.database_url:
            found = await find_binaries()
            return [Check("database", True, f"embedded PostgreSQL {found.major} at {found.postgres.parent}")]
        missing = await require_usable(settings.database_url)
    except BoocoderError as error:
        return [Check("database", False, error.text, error.cure)]
    if not missing:
        return [Check("database", True, "the PostgreSQL of database_url answers, with the schema of this version")]
    said = f"the PostgreSQL of database_url answers; the next start applies {missing} migrations"
    return [Check("database", True, said)]


async def check_service(settings: Settings) -> list[Check]:
    """Whether a service runs, and if not whether its port is free."""
    found = find_service(settings.data_dir)
    if found is not None:
        async with found.client() as client:
            if await client.answers():
                return [Check("service", True, f"runs at {found.url}"), *await _moved_projects(client)]
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


async def check_exposure(settings: Settings) -> list[Check]:
    """Who can reach the service."""
    warnings = warnings_of(settings)
    if not warnings:
        return [Check("reachable from", True, "this machine alone")]
    cure = "Set host = 127.0.0.1 and no allowed_hosts, if this is not what you want."
    return [Check("reachable from", False, " ".join(warnings), cure, needed=False)]


async def _moved_projects(client: Client) -> list[Check]:
    """The projects whose repository is not where it was."""
    return [
        Check(
            "project",
            False,
            f"{one.name} is not at {one.path} any more.",
            f"Say where it is: boocoder projects relink {str(one.id)[:8]} NEW_PATH. Or move it back.",
            needed=False,
        )
        for one in await client.items("/api/projects", Project)
        if one.moved
    ]


async def check_disk(settings: Settings) -> list[Check]:
    """Room for worktrees and snapshots."""
    folder = _nearest_existing(settings.data_dir)
    space = os.statvfs(folder)
    free_mb = space.f_bavail * space.f_frsize // (1024 * 1024)
    ok = free_mb >= MIN_FREE_MB
    caches = await asyncio.to_thread(owned_caches, settings.data_dir)
    used = f"; build caches of agents: {sum(one.size_bytes for one in caches) // (1024 * 1024):,} MiB" if caches else ""
    return [Check("disk", ok, f"{free_mb:,} MiB free at {folder}{used}", "" if ok else "Make room.", needed=False)]


async def check_sandbox(settings: Settings) -> list[Check]:
    """What confines agents here, and which of them run without."""
    wanted, off = settings.sandbox.profile, ", ".join(settings.sandbox.off_agents)
    support = await build_sandbox(settings).find_support()
    works = support.mechanism is not SandboxMechanism.NONE
    said = f"profile {wanted}; this machine has {support.mechanism}" + (f"; without: {off}" if off else "")
    if settings.agents.opencode.enabled:
        said += f"; opencode: {_opencode_server(settings)}"
    if wanted == "off":
        said = f"{said}; agents can read and write everything that you can."
        cure = 'Set sandbox.profile = "auto" to hide your secrets from agents.' if works else support.cure
        return [Check("sandbox", False, sentences(said, support.reason), cure, needed=False)]
    if support.mechanism is SandboxMechanism.BUBBLEWRAP:
        return [Check("sandbox", True, said)]
    if not works:
        said += "; agents run without a sandbox." if wanted == "auto" else "; no agent starts."
    return [
        Check("sandbox", False, sentences(said, support.reason), support.cure, needed=not works and wanted != "auto")
    ]


def _opencode_server(settings: Settings) -> str:
    if has_own_opencode(settings, None):
        return "a server for each session"
    exempt = len(settings.agents.opencode.session_server_projects)
    return "one server for all sessions" + (f", but in {exempt} projects one for each" if exempt else "")


CHECKS: tuple[Checker, ...] = (
    check_python,
    check_git,
    check_data_dir,
    check_disk,
    check_database,
    check_service,
    check_exposure,
    check_sandbox,
)
