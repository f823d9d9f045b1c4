"""Tells a person of files that an agent keeps of its own in the worktree, when they appear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from boocoder.changes.diff.statistics import ChangeMeasure, FileRow
from boocoder.events.agent_event import Notice

SHOWN = 5  # names in one notice
_NAME_PART_MIN = 3  # characters of an agent's name that a folder's name may begin with


class OwnFilesWatch:
    """One turn's look at the entries of its worktree's root, before the agent begins and when it is done.

    Args:
        agent: the product's name.
        patterns: ignore patterns of what it keeps of its own; snapshots leave these out.
        worktree: existing.
    """

    def __init__(self, agent: str, patterns: Sequence[str], worktree: Path) -> None:
        self._agent = agent
        self._patterns = [pattern.strip("/") for pattern in patterns]
        self._worktree = worktree
        self._before = _names(worktree)

    def notices(self, measure: ChangeMeasure | None) -> Iterator[Notice]:
        """What has appeared and is left out, and what looks like the agent's own but is in the change.

        Args:
            measure: of the turn; None where there is none.
        """
        new = sorted(_names(self._worktree) - self._before)
        own = [name for name in new if any(fnmatchcase(name, pattern) for pattern in self._patterns)]
        if own:
            text = f"{self._agent} keeps files of its own in the worktree. They are not in the change: {_listed(own)}."
            yield Notice("own_files_left_out", text)
        changed = _in_change(measure, [name for name in new if name not in own and self._looks_own(name)])
        if changed:
            example = f'own_files = ["/{changed[0]}"] under [agents.{self._agent}] in boocoder.toml'
            text = f"{_listed(changed)} may be files that {self._agent} keeps for itself. They are in the change."
            yield Notice("own_files_suspected", f"{text} To leave them out of changes, set {example}.")

    def _looks_own(self, name: str) -> bool:
        parts = [part for part in self._agent.lower().split("-") if len(part) >= _NAME_PART_MIN]
        return name.startswith(".") and any(name[1:].lower().startswith(part) for part in parts)


def _names(worktree: Path) -> frozenset[str]:
    try:
        return frozenset(entry.name for entry in worktree.iterdir())
    except OSError:  # the snapshot says so
        return frozenset()


def _in_change(measure: ChangeMeasure | None, names: Sequence[str]) -> list[str]:
    if measure is None or not names:
        return []
    rows = msgspec.json.decode(measure.files, type=list[FileRow])
    roots = {row.path.split("/", 1)[0] for row in rows}
    return [name for name in names if name in roots]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
