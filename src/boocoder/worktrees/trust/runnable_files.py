"""Finds the files of a directory by which a repository makes an agent run something, with their hashes. Read-only."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from boocoder.errors import InvalidInput

FILES_MAX = 2_000  # of one project; a plugin with its packages has more and belongs into a package
FILE_MAX_BYTES = 16 * 1024 * 1024
DEPTH_MAX = 12  # directories below the named one; also ends links that lead in a circle
IGNORED_NAMES = frozenset({".git", "node_modules", ".DS_Store"})

RunPatterns = Mapping[str, Sequence[str]]
"""For each agent the paths that it runs or obeys, relative to the worktree: a file, `folder/*.json`, or `folder/**`."""


@dataclass(frozen=True, slots=True)
class RunnableFile:
    """A file that makes agents run something.

    Args:
        path: relative to the worktree; bytes that are not UTF-8 are escaped.
        sha256: of its content, in hexadecimal digits; of what a symbolic link leads to.
        agents: who runs or obeys it.
    """

    path: str
    sha256: str
    agents: tuple[str, ...]


def runnable_files(root: Path, patterns: RunPatterns) -> list[RunnableFile]:
    """The files under `root` that match, by path. It blocks.

    Symbolic links are followed, as agents follow them.

    Raises:
        InvalidInput: runnable_files_unclear, there are too many, or one cannot be read: it cannot be trusted then.
    """
    agents: dict[str, list[str]] = {}
    for agent, wanted in patterns.items():
        for pattern in wanted:
            for path in _matching(root, pattern):
                named = agents.setdefault(path, [])
                if agent not in named:
                    named.append(agent)
                if len(agents) > FILES_MAX:
                    raise _unclear(f"more than {FILES_MAX} files match {pattern}")
    return [
        RunnableFile(os.fsencode(path).decode("utf-8", "backslashreplace"), _sha256(root / path), tuple(agents[path]))
        for path in sorted(agents)
    ]


def _matching(root: Path, pattern: str) -> Iterator[str]:
    folder, _, last = pattern.rpartition("/")
    if last == "**":
        yield from _files_below(root, folder, DEPTH_MAX)
    elif "*" in last:
        yield from (path for path in _files_below(root, folder, 0) if fnmatchcase(Path(path).name, last))
    elif os.path.lexists(root / pattern):
        yield pattern


def _files_below(root: Path, folder: str, depth: int) -> Iterator[str]:
    try:
        names = sorted(path.name for path in (root / folder).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise _unclear(f"{folder} cannot be read: {error.strerror}") from error
    for name in names:
        path = f"{folder}/{name}" if folder else name
        if name in IGNORED_NAMES:
            continue
        if not (root / path).is_dir():
            yield path
        elif depth:
            yield from _files_below(root, path, depth - 1)


def _sha256(path: Path) -> str:
    digest, left = hashlib.sha256(), FILE_MAX_BYTES
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise _unclear(f"{path.name} is no file")
            while piece := file.read(1024 * 1024):
                left -= len(piece)
                if left < 0:
                    raise _unclear(f"{path.name} has more than {FILE_MAX_BYTES} bytes")
                digest.update(piece)
    except FileNotFoundError:  # a link that leads nowhere, or gone since it was listed
        return hashlib.sha256(b"").hexdigest()
    except OSError as error:
        raise _unclear(f"{path.name} cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def _unclear(why: str) -> InvalidInput:
    text = f"The files by which this project makes agents run something cannot be checked: {why}."
    return InvalidInput("runnable_files_unclear", text, "Remove them from the project, or make them readable.")
