"""Which host this is, and that it runs only once: an id and a lock in the data directory."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from uuid import UUID

from boocoder.errors import Conflict
from boocoder.model.ids import HostId, InstanceId, new_id


class HostLock:
    """Holds the data directory for one process. The kernel frees it however the process ends.

    Args:
        data_dir: made if it does not exist; other users may not read it.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._fd: int | None = None
        self.instance_id = InstanceId(new_id())

    def acquire(self) -> HostId:
        """Take the lock and say which host this is: the same one at every start.

        Raises:
            Conflict: already_running, another process holds it; the text names its pid.
        """
        self._data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._tighten()
        fd = os.open(self._data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(fd, 64).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            raise Conflict(
                "already_running",
                f"boocoder already runs on {self._data_dir} (process {holder}).",
                "Use the running one, stop it, or choose another data_dir.",
            ) from error
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd
        return self._host_id()

    def release(self) -> None:
        """Give the lock back. Safe twice and before acquire."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _tighten(self) -> None:
        """Take the rights of other users away: transcripts and the files of worktrees are in there."""
        found = self._data_dir.stat()
        if found.st_mode & 0o066 and found.st_uid == os.geteuid():
            self._data_dir.chmod(0o700)

    def _host_id(self) -> HostId:
        path = self._data_dir / "host-id"
        try:
            return HostId(UUID(path.read_text().strip()))
        except (FileNotFoundError, ValueError):
            host_id = HostId(new_id())
            fresh = path.with_suffix(".new")
            fresh.write_text(f"{host_id}\n")
            fresh.replace(path)
            return host_id
