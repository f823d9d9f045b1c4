"""Writes what is in a backup into an empty directory, and compares every file with its checksum. It blocks.

Nothing is written through a symbolic link, as agents made most of what is in there.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO

from boocoder.errors import InvalidInput
from boocoder.maintenance.backup.archive import Progress

_PIECE_BYTES = 1024 * 1024


class Extraction:
    """Takes an archive apart.

    Args:
        root: an empty directory.
    """

    def __init__(self, root: Path, progress: Progress) -> None:
        self._root = root
        self._progress = progress
        self._modes: list[tuple[Path, int]] = []
        self._made: set[Path] = {root}
        self.sums: dict[str, str] = {}
        self.size_bytes = 0

    def take(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        """Write one member.

        Raises:
            InvalidInput: backup_unsafe, it would lie outside of the root.
            OSError: the disk does not take it.
        """
        path = self._place(member.name)
        if member.isdir():
            if path not in self._made:
                path.mkdir(mode=0o700)
                self._made.add(path)
            self._modes.append((path, stat.S_IMODE(member.mode)))
        elif member.issym():
            path.symlink_to(member.linkname)
        elif member.isreg():
            content = archive.extractfile(member)
            assert content is not None
            with content:
                self._write(path, member, content)

    def finish(self) -> None:
        """Give folders their own rights, now that everything is in them."""
        for path, mode in reversed(self._modes):
            path.chmod(mode)

    def _place(self, name: str) -> Path:
        pure = PurePosixPath(name)
        path = self._root / pure
        if pure.is_absolute() or ".." in pure.parts or not pure.parts:
            raise _unsafe(name)
        for folder in reversed(path.relative_to(self._root).parents):
            place = self._root / folder
            if place not in self._made:
                if place.is_symlink():
                    raise _unsafe(name)
                place.mkdir(mode=0o700, exist_ok=True)
                self._made.add(place)
        return path

    def _write(self, path: Path, member: tarfile.TarInfo, content: IO[bytes]) -> None:
        digest = hashlib.sha256()
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            while piece := content.read(_PIECE_BYTES):
                digest.update(piece)
                file.write(piece)
            os.fchmod(fd, stat.S_IMODE(member.mode))
        os.utime(path, (member.mtime, member.mtime))
        self.sums[member.name] = digest.hexdigest()
        self.size_bytes += member.size
        self._progress(len(self.sums), self.size_bytes)


def _unsafe(name: str) -> InvalidInput:
    return InvalidInput("backup_unsafe", f"The archive's {name!r} would be written elsewhere.", "Take another backup.")
