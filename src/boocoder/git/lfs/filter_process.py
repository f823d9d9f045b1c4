"""The filter that git runs for files of Git LFS in our own calls (gitattributes, LONG RUNNING FILTER PROCESS).

It turns contents into pointers and back by the project's store, without network. It runs in an interpreter of its own,
which imports the standard library only.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from boocoder.git.lfs.pointer import POINTER_MAX_BYTES, Pointer, parse_pointer, pointer_bytes
from boocoder.git.lfs.store import ContentStore

HELD_MAX_BYTES = 8 * 1024 * 1024  # of one file in this process's memory; a larger one is read from its place again
SMUDGED_MAX_BYTES = 50 * 1024 * 1024  # git holds a whole file in memory; `fill_large` writes larger ones
_PACKET_MAX_BYTES = 65_516


class _Packets:
    """Packets of git's protocol: four hex digits of length, then the data; None is a flush packet."""

    def __init__(self, reading: BinaryIO, writing: BinaryIO) -> None:
        self._reading = reading
        self._writing = writing

    def read(self) -> bytes | None:
        head = self._reading.read(4)
        if len(head) < 4:
            raise EOFError
        length = int(head, 16)
        return self._reading.read(length - 4) if length else None

    def section(self) -> Iterator[bytes]:
        """The packets up to a flush packet."""
        while (packet := self.read()) is not None:
            yield packet

    def write(self, *packets: bytes) -> None:
        for packet in packets:
            self._writing.write(b"%04x" % (len(packet) + 4) + packet)

    def flush(self) -> None:
        self._writing.write(b"0000")
        self._writing.flush()


class LfsFilter:
    """Answers one git.

    Args:
        report: gets `large` or `missing`, the id, the size and the path, for each pointer that stays one.
        pointers_stay: write no contents.
    """

    def __init__(
        self, packets: _Packets, store: ContentStore, *, report: Path | None = None, pointers_stay: bool = False
    ) -> None:
        self._packets = packets
        self._store = store
        self._report = report
        self._pointers_stay = pointers_stay

    def run(self) -> None:
        """Answer until git closes the connection."""
        self._handshake()
        while True:
            asked = dict(line.rstrip(b"\n").split(b"=", 1) for line in self._packets.section())
            try:
                clean = asked[b"command"] == b"clean"
                answer = self._clean(asked[b"pathname"]) if clean else self._smudge(asked[b"pathname"])
            except OSError as error:
                sys.stderr.write(f"boocoder: content of Git LFS not kept: {error}\n")  # git passes it on
                self._packets.write(b"status=error\n")
                self._packets.flush()
            else:
                self._answer(answer)

    def _handshake(self) -> None:
        list(self._packets.section())
        self._packets.write(b"git-filter-server\n", b"version=2\n")
        self._packets.flush()
        list(self._packets.section())
        self._packets.write(b"capability=clean\n", b"capability=smudge\n")
        self._packets.flush()

    def _answer(self, content: bytes | Path) -> None:
        self._packets.write(b"status=success\n")
        self._packets.flush()
        with content.open("rb") if isinstance(content, Path) else io.BytesIO(content) as file:
            while chunk := file.read(_PACKET_MAX_BYTES):
                self._packets.write(chunk)
        self._packets.flush()
        self._packets.flush()

    def _received(self) -> bytes | Pointer:
        """What git sends; a pointer to it where it is more than is held."""
        parts: list[bytes] = []
        digest, size = hashlib.sha256(), 0
        for packet in self._packets.section():
            digest.update(packet)
            size += len(packet)
            if size <= HELD_MAX_BYTES:
                parts.append(packet)
            else:
                parts.clear()
        return b"".join(parts) if size <= HELD_MAX_BYTES else Pointer(digest.hexdigest(), size)

    def _clean(self, path: bytes) -> bytes:
        """The pointer of a content; a pointer stays what it is."""
        content = self._received()
        match content:
            case Pointer() if self._store.find(content) is not None:
                pointer = content
            case Pointer():
                pointer = self._store.add_file(Path(os.fsdecode(path)))  # git runs this in the work tree
            case _:
                return self._store.pointer_to(content)
        return pointer_bytes(pointer.oid, pointer.size)

    def _smudge(self, path: bytes) -> bytes | Path:
        """The content of a pointer where it is here and not too large for git; else the pointer."""
        content = b"".join(self._packets.section())  # a blob, which git holds in its memory as well
        pointer = parse_pointer(content) if len(content) < POINTER_MAX_BYTES else None
        if pointer is None or pointer.extended or self._pointers_stay:
            return content
        found = self._store.find(pointer)
        if found is not None and pointer.size <= SMUDGED_MAX_BYTES:
            return found
        self._note(b"missing" if found is None else b"large", pointer, path)
        return content

    def _note(self, what: bytes, pointer: Pointer, path: bytes) -> None:
        if self._report is not None:
            with self._report.open("ab") as file:
                file.write(b"%b %b %d %b\0" % (what, pointer.oid.encode(), pointer.size, path))


def main() -> None:
    """Answer the git that started this process; the arguments are those of `ContentFilter.options`."""
    root, report, pointers_stay, *lenders = sys.argv[1:]
    answering = LfsFilter(
        _Packets(sys.stdin.buffer, sys.stdout.buffer),
        ContentStore(Path(root), [Path(one) for one in lenders]),
        report=Path(report) if report else None,
        pointers_stay=bool(pointers_stay),
    )
    try:
        answering.run()
    except (EOFError, BrokenPipeError):
        os._exit(0)  # nothing is left to be flushed
