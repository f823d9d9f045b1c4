"""Keeps contents of Git LFS by their SHA-256, in the layout of git-lfs. Standard library only.

What another store holds is hard-linked, so that it costs no space and outlives `git lfs prune`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE, S_ISREG
from typing import BinaryIO

from boocoder.git.file_links import clone_or_copy, link_or_copy
from boocoder.git.lfs.pointer import POINTER_MAX_BYTES, Pointer, parse_pointer, pointer_bytes

TEXT_LOOK_BYTES = 8_000  # as far as git looks for a NUL byte
CHUNK_BYTES = 1024 * 1024


class ContentStore:
    """The contents of one project.

    Args:
        root: our directory; holds `objects` and files that are being written.
        lenders: directories of other stores of the person's, such as `.git/lfs` of the user's repository.
        sessions: stores that agents write; what they hold is copied, and taken only if it is what its name says.
    """

    def __init__(self, root: Path, lenders: Sequence[Path] = (), sessions: Sequence[Path] = ()) -> None:
        self.root = root
        self._lenders = tuple(lenders)
        self._sessions = tuple(sessions)

    def find(self, pointer: Pointer) -> Path | None:
        """The content's file in our directory, linked from a lender now where it is only there; None if it is nowhere.

        Raises:
            OSError: it cannot be linked or copied.
        """
        own = content_path(self.root, pointer.oid)
        if _has_size(own, pointer.size):
            return own
        for lender in self._lenders:
            lent = content_path(lender, pointer.oid)
            if _has_size(lent, pointer.size):
                own.parent.mkdir(parents=True, exist_ok=True)
                if link_or_copy(lent, own):
                    return own
        taken = any(self._take(content_path(one, pointer.oid), pointer) for one in self._sessions)
        return own if taken else None

    def _take(self, source: Path, pointer: Pointer) -> bool:
        if not _has_size(source, pointer.size):
            return False
        try:
            with self._copied(source) as (made, found):
                if found[:2] != pointer[:2]:
                    return False
                self._place(made, pointer)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def _reused(self, pointer: Pointer) -> bool:
        """Whether a content is here; then its time of change is now, so that no cleanup takes it for unused."""
        found = self.find(pointer)
        if found is None:
            return False
        try:
            found.chmod(S_IMODE(found.stat().st_mode))
        except FileNotFoundError:  # deleted just now
            return False
        except PermissionError:  # linked from a file of somebody else
            pass
        return True

    def is_text(self, pointer: Pointer) -> bool:
        """Whether a content is here and is text as git understands it."""
        found = self.find(pointer)
        if found is None or pointer.size == 0:
            return False
        with found.open("rb") as file:
            return b"\0" not in file.read(TEXT_LOOK_BYTES)

    def add_bytes(self, content: bytes) -> Pointer:
        """Keep a content that is in memory."""
        pointer = Pointer(hashlib.sha256(content).hexdigest(), len(content))
        if not self._reused(pointer):
            made = self._new_file()
            try:
                with made.open("xb") as file:
                    file.write(content)
                self._place(made, pointer)
            finally:
                made.unlink(missing_ok=True)
        return pointer

    def pointer_to(self, content: bytes) -> bytes:
        """The pointer of a content, which is kept; a pointer stays what it is."""
        if parse_pointer(content) is not None:
            return content
        pointer = self.add_bytes(content)
        return pointer_bytes(pointer.oid, pointer.size)

    def add_file(self, source: Path) -> Pointer:
        """Keep what a file holds now. It is cloned or copied first, so that the content is that of one moment.

        Raises:
            OSError: it cannot be read.
        """
        with self._copied(source) as (made, pointer):
            if not self._reused(pointer):
                self._place(made, pointer)
        return pointer

    def file_pointer(self, source: Path) -> bytes:
        """As `pointer_to`, of a file of any size.

        Raises:
            OSError: it cannot be read.
        """
        with _opened(source) as file:
            start = file.read(POINTER_MAX_BYTES)
        if parse_pointer(start) is not None:
            return start
        pointer = self.add_file(source)
        return pointer_bytes(pointer.oid, pointer.size)

    def give(self, pointer: Pointer, other: Path) -> bool:
        """Put a content into another store; False where we do not have it.

        Raises:
            OSError: the other store cannot be written.
        """
        target = content_path(other, pointer.oid)
        if _has_size(target, pointer.size):
            return True
        found = self.find(pointer)
        if found is None:
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        return link_or_copy(found, target)

    @contextmanager
    def _copied(self, source: Path) -> Iterator[tuple[Path, Pointer]]:
        """A copy in our directory, deleted at the end unless it was placed, and the pointer to what it holds."""
        made = self._new_file()
        try:
            with _opened(source) as reading, made.open("xb") as writing:
                clone_or_copy(reading.fileno(), writing.fileno())
            yield made, measured(made)
        finally:
            made.unlink(missing_ok=True)

    def _new_file(self) -> Path:
        (self.root / "incoming").mkdir(parents=True, exist_ok=True)
        return self.root / "incoming" / f"{os.getpid()}-{os.urandom(8).hex()}"

    def _place(self, made: Path, pointer: Pointer) -> None:
        """Durable before it has its name: a snapshot that the database knows must have its contents."""
        target = content_path(self.root, pointer.oid)
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(made, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fchmod(handle, 0o444)
            os.fsync(handle)
        finally:
            os.close(handle)
        made.replace(target)


def content_path(store: Path, oid: str) -> Path:
    """Where a store keeps a content."""
    return store / "objects" / oid[:2] / oid[2:4] / oid


def measured(path: Path) -> Pointer:
    """The pointer to what a file holds."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return Pointer(digest.hexdigest(), size)


def _opened(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def _has_size(path: Path, size: int) -> bool:
    """Whether the file is there, no link, and not cut short by a disk that was full."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return S_ISREG(found.st_mode) and found.st_size == size
