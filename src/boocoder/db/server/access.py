"""Who may connect to the embedded server: the holder of a random password that no child process gets."""

from __future__ import annotations

import os
import secrets
import signal
from contextlib import suppress
from pathlib import Path

import asyncpg

from boocoder.db.core.driver_errors import DRIVER_ERRORS
from boocoder.db.core.statements import load_statements
from boocoder.db.server.cluster import ROLE, Cluster, postmaster_pid
from boocoder.errors import Unavailable

CONNECT_TIMEOUT_S = 5.0
_HEAD = "# Written by boocoder at its start; changes are lost.\n"
_LOCKED = f"{_HEAD}local all all scram-sha-256\n"
_OPEN = f"{_HEAD}local all all trust\n"


def prepare_access(cluster: Cluster) -> None:
    """Make the password file if it is missing, for this user alone.

    A server that asks for a password which is lost is opened until `lock_access` has set the new one.
    """
    if cluster.passfile.is_file():
        cluster.passfile.chmod(0o600)
        return
    fresh = cluster.passfile.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f"*:*:*:{ROLE}:{secrets.token_hex(32)}\n")  # the format of libpq's password file
        file.flush()
        os.fsync(handle)
    fresh.replace(cluster.passfile)
    if _is_locked(cluster):
        _write_rules(cluster, _OPEN)
        if pid := postmaster_pid(cluster.path):
            with suppress(OSError):
                os.kill(pid, signal.SIGHUP)


async def lock_access(cluster: Cluster, dsn: str) -> None:
    """Have the running server ask for the password, also one that was made to trust every local user.

    Args:
        cluster: whose `prepare_access` has been done.
        dsn: of any database in it.

    Raises:
        Unavailable: the server refused.
    """
    if _is_locked(cluster):
        return
    try:
        await _set_password(cluster, dsn)
    except DRIVER_ERRORS as error:
        text = f"The embedded PostgreSQL for {cluster.path} did not take its password: {error}."
        raise Unavailable("postgres_password_failed", text, "Start boocoder again; its log may say more.") from error


async def _set_password(cluster: Cluster, dsn: str) -> None:
    password = cluster.passfile.read_text().strip().rpartition(":")[2]
    statements = load_statements("embedded")
    connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S)
    try:
        await connection.execute(statements["offer_password"], password)
        await connection.execute(statements["set_password"])
        _write_rules(cluster, _LOCKED)
        await connection.execute(statements["reload_rules"])
    finally:
        connection.terminate()


def _is_locked(cluster: Cluster) -> bool:
    try:
        return _rules(cluster).read_text() == _LOCKED
    except OSError:
        return False


def _write_rules(cluster: Cluster, text: str) -> None:
    """Replace pg_hba.conf; it stays the property of the server's user."""
    path = _rules(cluster)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    owner = (cluster.path / "PG_VERSION").stat()
    os.chown(fresh, owner.st_uid, owner.st_gid)
    fresh.replace(path)


def _rules(cluster: Cluster) -> Path:
    return cluster.path / "pg_hba.conf"
