"""Reads a project's rules and skills for agents: AGENTS.md of the project and its folders, SKILL.md."""

from __future__ import annotations

import re
from pathlib import Path

from boocoder.backends.native.limits import GUIDE_MAX_CHARS
from boocoder.backends.shared.rules.rule_files import RULE_NAMES, RuleFile, first_rule_file, text_inside
from boocoder.backends.shared.rules.rule_report import given_rule_files
from boocoder.events.clean_text import clean
from boocoder.model.rule_files import RuleFileUse

SKILL_FOLDERS = (".agents/skills", ".claude/skills")
SKILLS_MAX = 20
SKILL_LINE_CHARS = 300
SKILL_HEAD_BYTES = 4_096
_FIELD = re.compile(r"^(name|description):[ \t]*(.+)$", re.MULTILINE)


def guide_in(worktree: Path, folder: Path, max_chars: int) -> RuleFile | None:
    """The rules of one folder, None if it has none.

    Args:
        worktree: files outside it are not read, even through links.
        folder: inside the worktree.
        max_chars: of the text.
    """
    names = [str((folder / name).relative_to(worktree)) for name in RULE_NAMES]
    return first_rule_file(worktree, names, max_chars=max_chars)


def rule_files_in_use(worktree: Path) -> list[RuleFileUse]:
    """Which rules of the project's main folder precede the first prompt of a conversation."""
    return given_rule_files(worktree, RULE_NAMES, max_chars=GUIDE_MAX_CHARS)


def skill_lines(worktree: Path) -> list[str]:
    """One line a skill: its name, when to use it, and the file to read then."""
    lines = []
    for place in SKILL_FOLDERS:
        try:
            folders = sorted(path for path in (worktree / place).iterdir() if path.is_dir())
        except OSError:
            continue
        for folder in folders:
            text = text_inside(worktree, folder / "SKILL.md", SKILL_HEAD_BYTES)
            found = {name: value.strip(" \"'") for name, value in reversed(_FIELD.findall(text))}
            if text:
                path = clean(str((folder / "SKILL.md").relative_to(worktree)))
                name, what = found.get("name", folder.name), found.get("description", "")
                lines.append(clean(f"- {name}: {what}")[:SKILL_LINE_CHARS] + f" ({path})")
    return lines[:SKILLS_MAX]
