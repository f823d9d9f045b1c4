"""Asks the embedded server's socket whether it serves, and how it is reached; it starts and stops nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import quote

import asyncpg

from boocoder.db.core.driver_errors import DRIVER_ERRORS
from boocoder.db.core.statements import load_statements
from boocoder.db.server.cluster import ROLE, Cluster
from boocoder.errors import Unavailable

DATABASE = "boocoder"
PORT = 5432  # names the socket file only; the server listens on no address
CONNECT_TIMEOUT_S = 5.0

Probe = Literal["ready", "starting", "absent"]


def dsn_for(cluster: Cluster, database: str) -> str:
    """The DSN of a database of an embedded server; it names the file of the password, not the password."""
    host, passfile = (quote(str(path), safe="") for path in (cluster.socket_dir, cluster.passfile))
    return f"postgresql:///{database}?host={host}&port={PORT}&user={ROLE}&passfile={passfile}"


async def probe_server(cluster: Cluster) -> Probe:
    """Ask the socket, which alone knows; makes our database once the server answers.

    Raises:
        Unavailable: another server answers there.
    """
    statements = load_statements("embedded")
    try:
        connection = await asyncpg.connect(dsn_for(cluster, "postgres"), timeout=CONNECT_TIMEOUT_S)
    except asyncpg.CannotConnectNowError:
        return "starting"
    except asyncpg.TooManyConnectionsError:
        return "ready"
    except DRIVER_ERRORS:
        return "absent"
    try:
        row = await connection.fetchrow(statements["probe"], timeout=CONNECT_TIMEOUT_S)
        if not row["has_database"]:
            await connection.execute(statements["create_database"])
    except DRIVER_ERRORS:
        return "starting"  # it went away while it answered: the caller looks again
    finally:
        connection.terminate()
    if Path(row["data_directory"]) != cluster.path:
        raise Unavailable(
            "postgres_socket_taken",
            f"{cluster.socket_dir} is the socket of another server, for {row['data_directory']}.",
            "Give boocoder another runtime directory.",
        )
    return "ready"
