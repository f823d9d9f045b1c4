"""Points git's own absolute paths in a data directory that was moved to where it is now.

Only files below the data directory are written, and no symbolic link is followed: agents write most of them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from boocoder.git.worktree.linked_conversion import earlier_seed_name
from boocoder.git.worktree.session_repository import GIT_FILE_MAX_BYTES
from boocoder.maintenance.data_location import worktrees_in
from boocoder.model.ids import new_id

CONFIG_MAX_BYTES = 1024 * 1024


def repoint_git(data_dir: Path, before: Path) -> int:
    """Repair every pointer that begins with the old place; returns how many files were written. It blocks.

    Harmless to repeat, and to be cut short: what was done once names the old place no more.

    Args:
        data_dir: the data directory, real path.
        before: where it was.
    """
    repair = _PointerRepair(data_dir, before)
    for worktree in worktrees_in(data_dir):
        repair.rewrite(worktree / ".git", GIT_FILE_MAX_BYTES)
    for session in sorted((data_dir / "shadows").glob("*.git/sessions/*")):
        if session.is_dir() and not session.is_symlink():
            repair.session(session)
    for shadow in sorted((data_dir / "shadows").glob("*.git")):
        _rename_seeds(shadow, before)
    return repair.written


class _PointerRepair:
    """Rewrites the old place to the new one in single files."""

    def __init__(self, data_dir: Path, before: Path) -> None:
        self._root = data_dir
        self._old = os.fsencode(before) + b"/"
        self._new = os.fsencode(data_dir) + b"/"
        self.written = 0

    def session(self, git_dir: Path) -> None:
        """A session's repository: what it borrows from, its submodules, and worktrees that an agent added itself."""
        self.rewrite(git_dir / "objects" / "info" / "alternates", CONFIG_MAX_BYTES)
        for config in _plain_files(git_dir / "modules", "config"):
            self.rewrite(config, CONFIG_MAX_BYTES)
            for line in config.read_bytes().splitlines():
                name, _, place = line.partition(b"=")
                if name.strip() == b"worktree":
                    self._git_file_of(place.strip().strip(b'"'))
        for gitdir in _plain_files(git_dir / "worktrees", "gitdir"):
            self.rewrite(gitdir, GIT_FILE_MAX_BYTES)
            self._git_file_of(gitdir.read_bytes().strip().removesuffix(b"/.git"))

    def _git_file_of(self, place: bytes) -> None:
        if place.startswith(self._new):
            self.rewrite(Path(os.fsdecode(place)) / ".git", GIT_FILE_MAX_BYTES)

    def rewrite(self, path: Path, max_bytes: int) -> None:
        """Replace the file if boocoder wrote it as a plain file that names the old place."""
        with suppress(OSError):
            found = path.lstat()
            if not stat.S_ISREG(found.st_mode) or found.st_size > max_bytes:
                return
            if path.parent.resolve() != path.parent or not path.is_relative_to(self._root):
                return
            content = path.read_bytes()
            if self._old not in content:
                return
            made = path.with_name(f".{path.name}-{new_id().hex}")
            made.write_bytes(content.replace(self._old, self._new))
            made.chmod(stat.S_IMODE(found.st_mode))
            made.replace(path)
            self.written += 1


def _plain_files(root: Path, name: str) -> Iterator[Path]:
    for folder, directories, files in os.walk(root):
        directories[:] = [one for one in directories if one not in ("objects", "refs", "logs")]
        path = Path(folder) / name
        if name in files and path.is_file() and not path.is_symlink():
            yield path


def _rename_seeds(shadow: Path, before: Path) -> None:
    """Find what earlier versions named after the whole path of a worktree."""
    for session in sorted((shadow / "sessions").glob("*")):
        old = shadow / "seeds" / earlier_seed_name(before / "worktrees" / session.name)
        if old.is_file():
            old.rename(shadow / "seeds" / f"{session.name}.index")
