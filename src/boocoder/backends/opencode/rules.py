"""The project's and the person's rules for opencode: our server reads no project configuration, so we hand them on.

Words alone are handed on: what a repository could make opencode run stays out (`server.environment`).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from boocoder.backends.shared.rule_files import opencode_rule_files

RULES_MAX_CHARS = 60_000  # of one file: a fifth of a usual context
OWN_RULES = "AGENTS.md"
OWN_FOLDERS = ("agent", "agents", "command", "commands", "mode", "modes")  # Markdown files of the person's own
OWN_FILES_MAX = 200
OWN_FILE_MAX_BYTES = 256 * 1024


def rules_of(worktree: Path) -> str:
    """The project's rules, in the form in which opencode itself puts them into its instructions."""
    found = opencode_rule_files(worktree, max_chars=RULES_MAX_CHARS)
    return "\n\n".join(f"Instructions from: {worktree / one.path}\n{one.text}" for one in found)


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
