"""The filter with which one call of git turns files of Git LFS into pointers and back."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

import boocoder
from boocoder.git.lfs.store import ContentStore

DIRECTORY = "lfs"  # in the shadow repository
_SOURCE = str(Path(boocoder.__file__).resolve().parent.parent)
# -I and -S spare what third-party packages cost, half of the start
_PROGRAM = f"import sys; sys.path.insert(0, {_SOURCE!r}); from boocoder.git.lfs.filter_process import main; main()"


@dataclass(frozen=True, slots=True)
class ContentFilter:
    """Where contents are kept and found, and what is written of them.

    Args:
        root: directory of the project's contents.
        user: directory of the user's contents, which are taken from there.
        report: a file that gets a record for every pointer that is not replaced by its content.
        pointers_stay: git writes pointers where it writes files.
    """

    root: Path
    user: Path
    report: Path | None = None
    pointers_stay: bool = False

    @property
    def store(self) -> ContentStore:
        """The contents."""
        return ContentStore(self.root, (self.user,))

    @property
    def is_used(self) -> bool:
        """Whether any content was ever kept here; every pointer that the filter made has its content here."""
        return (self.root / "objects").is_dir()

    def options(self) -> tuple[str, ...]:
        """What is put between `git` and its subcommand."""
        report, stay = str(self.report or ""), "1" if self.pointers_stay else ""
        argv = (sys.executable, "-I", "-S", "-c", _PROGRAM, str(self.root), report, stay, str(self.user))
        return "-c", f"filter.lfs.process={shlex.join(argv)}", "-c", "filter.lfs.required=true"
