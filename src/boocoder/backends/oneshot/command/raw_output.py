"""Keeps the unchanged output of a plain-text agent in a bounded file."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


class RawOutput:
    """The output of one turn; the file goes unless it is kept.

    Args:
        path: where.
        limit_bytes: what comes past them is left out.
    """

    def __init__(self, path: Path, limit_bytes: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._left = limit_bytes
        self._file = path.open("wb", buffering=0)
        self._kept = False

    def write(self, lines: Sequence[bytes]) -> None:
        """Add lines."""
        if self._left > 0 and lines:
            data = (b"\n".join(lines) + b"\n")[: self._left]
            self._left -= len(data)
            self._file.write(data)

    def keep(self) -> None:
        """The file stays after `close`."""
        self._kept = True

    def close(self) -> None:
        """Close the file. Safe twice."""
        self._file.close()
        if not self._kept:
            with suppress(OSError):
                self.path.unlink()


def raw_outputs(state_dir: Path) -> Path:
    """Where they are kept."""
    return state_dir / "raw"
