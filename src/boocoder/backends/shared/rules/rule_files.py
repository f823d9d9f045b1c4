"""Reads files with a project's own rules for agents, such as AGENTS.md. Nothing outside of the worktree is read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from boocoder.events.clean_text import clean

RULE_NAMES = ("AGENTS.md", "CLAUDE.md")  # the first one that is there; projects keep the same text in both
OPENCODE_NAMES = (*RULE_NAMES, "CONTEXT.md")  # opencode's own order (1.18.33, Instruction.systemPaths)
OPENCODE_CONFIGS = ("opencode.jsonc", "opencode.json")
CONFIG_MAX_BYTES = 1024 * 1024
INSTRUCTION_FILES_MAX = 50
_COMMENT_LINE = re.compile(rb"^\s*//.*$", re.MULTILINE)
_TRAILING_COMMA = re.compile(rb",(\s*[}\]])")


class _OpenCodeConfig(msgspec.Struct, frozen=True):
    """The one part of a repository's opencode.json that is words and runs nothing."""

    instructions: list[str] = []


@dataclass(frozen=True, slots=True)
class RuleFile:
    """Rules in words.

    Args:
        path: relative to the worktree.
        text: cleaned; cut, with a hint, where it is too long.
    """

    path: str
    text: str


def first_rule_file(worktree: Path, names: Sequence[str], *, max_chars: int) -> RuleFile | None:
    """The first of these files that is there and not empty."""
    return next((found for name in names if (found := _read(worktree, name, max_chars)) is not None), None)


def opencode_rule_files(worktree: Path, *, max_chars: int) -> list[RuleFile]:
    """What opencode itself would read of a repository: AGENTS.md or its like, and the `instructions` of opencode.json.

    Args:
        max_chars: of one file.
    """
    found = first_rule_file(worktree, OPENCODE_NAMES, max_chars=max_chars)
    files = [] if found is None else [found]
    known = {one.path for one in files}
    for path in _instruction_paths(worktree):
        rules = _read(worktree, path, max_chars) if path not in known and len(files) < INSTRUCTION_FILES_MAX else None
        if rules is not None:
            files.append(rules)
            known.add(path)
    return files


def _instruction_paths(worktree: Path) -> Iterator[str]:
    """Paths relative to the worktree; addresses and paths elsewhere are left out."""
    for name in OPENCODE_CONFIGS:
        for pattern in _instructions(worktree, worktree / name):
            if "://" in pattern or pattern.startswith(("/", "~")) or ".." in Path(pattern).parts or not pattern:
                continue
            try:
                paths = sorted(worktree.glob(pattern))[:INSTRUCTION_FILES_MAX]
            except (OSError, ValueError):
                continue
            yield from (str(path.relative_to(worktree)) for path in paths)


def _instructions(worktree: Path, path: Path) -> list[str]:
    data = text_inside(worktree, path, CONFIG_MAX_BYTES).encode()
    try:
        plain = _TRAILING_COMMA.sub(rb"\1", _COMMENT_LINE.sub(b"", data))
        return msgspec.json.decode(plain, type=_OpenCodeConfig).instructions
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []


def text_inside(worktree: Path, path: Path, max_bytes: int) -> str:
    """The beginning of a file, cleaned; empty if there is none, or it is outside of the worktree."""
    try:
        if not path.resolve().is_relative_to(worktree.resolve()) or not path.is_file():
            return ""
        with path.open("rb") as file:
            opened = Path(f"/proc/self/fd/{file.fileno()}")  # the agent may have put a link there meanwhile
            if opened.exists() and not Path(os.path.realpath(opened)).is_relative_to(worktree.resolve()):
                return ""
            data = file.read(max_bytes)
    except (OSError, RuntimeError):
        return ""
    return clean(data.decode("utf-8", errors="replace")).strip()


def _read(worktree: Path, name: str, max_chars: int) -> RuleFile | None:
    text = text_inside(worktree, worktree / name, max_chars * 4)
    shown = clean(name)
    if len(text) > max_chars:
        text = f"{text[:max_chars]}\n[the rest is left out: read {shown} for it]"
    return RuleFile(shown, text) if text else None
