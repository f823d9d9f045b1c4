"""The agents that boocoder can drive, and where their programs are found. It runs none of them."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from boocoder.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class KnownAgent:
    """One product.

    Args:
        name: what a person calls it; also the name in tasks and settings.
        backend: our driver.
        program: name of its executable; empty for an agent inside this process.
        folders: where its installers put it, relative to the home directory unless absolute.
        package: its npm package, whose platform packages hold the real binary; empty if it has none.
        cure: how to get it.
    """

    name: str
    backend: str
    program: str = ""
    folders: tuple[str, ...] = ()
    package: str = ""
    cure: str = ""


NPM_FOLDERS = (
    ".npm-global/bin",
    ".local/bin",
    ".local/share/npm/bin",
    ".bun/bin",
    "/usr/local/bin",
    "/opt/homebrew/bin",
)

OPENCODE = KnownAgent(
    name="opencode",
    backend="opencode",
    program="opencode",
    folders=(".opencode/bin", *NPM_FOLDERS),
    package="opencode",
    cure="Install it (npm install -g opencode-ai), or name the program in the setting agents.opencode.program.",
)
NATIVE = KnownAgent(name="native", backend="native")
SCRIPTED = KnownAgent(name="scripted", backend="scripted")

KNOWN_AGENTS = (OPENCODE, NATIVE, SCRIPTED)
"""In the order in which an unnamed task picks the first one that is ready."""


def find_program(agent: KnownAgent, *, configured: str, search_path: str, home: Path) -> Path | None:
    """The executable of an agent: the configured one, else the first on PATH, else in its usual folders.

    Args:
        agent: whose.
        configured: path or name out of the settings; empty if not set.
        search_path: directories separated as in PATH.
        home: the user's home directory.

    Returns:
        An absolute path, or None if there is none.

    Raises:
        InvalidInput: a program is configured but is not an executable file.
    """
    if configured:
        return _configured(agent, configured, search_path, home)
    folders = [home / folder for folder in agent.folders]
    places = os.pathsep.join([search_path, *map(str, folders)])
    found = shutil.which(agent.program, path=places)
    return _real_binary(agent, Path(found).absolute()) if found else None


def _configured(agent: KnownAgent, configured: str, search_path: str, home: Path) -> Path:
    text = str(home / configured[2:]) if configured.startswith("~/") else configured
    found = shutil.which(text, path=search_path)
    if found is None:
        raise InvalidInput(
            "agent_program_missing",
            f"agents.{agent.name}.program = {configured} is not an executable file.",
            "Correct the setting, or remove it to have the program searched on PATH.",
        )
    return Path(found).absolute()


def _real_binary(agent: KnownAgent, found: Path) -> Path:
    """The platform binary behind an npm launcher, else what was found.

    A launcher is a script that starts node and passes no signals on; the platform package beside it holds the
    program itself (`<package>-<system>-<machine>[-variant]/bin/<program>`).
    """
    if not agent.package or not _is_script(found):
        return found
    launcher = found.resolve()
    pattern = f"{agent.package}-{_system()}-{_machine()}*/bin/{agent.program}"
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
