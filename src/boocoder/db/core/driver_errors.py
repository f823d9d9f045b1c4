"""Turns the driver's errors into ours, once, at the edge; nothing above db knows the driver's classes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from boocoder.errors import BoocoderError, InvalidInput, Unavailable

_START_CURE = "Check that PostgreSQL is running and that the DSN is right, then try again."
POOLED_CURE = (
    "Set pool_mode = session for this database in PgBouncer, or let database_url name PostgreSQL itself: "
    "docs/hosts.md#the-database"
)

# Classes 08 (connection) and 57P (shutdown, start-up) of the SQLSTATE table.
_GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
_POOLED = (asyncpg.DuplicatePreparedStatementError, asyncpg.InvalidSQLStatementNameError)
_BUSY = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError)
_SLOW = (asyncpg.QueryCanceledError, TimeoutError)
_FULL = (asyncpg.DiskFullError, asyncpg.OutOfMemoryError)
_NOT_TEXT = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)

DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


def translate(error: BaseException) -> BoocoderError | None:
    """Our error for one of the driver's, or None where it can only be a mistake in our own SQL.

    Args:
        error: what the driver raised.
    """
    if isinstance(error, _POOLED) or "unsupported startup parameter" in str(error):
        return Unavailable("database_pooled", f"A connection pooler answers for the database: {error}.", POOLED_CURE)
    refused = _refused(error)
    if refused is not None:
        return refused
    if isinstance(error, _GONE):
        return Unavailable("database_unavailable", f"The database is not reachable: {error}.", _START_CURE)
    if isinstance(error, _BUSY):
        return Unavailable("database_busy", f"Two writers of the database met: {error}.", "Try again.")
    if isinstance(error, _SLOW):
        return Unavailable("database_slow", "The database did not answer in time.", "Try again when it is less busy.")
    if isinstance(error, _FULL):
        return Unavailable("database_full", f"The database has no room: {error}.", "Free some disk space.")
    if isinstance(error, _NOT_TEXT) or isinstance(error.__cause__, UnicodeEncodeError):
        return InvalidInput("text_not_storable", f"A text holds NUL or half a surrogate pair: {error}.")
    if isinstance(error, OSError) or _is_closed(error):
        return Unavailable("database_unavailable", f"The database is not reachable: {error}.", _START_CURE)
    return None


def _refused(error: BaseException) -> BoocoderError | None:
    """Our error where the server answers and does not let us work; each has a cure of its own."""
    match error:
        case asyncpg.ReadOnlySQLTransactionError():
            cure = (
                "It is a standby, or default_transaction_read_only is set, as some providers do when the disk is full."
            )
            return Unavailable("database_read_only", f"The database takes no writes: {error}.", cure)
        case asyncpg.InsufficientPrivilegeError():
            cure = "Grant it to the role of database_url: docs/hosts.md#the-database"
            return Unavailable("database_not_allowed", f"The database refused a right: {error}.", cure)
        case asyncpg.InvalidAuthorizationSpecificationError():
            cure = (
                "Check the user of database_url, and its password: in the URL, PGPASSWORD, ~/.pgpass or passfile=; and"
                " the server's pg_hba.conf."
            )
            return Unavailable("database_sign_in_refused", f"The database refused the sign-in: {error}.", cure)
        case asyncpg.InvalidCatalogNameError():
            cure = "Create it: createdb NAME. Or correct database_url."
            return Unavailable("database_missing", f"The server has no such database: {error}.", cure)
        case asyncpg.TooManyConnectionsError():
            cure = (
                "A host uses up to database_connections (16): raise max_connections or the limit of the role or "
                "database, or set it lower."
            )
            return Unavailable("database_unavailable", f"The database takes no more connections: {error}.", cure)
        case asyncpg.ClientConfigurationError():
            cure = "Correct database_url: docs/hosts.md#the-database"
            return InvalidInput("database_url_invalid", f"The database_url cannot be used: {error}.", cure)
    return None


def _is_closed(error: BaseException) -> bool:
    """The driver has one class for "you used me wrongly", "the socket has closed", and "released": what a pool's
    connection says after its socket has closed. It loses its own thread when a statement meets the server's goodbye."""
    if isinstance(error, asyncpg.InternalClientError):
        return True
    return isinstance(error, asyncpg.InterfaceError) and any(word in str(error) for word in ("clos", "released"))


@contextmanager
def translated() -> Iterator[None]:
    """Raise our errors instead of the driver's for what runs inside. Wrap single calls of the driver only.

    Raises:
        Unavailable: database_unavailable, database_busy, database_slow, database_full, database_read_only,
            database_not_allowed, database_sign_in_refused, database_missing, database_pooled.
        InvalidInput: text_not_storable.
    """
    try:
        yield
    except DRIVER_ERRORS as error:
        ours = translate(error)
        if ours is None:
            raise
        raise ours from error
