"""Says which of the rule files that are there an agent gets, and why it does not get the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from boocoder.backends.shared.rules.rule_files import first_rule_file
from boocoder.events.clean_text import clean
from boocoder.model.rule_files import RuleFileUse, RuleKind, RuleOwner, RuleReader


def rule_file(path: Path, shown: str, owner: RuleOwner, read_by: RuleReader) -> RuleFileUse | None:
    """A file with words, in force unless it is empty; None if there is no such file.

    Args:
        shown: its path for people.
    """
    try:
        if not path.is_file():
            return None
        size = path.stat().st_size
    except OSError:
        return None
    reason = "" if size else "It is empty."
    return RuleFileUse(clean(shown), owner, RuleKind.WORDS, read_by, size, in_force=bool(size), reason=reason)


def given_rule_files(worktree: Path, names: Sequence[str], *, max_chars: int) -> list[RuleFileUse]:
    """The files of the worktree of which boocoder gives an agent the first.

    Args:
        names: relative to the worktree, in order.
        max_chars: of the text that is given.
    """
    taken = first_rule_file(worktree, names, max_chars=max_chars)
    found = []
    for name in names:
        use = rule_file(worktree / name, name, RuleOwner.PROJECT, RuleReader.BOOCODER)
        if use is not None and taken is not None and use.path == taken.path:
            cut = len(taken.text) > max_chars  # its text then ends in a hint
            found.append(replace(use, reason=f"Only its first {max_chars:,} characters are given." if cut else ""))
        elif use is not None:
            found.append(not_in_force(use, use.reason or _why_not(worktree, name, taken.path if taken else "")))
    return found


def not_in_force(use: RuleFileUse, reason: str) -> RuleFileUse:
    """The same file, which the agent does not obey.

    Args:
        reason: why, as a sentence.
    """
    return replace(use, in_force=False, reason=reason)


def _why_not(worktree: Path, name: str, taken: str) -> str:
    if not (worktree / name).resolve().is_relative_to(worktree.resolve()):
        return "It is a link that leads out of the worktree."
    return f"{taken} comes first." if taken else "It has no readable text."
