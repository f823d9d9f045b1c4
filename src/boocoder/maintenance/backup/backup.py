"""Makes a backup of a data directory, with the service running or not, and restores it into an empty one."""

from __future__ import annotations

import asyncio
import os
import shutil
import tarfile
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Database
from boocoder.db.registry import projects
from boocoder.db.server.dump import dump_database, restore_database
from boocoder.db.server.embedded import EmbeddedPostgres
from boocoder.errors import Conflict, InvalidInput, NotFound
from boocoder.maintenance.backup.archive import ArchiveWriter, Progress
from boocoder.maintenance.backup.extraction import Extraction
from boocoder.maintenance.data_location import record_location
from boocoder.maintenance.relocation import repoint_git
from boocoder.model.agent import DEMO_DIRECTORY
from boocoder.model.ids import HostId

FORMAT = 1
DATABASE, SUMS, MANIFEST = "database.dump", "checksums.json", "manifest.json"
_FILES = ("host-id", "attachments", "overflow", "agents", DEMO_DIRECTORY, "worktrees")
_REPOSITORIES = "shadows"


class BackupManifest(msgspec.Struct, frozen=True):
    """What a backup holds; the last file of the archive, so that one that was cut short has none.

    Args:
        format: of the archive, FORMAT.
        data_dir: real path of the directory that it was made of.
        tables: name -> number of rows.
        files: how many have a checksum.
        size_bytes: of these together.
        unreadable: paths of files that could not be read, and are not in it.
    """

    format: int
    made_at: datetime
    data_dir: str
    tables: dict[str, int]
    files: int
    size_bytes: int
    unreadable: list[str] = []


@dataclass(frozen=True, slots=True)
class BackupPlace:
    """A data directory and its database.

    Args:
        data_dir: the directory.
        database_url: of a PostgreSQL; "" for the one in the directory.
        runtime_dir: where the embedded server's socket is.
    """

    data_dir: Path
    database_url: str
    runtime_dir: Path | None


async def make_backup(place: BackupPlace, target: Path, progress: Progress) -> BackupManifest:
    """Write everything that matters of a data directory and its database into one file.

    The database goes first: what it names is never younger than the files.

    Args:
        target: does not exist; it appears when it is whole.

    Raises:
        NotFound: data_dir_missing.
        InvalidInput: backup_exists.
        Unavailable: the database cannot be read.
        OSError: the disk is full.
    """
    root = place.data_dir.resolve()
    if not (root / "host-id").is_file():
        raise NotFound("data_dir_missing", f"There is no boocoder data in {root}.", "Name its place: --data-dir PATH")
    if target.exists():
        raise InvalidInput("backup_exists", f"{target} is there already.", "Name a file that is not there yet.")
    fresh = target.with_name(f".{target.name}.part")
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=root) as temporary:
        dump = Path(temporary) / DATABASE
        async with _database(place) as dsn:
            tables = await dump_database(dsn, dump)
        try:
            manifest = await asyncio.to_thread(_write, fresh, root, dump, tables, progress)
            fresh.rename(target)
        finally:
            fresh.unlink(missing_ok=True)
    return manifest


def _write(fresh: Path, root: Path, dump: Path, tables: dict[str, int], progress: Progress) -> BackupManifest:
    fd = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as archive:
            writer = ArchiveWriter(archive, root, progress)
            writer.add_file(dump, DATABASE)
            for name in _FILES:
                writer.add_tree(name)
            writer.add_tree(_REPOSITORIES, steady=True)
            manifest = BackupManifest(
                FORMAT, datetime.now(UTC), str(root), tables, len(writer.sums), writer.size_bytes, writer.unreadable
            )
            sums = {os.fsencode(name).hex(): digest for name, digest in writer.sums.items()}
            writer.add_bytes(SUMS, msgspec.json.encode(sums))
            writer.add_bytes(MANIFEST, msgspec.json.encode(manifest))
        file.flush()
        os.fsync(fd)
    return manifest


@dataclass(frozen=True, slots=True)
class _Contents:
    """What was read out of an archive."""

    manifest: BackupManifest
    dump: Path


