"""Finds the programs of agents on this machine."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boocoder.errors import InvalidInput

INSTALL_FOLDERS = (
    ".npm-global/bin",
    ".local/bin",
    ".local/share/npm/bin",
    ".bun/bin",
    "/usr/local/bin",
    "/opt/homebrew/bin",
)
"""Where npm, bun, pip, uv and Homebrew put programs, relative to the home directory unless absolute."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of one user.

    Args:
        search_path: directories separated as in PATH.
        home: the user's home directory.
    """

    search_path: str
    home: Path

    def find(self, name: str, *, folders: Sequence[str] = (), package: str = "") -> Path | None:
        """The first program of this name on PATH, else in these folders or where installers put it.

        Args:
            name: of the executable.
            folders: relative to the home directory unless absolute.
            package: npm package whose platform packages hold the program itself; "" if it has none.

        Returns:
            An absolute path, or None if there is none.
        """
        places = [self.search_path, *(str(self.home / folder) for folder in (*folders, *INSTALL_FOLDERS))]
        found = shutil.which(name, path=os.pathsep.join(places))
        return _real_binary(name, package, Path(found).absolute()) if found else None

    def named(self, text: str, *, setting: str) -> Path:
        """The program that a setting names by its path.

        Raises:
            InvalidInput: it is not an executable file.
        """
        path = str(self.home / text[2:]) if text.startswith("~/") else text
        found = shutil.which(path, path=self.search_path)
        if found is None:
            raise InvalidInput(
                "agent_program_missing",
                f"{setting} = {text} is not an executable file.",
                "Correct the setting, or remove it to have the program searched on PATH.",
            )
        return Path(found).absolute()


def _real_binary(name: str, package: str, found: Path) -> Path:
    """The platform binary behind an npm launcher, else what was found.

    A launcher is a script that starts node and passes no signals on; the platform package beside it holds the
    program itself (`<package>-<system>-<machine>[-variant]/bin/<program>`).
    """
    if not package or not _is_script(found):
        return found
    launcher = found.resolve()
    pattern = f"{package}-{_system()}-{_machine()}*/bin/{name}"
    for folder in (launcher.parents[1] / "node_modules", launcher.parents[1].parent):
        if binaries := sorted(folder.glob(pattern), key=lambda path: len(str(path))):
            return binaries[0]
    return found


def _is_script(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False


def _system() -> str:
    return {"Linux": "linux", "Darwin": "darwin", "Windows": "windows"}.get(platform.system(), "unknown")


def _machine() -> str:
    return {"x86_64": "x64", "AMD64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "unknown")
