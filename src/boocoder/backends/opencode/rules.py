"""The project's and the person's rules for opencode: our server reads no project configuration, so we hand them on.

Words alone are handed on: what a repository could make opencode run stays out (`server.environment`).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from boocoder.backends.shared.rules.rule_files import OPENCODE_NAMES, opencode_rule_files
from boocoder.backends.shared.rules.rule_report import given_rule_files, not_in_force, rule_file
from boocoder.model.rule_files import RuleFileUse, RuleOwner, RuleReader

RULES_MAX_CHARS = 60_000  # of one file: a fifth of a usual context
OWN_RULES = "AGENTS.md"
CLAUDE_RULES = ".claude/CLAUDE.md"  # of the home directory; opencode reads it where it has no global rules of its own
OWN_FOLDERS = ("agent", "agents", "command", "commands", "mode", "modes")  # Markdown files of the person's own
OWN_FILES_MAX = 200
OWN_FILE_MAX_BYTES = 256 * 1024


def rules_of(worktree: Path) -> str:
    """The project's rules, in the form in which opencode itself puts them into its instructions."""
    found = opencode_rule_files(worktree, max_chars=RULES_MAX_CHARS)
    return "\n\n".join(f"Instructions from: {worktree / one.path}\n{one.text}" for one in found)


def rule_files_in_use(worktree: Path, *, own_config: Path | None, home: Path) -> list[RuleFileUse]:
    """Which rules the server gets: the project's from us, of the person's own the first.

    Args:
        own_config: the person's configuration folder of opencode; None where it is not used.
        home: the home directory of the server.
    """
    named = given_rule_files(worktree, OPENCODE_NAMES, max_chars=RULES_MAX_CHARS)
    known = {one.path for one in named}
    for found in opencode_rule_files(worktree, max_chars=RULES_MAX_CHARS):
        if found.path not in known:
            named += given_rule_files(worktree, (found.path,), max_chars=RULES_MAX_CHARS)
    own = None
    if own_config is not None:
        path = own_config / OWN_RULES
        own = rule_file(path, str(path), RuleOwner.PERSON, RuleReader.BOOCODER)
    if own is not None and own.size_bytes > OWN_FILE_MAX_BYTES:
        own = not_in_force(own, f"It has more than {OWN_FILE_MAX_BYTES:,} bytes.")
    of_claude = rule_file(home / CLAUDE_RULES, str(home / CLAUDE_RULES), RuleOwner.PERSON, RuleReader.AGENT)
    if own is not None and own.in_force and of_claude is not None:
        of_claude = not_in_force(of_claude, f"{own.path} comes first.")
    return [*named, *(one for one in (own, of_claude) if one is not None)]


def copy_own_words(source: Path, target: Path) -> None:
    """Give the server copies of the person's own global rules, agents and commands, in place of those of last time.

    Args:
        source: the person's configuration folder of opencode, there or not.
        target: the server's.
    """
    for folder in OWN_FOLDERS:
        shutil.rmtree(target / folder, ignore_errors=True)
    (target / OWN_RULES).unlink(missing_ok=True)
    for number, path in enumerate(_own_words(source)):
        if number == OWN_FILES_MAX:
            break
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            shutil.copyfile(path, copy)
        except OSError:  # unreadable, or deleted since
            copy.unlink(missing_ok=True)


def _own_words(source: Path) -> Iterator[Path]:
    candidates = [source / OWN_RULES]
    for folder in OWN_FOLDERS:
        candidates += sorted((source / folder).rglob("*.md"))
    for path in candidates:
        try:
            if path.is_file() and path.stat().st_size <= OWN_FILE_MAX_BYTES:
                yield path
        except OSError:
            continue
