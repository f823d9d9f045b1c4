"""Settings of what a host keeps on its disk and in the database; a field of the tree with its metadata."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def setting(
    default: Any,
    unit: str,
    why: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    secret: bool = False,
) -> Any:
    """A field of the settings tree with the metadata that docs/configuration.md shows."""
    return field(
        default=default,
        repr=not secret,
        metadata={"unit": unit, "why": why, "low": low, "high": high, "choices": choices},
    )


@dataclass(frozen=True, slots=True)
class WorktreeSettings:
    """Limits of worktrees. Beyond them the least recently used ones are removed, once a snapshot holds all files."""

    idle_days: float = setting(14.0, "days", "a worktree unused for longer is removed", low=0.01, high=36_500)
    number: int = setting(30, "worktrees", "beyond this the least recently used are removed", low=1, high=100_000)
    total_gib: float = setting(20.0, "GiB", "total size; beyond it the least recently used are removed", low=0.001)
    free_gib: float = setting(2.0, "GiB", "with less free disk space, unused worktrees are removed", low=0)
    check_every_s: float = setting(
        600.0, "seconds", "how often the limits are checked; 0: only by `boocoder prune`", low=0, high=604_800
    )
    copy_files: int = setting(
        200_000, "files", "the most files that a project's copy rules bring into one worktree", low=0
    )
    copy_total_mib: int = setting(5_000, "MiB", "the most that a project's copy rules bring into one worktree", low=0)
    spares: int = setting(
        2,
        "projects",
        "projects in use that have a worktree made ahead for their next session; 0: none is made ahead",
        low=0,
        high=20,
    )
    spare_idle_min: float = setting(
        60.0, "minutes", "a worktree made ahead is removed when its project had no new session for so long", low=0.1
    )


@dataclass(frozen=True, slots=True)
class TakeoverSettings:
    """Whether other hosts of the database can go on with this one's sessions, and when this one goes on with theirs."""

    after_s: float = setting(
        15.0,
        "seconds",
        "this host goes on with sessions of a host that is silent for so long, where tasks wait; 0: only if asked",
        low=0,
        high=604_800,
    )
    store: str = setting(
        "auto",
        "answer",
        "whether snapshots are stored in the database as well; auto: of projects that another host has, too",
        choices=("auto", "on", "off"),
    )
    pack_max_mib: int = setting(
        64, "MiB", "what one turn changed is not stored for other hosts if it is larger, compressed", low=1, high=1_000
    )


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """What is deleted when it is old. Each host does this for its own sessions."""

    check_every_s: float = setting(600.0, "seconds", "how often retention looks; 0: never", low=0, high=604_800)
    fold_hours: float = setting(
        24.0,
        "hours",
        "of turns that ended longer ago, states that a later one replaced are deleted and texts joined, which loses "
        "nothing that is shown; 0: never",
        low=0,
        high=876_000,
    )
    answers_days: float = setting(
        0.0,
        "days",
        "what agents said and did in turns that ended longer ago is deleted; prompts and changes stay; 0: never",
        low=0,
        high=36_500,
    )
    answers_turns: int = setting(
        0, "turns", "so is what they said before this many newest turns of a session; 0: any number stays", low=0
    )
    archived_days: float = setting(
        0.0,
        "days",
        "sessions archived for longer are deleted for good, with their snapshots; 0: never",
        low=0,
        high=36_500,
    )
    keep_projects: tuple[str, ...] = setting((), "list of paths", "repositories whose sessions retention leaves alone")
