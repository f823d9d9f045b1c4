"""What in a changed file deserves a second look, and why. Pure; it judges nothing and hides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FlagKind(StrEnum):
    """Why a person should look twice."""

    SYMLINK_OUTSIDE = "symlink_outside"  # absolute, or leaves the root
    EXECUTABLE = "executable"  # the bit was added
    GIT_FILE = "git_file"  # steers git itself: attributes, submodules, hooks
    CI_FILE = "ci_file"  # runs on somebody else's machine, with their secrets
    AGENT_FILE = "agent_file"  # instructions or permissions of a coding agent
    BUILD_HOOK = "build_hook"  # runs code when the project is installed, built or opened
    SECRET = "secret"  # an added line looks like a key or a token
    BIDI = "bidi"  # invisible characters that change the order in which a line is read
    BINARY = "binary"
    LARGE = "large"
    SUBMODULE = "submodule"


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing that deserves a second look.

    Args:
        kind: what.
        reason: one short sentence; it never holds a secret's value.
        line: 1-based line of the new file; None for the file as a whole.
    """

    kind: FlagKind
    reason: str
    line: int | None = None


def flags_of(raw, hunks, *, target, binary, new_size):
    return ()
