"""Where agents look for skills, and writing ours there."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from boocoder.errors import Conflict, Unavailable

PLACES: Mapping[str, str] = MappingProxyType({"claude": ".claude/skills", "agents": ".agents/skills"})
"""Folders of skills below a home directory or a repository: Claude Code's, and the one that other agents share."""
NAME = "boocoder"
_MARK = f"---\nname: {NAME}\n"


def skill_text() -> str:
    """The skill as it came with this version."""
    return files("boocoder.cli").joinpath("SKILL.md").read_text("utf-8")


def install(root: Path, place: str) -> Path:
    """Write the skill below a home directory or a repository; an earlier version of it is replaced.

    Args:
        place: a name of PLACES.

    Returns:
        The file.

    Raises:
        Conflict: skill_exists, another skill has its name.
        Unavailable: skill_not_written.
    """
    path = root / PLACES[place] / NAME / "SKILL.md"
    try:
        if path.exists() and not path.read_text("utf-8", "replace").startswith(_MARK):
            text = f"{path} is another skill than boocoder's."
            raise Conflict("skill_exists", text, "Move it away, then install again.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(skill_text(), "utf-8")
    except OSError as error:
        text = f"{path} cannot be written: {error.strerror or error}."
        raise Unavailable("skill_not_written", text, "Check the folder's rights.") from error
    return path
