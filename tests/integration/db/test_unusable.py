"""A database that cannot be used is refused before anything is written, each with its cure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from boocoder.db.core.migrate import migrate, require_usable
from boocoder.db.core.pool import Connection
from boocoder.errors import BoocoderError
from boocoder.model.ids import new_id


@pytest.fixture
async def conn(empty_dsn: str) -> AsyncIterator[Connection]:
    made = await asyncpg.connect(empty_dsn)
    yield made
    await made.close()


async def refused(dsn: str) -> BoocoderError:
    """The same from a look and from a start; nothing is left behind."""
    with pytest.raises(BoocoderError) as looked:
        await require_usable(dsn)
    with pytest.raises(BoocoderError) as started:
        await migrate(dsn)
    assert (looked.value.code, looked.value.text) == (started.value.code, started.value.text)
    assert started.value.cure and started.value.text.endswith(".")
    return started.value


def with_options(dsn: str, **options: str) -> str:
    parts = urlsplit(dsn)
    kept = [one for one in parts.query.split("&") if one.split("=")[0] not in options]
    return urlunsplit(parts._replace(query="&".join([*kept, *(f"{name}={value}" for name, value in options.items())])))


async def test_a_role_without_create(empty_dsn: str, conn: Connection) -> None:
    role = f"r{new_id().hex}"
    await conn.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    await conn.execute("REVOKE CREATE ON SCHEMA public FROM public")
    dsn = with_options(empty_dsn, user=role, password="secret", passfile="/dev/null")
    error = await refused(dsn)
    assert error.code == "database_not_allowed"
    await conn.execute(error.cure.removeprefix("As the owner: "))
    assert await migrate(dsn)
    await conn.execute(f"REVOKE CREATE ON SCHEMA public FROM {role}")
    assert await migrate(dsn) == [], "what has its schema needs no right to make one"
    wrong = await refused(with_options(dsn, password="wrong"))
    assert wrong.code == "database_sign_in_refused" and "PGPASSWORD" in wrong.cure
    await conn.execute(f"DROP OWNED BY {role}")
    await conn.execute(f"DROP ROLE {role}")


async def test_a_database_that_is_not_there(empty_dsn: str) -> None:
    error = await refused(urlunsplit(urlsplit(empty_dsn)._replace(path="/nothing_here")))
    assert error.code == "database_missing"


@pytest.mark.parametrize("option", [{"sslmode": "sometimes"}, {"port": "x"}])
async def test_a_url_that_cannot_be_used(empty_dsn: str, option: dict[str, str]) -> None:
    assert (await refused(with_options(empty_dsn, **option))).code == "database_url_invalid"


@pytest.mark.parametrize("table", ["schema_migrations (version text)", "projects (id int)"])
async def test_tables_of_another_program(empty_dsn: str, conn: Connection, table: str) -> None:
    await conn.execute(f"CREATE TABLE {table}")
    error = await refused(empty_dsn)
    assert error.code == "schema_foreign" and table.split()[0] in error.text
    assert (
        await conn.fetchval(
            "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        == 1
    )


async def test_another_encoding(empty_dsn: str, conn: Connection) -> None:
    name = f"latin_{new_id().hex}"
    await conn.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    try:
        error = await refused(urlunsplit(urlsplit(empty_dsn)._replace(path=f"/{name}")))
        assert error.code == "database_encoding" and "LATIN1" in error.text
    finally:
        await conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize(
    ("setting", "code"),
    [("default_transaction_read_only = on", "database_read_only"), ("search_path = 'x'", "database_without_schema")],
)
async def test_settings_of_the_database(empty_dsn: str, conn: Connection, setting: str, code: str) -> None:
    name = urlsplit(empty_dsn).path.removeprefix("/")
    await conn.execute(f"ALTER DATABASE {name} SET {setting}")
    assert (await refused(empty_dsn)).code == code