async def restore_backup(place: BackupPlace, source: Path, progress: Progress) -> BackupManifest:
    """Make a data directory out of a backup. What was written is taken back where this fails.

    Args:
        place: `data_dir` is missing or empty, and so is the database.

    Raises:
        Conflict: data_dir_not_empty, database_not_empty.
        InvalidInput: backup_unreadable, backup_damaged.
        Unavailable: the database cannot be written.
        OSError: the disk is full.
    """
    root = place.data_dir.resolve()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise Conflict(
            "data_dir_not_empty",
            f"{root} is not empty; a backup is restored into an empty data directory only.",
            "Name another one: boocoder --data-dir PATH restore FILE",
        )
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        contents = await asyncio.to_thread(_extract, source, root, progress)
        async with _database(place) as dsn:
            counts = await restore_database(dsn, contents.dump)
            _compare(contents.manifest.tables, counts)
            await _correct_paths(dsn, Path(contents.manifest.data_dir), root)
        contents.dump.unlink()
        record_location(root, HostId(UUID((root / "host-id").read_text().strip())))
    except BaseException:
        await asyncio.to_thread(_empty, root)
        raise
    return contents.manifest


def _extract(source: Path, root: Path, progress: Progress) -> _Contents:
    extraction, sums, manifest, begun = Extraction(root, progress), b"", None, False
    try:
        with tarfile.open(source, mode="r:") as archive:
            for member in archive:
                begun = True
                if member.name in (SUMS, MANIFEST):
                    content = archive.extractfile(member)
                    data = content.read() if content is not None else b""
                    if member.name == SUMS:
                        sums = data
                    else:
                        manifest = msgspec.json.decode(data, type=BackupManifest)
                else:
                    extraction.take(archive, member)
        wanted = msgspec.json.decode(sums or b"{}", type=dict[str, str])
    except tarfile.ReadError as error:
        if begun:
            raise _cut_short(source) from error
        raise InvalidInput("backup_unreadable", f"{source} is no backup: {error}.") from error
    except (tarfile.TarError, msgspec.DecodeError, FileNotFoundError, IsADirectoryError) as error:
        raise InvalidInput("backup_unreadable", f"{source} is no backup that can be read: {error}.") from error
    if manifest is None:
        raise _cut_short(source)
    if manifest.format != FORMAT:
        text = f"{source} has format {manifest.format}, and this boocoder knows {FORMAT}."
        raise InvalidInput("backup_unreadable", text, "Use the version that made it, or a newer one.")
    _check_sums({bytes.fromhex(name): digest for name, digest in wanted.items()}, extraction.sums)
    extraction.finish()
    return _Contents(manifest, root / DATABASE)


def _cut_short(source: Path) -> InvalidInput:
    return InvalidInput("backup_damaged", f"{source} was cut short.", "Take another backup.")


def _check_sums(wanted: dict[bytes, str], found: dict[str, str]) -> None:
    read = {os.fsencode(name): digest for name, digest in found.items()}
    wrong = sorted(name for name in wanted.keys() | read.keys() if wanted.get(name) != read.get(name))
    if wrong:
        name = wrong[0].decode("utf-8", "backslashreplace")
        text = f"{len(wrong)} files of the backup are not what they were, such as {name}."
        raise InvalidInput("backup_damaged", text, "Take another backup.")


def _compare(wanted: dict[str, int], found: dict[str, int]) -> None:
    wrong = [name for name in sorted(wanted.keys() | found.keys()) if wanted.get(name) != found.get(name)]
    if wrong:
        name = wrong[0]
        text = f"Table {name} has {found.get(name, 0)} rows after restoring, and had {wanted.get(name, 0)}."
        raise InvalidInput("backup_damaged", text, "Take another backup.")


async def _correct_paths(dsn: str, before: Path, root: Path) -> None:
    await asyncio.to_thread(repoint_git, root, before)
    database = Database(dsn=dsn, data_dir=root, size=1, relaxed_size=1)
    try:
        await database.open()
        async with database.connection() as conn:
            await projects.follow_data_dir(conn, before, root)
    finally:
        await database.close()


@asynccontextmanager
async def _database(place: BackupPlace) -> AsyncIterator[str]:
    """The configured database; an embedded server is started for the duration of the block if it is not running."""
    if place.database_url:
        yield place.database_url
        return
    embedded = EmbeddedPostgres(data_dir=place.data_dir, runtime_dir=place.runtime_dir)
    try:
        yield await embedded.start()
    finally:
        await embedded.stop()


def _empty(root: Path) -> None:
    for path in root.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
