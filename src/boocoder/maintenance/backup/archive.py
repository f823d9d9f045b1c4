"""Writes the files of a data directory into a tar archive while others change them. It blocks.

A file is read as it is at that moment. What git moves from loose files into packs meanwhile is found by looking again
until nothing new turns up.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import sqlite3
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

ROUNDS_MAX = 20  # a git gc of an agent moves objects once or twice
_SQLITE = b"SQLite format 3\0"  # how every database file begins (sqlite.org, fileformat.html)
_SQLITE_EXTRAS = ("-wal", "-shm", "-journal")
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)  # deleted or replaced since
_OF_A_MOMENT = ".lock"  # git's own; a repository with one of them refuses to be written

Progress = Callable[[int, int], None]
"""Takes the number of files and of bytes so far."""


class ArchiveWriter:
    """Adds files below one root to an archive, each once, and remembers their checksums.

    Args:
        archive: open for writing.
        root: the data directory.
    """

    def __init__(self, archive: tarfile.TarFile, root: Path, progress: Progress) -> None:
        self._archive = archive
        self._root = root
        self._progress = progress
        self._names: set[str] = set()
        self.sums: dict[str, str] = {}
        self.unreadable: list[str] = []
        self.size_bytes = 0

    def add_tree(self, name: str, *, steady: bool = False) -> None:
        """Add a file or folder of the root, as far as it is there.

        Args:
            steady: look again until nothing new turns up.
        """
        for _ in range(ROUNDS_MAX if steady else 1):
            before = len(self._names)
            for path in _walk(self._root / name):
                self._add(path)
            if len(self._names) == before:
                return

    def add_bytes(self, name: str, content: bytes) -> None:
        """Add a file that is not on the disk; it has no checksum."""
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(content), 0o600
        self._archive.addfile(info, io.BytesIO(content))

    def add_file(self, path: Path, name: str) -> None:
        """Add a regular file that is not being written, under another name."""
        with path.open("rb") as file:
            self._add_content(file, tarfile.TarInfo(name), path.stat())

    def _add(self, path: Path) -> None:
        name = str(path.relative_to(self._root))
        if name in self._names or (path.name.endswith(_OF_A_MOMENT) and name.startswith("shadows/")):
            return
        self._names.add(name)
        info = tarfile.TarInfo(name)
        try:
            found = path.lstat()
            info.mode, info.mtime = stat.S_IMODE(found.st_mode), int(found.st_mtime)
            if stat.S_ISREG(found.st_mode):
                file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
            elif stat.S_ISLNK(found.st_mode):
                info.type, info.linkname = tarfile.SYMTYPE, str(path.readlink())
            elif stat.S_ISDIR(found.st_mode):
                info.type = tarfile.DIRTYPE
            else:
                return  # a socket or pipe means nothing without its process
        except OSError as error:
            if error.errno not in _GONE:
                self.unreadable.append(name)
            return
        if info.type != tarfile.REGTYPE:
            self._archive.addfile(info)
            return
        with file:
            self._add_regular(file, path, info)

    def _add_regular(self, file: BinaryIO, path: Path, info: tarfile.TarInfo) -> None:
        if info.name.startswith("agents/"):
            if path.name.endswith(_SQLITE_EXTRAS):
                return
            if file.read(len(_SQLITE)) == _SQLITE and self._add_database(path, info):
                return
            file.seek(0)
        self._add_content(file, info, os.fstat(file.fileno()))

    def _add_database(self, path: Path, info: tarfile.TarInfo) -> bool:
        """Add what an agent's SQLite database holds at one moment; False where SQLite cannot read it."""
        with tempfile.NamedTemporaryFile(dir=self._root, prefix=".backup-") as copy:
            try:
                with (
                    closing(sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True)) as reading,
                    closing(sqlite3.connect(copy.name)) as writing,
                ):
                    reading.backup(writing)
            except sqlite3.Error:
                return False
            with open(copy.name, "rb") as file:  # noqa: PTH123 -- the name is of our own file
                self._add_content(file, info, os.fstat(file.fileno()))
        return True

    def _add_content(self, file: BinaryIO, info: tarfile.TarInfo, found: os.stat_result) -> None:
        info.size = found.st_size
        reader = _SizedReader(file, info.size)
        self._archive.addfile(info, reader)
        self.sums[info.name] = reader.digest.hexdigest()
        self.size_bytes += info.size
        self._progress(len(self.sums), self.size_bytes)


class _SizedReader(io.RawIOBase):
    """Exactly so many bytes of a file, hashed as they are read; zeros where it has become shorter."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._file.read(wanted)
        data += bytes(wanted - len(data))
        self._left -= wanted
        self.digest.update(data)
        return data


def _quoted(path: Path) -> str:
    """A path in a URI of SQLite's."""
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _walk(path: Path) -> Iterator[Path]:
    """A path and all below it, no link followed. Folders come before files: in a git directory what a packed file will
    hold is read before that file."""
    yield path
    folders: list[Path] = []
    files: list[Path] = []
    try:
        if path.is_symlink():
            return
        with os.scandir(path) as entries:
            for entry in entries:
                (folders if entry.is_dir(follow_symlinks=False) else files).append(Path(entry.path))
    except OSError:  # a file, or deleted since
        return
    for folder in sorted(folders):
        yield from _walk(folder)
    yield from sorted(files)
