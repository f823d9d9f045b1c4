"""Looks whether a database can be used, before anything is written; each fault has its cure."""

from __future__ import annotations

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import statement
from boocoder.errors import Conflict, Unavailable

OLDEST = 140_000  # PostgreSQL 14


class DatabaseFacts(msgspec.Struct, frozen=True):
    """What a connection finds.

    Args:
        version: as server_version_num.
        has_record, foreign_record: whether there is a table of migrations, and whether it is not ours.
        tables: those with names of ours.
    """

    encoding: str
    version: int
    read_only: bool
    schema_name: str
    may_create: bool
    has_record: bool
    foreign_record: bool
    tables: list[str]
    role_name: str
    database_name: str


_INSPECT = statement("schema_migrations", "inspect", row=DatabaseFacts)


async def inspect_database(conn: Connection) -> DatabaseFacts:
    """Check all that does not depend on which migrations are missing.

    Raises:
        Unavailable: database_read_only.
        Conflict: database_too_old, database_encoding, database_without_schema, schema_foreign.
    """
    facts = await _INSPECT.one(conn)
    if facts.version < OLDEST:
        text = f"The server is PostgreSQL {facts.version // 10_000}; boocoder needs 14 or newer."
        raise Conflict("database_too_old", text, "Let database_url name a newer server.")
    if facts.encoding != "UTF8":
        text = f"The database {facts.database_name} is stored as {facts.encoding}; boocoder needs UTF8."
        raise Conflict("database_encoding", text, "Make one: createdb --encoding=UTF8 --template=template0 boocoder")
    if not facts.schema_name:
        text = f"No schema of the search_path of {facts.role_name} exists."
        raise Conflict("database_without_schema", text, f"CREATE SCHEMA boocoder AUTHORIZATION {facts.role_name};")
    if (facts.has_record and facts.foreign_record) or (not facts.has_record and facts.tables):
        found = "schema_migrations" if facts.has_record else ", ".join(facts.tables)
        raise Conflict(
            "schema_foreign",
            f"The schema {facts.schema_name} of {facts.database_name} holds tables of another program: {found}.",
            "Give boocoder a database of its own: createdb boocoder. Or a schema: docs/hosts.md#the-database",
        )
    if facts.read_only:
        text = f"The database {facts.database_name} takes no writes: it is a standby, or read-only by a setting."
        raise Unavailable("database_read_only", text, "Let database_url name the primary, or allow writes.")
    return facts


def require_create(facts: DatabaseFacts) -> None:
    """Check that migrations can be applied.

    Raises:
        Unavailable: database_not_allowed.
    """
    if not facts.may_create:
        text = f"The role {facts.role_name} may not create tables in the schema {facts.schema_name}."
        cure = f"As the owner: GRANT USAGE, CREATE ON SCHEMA {facts.schema_name} TO {facts.role_name};"
        raise Unavailable("database_not_allowed", text, cure)
