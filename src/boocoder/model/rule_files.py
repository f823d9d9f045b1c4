"""Rule files of a session: what project and person tell an agent to obey, and whether it does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RuleOwner(StrEnum):
    """Whose file it is."""

    PROJECT = "project"  # in the worktree
    PERSON = "person"  # elsewhere on the machine


class RuleKind(StrEnum):
    """What the file does."""

    WORDS = "words"  # instructions that the model reads
    RUNS = "runs"  # plugins, hooks, servers, agents and settings that the agent runs or obeys


class RuleReader(StrEnum):
    """Who reads the file for the model."""

    AGENT = "agent"
    BOOCODER = "boocoder"


@dataclass(frozen=True, slots=True)
class RuleFileUse:
    """A rule file that is there, and whether it is in force.

    Args:
        path: relative to the worktree, or absolute.
        owner: whose it is.
        kind: what it does.
        read_by: who reads it.
        size_bytes: of the file.
        in_force: whether the agent's next turn obeys it.
        trusted: whether a person trusts it with this content; None where no trust is needed.
        reason: why it is not in force, or what of it is not; "" where all of it is.
    """

    path: str
    owner: RuleOwner
    kind: RuleKind
    read_by: RuleReader
    size_bytes: int
    in_force: bool
    trusted: bool | None = None
    reason: str = ""
