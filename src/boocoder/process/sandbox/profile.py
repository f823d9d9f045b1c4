"""Sandbox profiles, and what a command says about itself so that its profile can be applied."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class SandboxProfile(StrEnum):
    """What an agent's processes may reach."""

    OFF = "off"  # all that the user may
    FILES = "files"  # the system read-only, the worktree writable, the rest of the home directory hidden
    NETWORK = "files+network"  # the same, and connections to named hosts only


class SandboxMechanism(StrEnum):
    """What enforces a profile on this machine."""

    NONE = "none"
    BUBBLEWRAP = "bubblewrap"  # namespaces: hidden files do not exist, other processes are invisible
    LANDLOCK = "landlock"  # a kernel rule set: hidden files exist but cannot be opened


@dataclass(frozen=True, slots=True)
class SandboxUse:
    """The process that needs a sandbox, and what it needs in addition to its worktree.

    Args:
        agent: name in the settings; empty for a project's own commands.
        worktree: the session's worktree; None for a process of no session.
        project: the person's repository, if it is not registered with the sandbox yet.
        every_session: it serves all sessions of this host and may write their worktrees.
        home: paths relative to the home directory that the agent writes: its login and its own state.
            A trailing slash marks a directory, which is made if it is missing.
        home_readable: paths relative to the home directory that it reads: a person's rules and settings. With
            bubblewrap one that exists is read-only even inside a path of `home`.
        writable: further paths that it writes.
        readable: further paths that it reads.
        own_sandbox: it confines its own commands, which needs user namespaces and mounts.
        serves: it listens on a port of its own, which boocoder connects to by `Child.reach_port`.
    """

    agent: str
    worktree: Path | None = None
    project: Path | None = None
    every_session: bool = False
    home: tuple[str, ...] = ()
    home_readable: tuple[str, ...] = ()
    writable: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
    own_sandbox: bool = False
    serves: bool = False


@dataclass(frozen=True, slots=True)
class WorktreeReach:
    """Paths that a session's processes need outside its worktree.

    Args:
        project: the person's repository; None if it is not needed.
        writable: git directories that its git commands write.
        readable: object stores that its git commands read.
    """

    project: Path | None = None
    writable: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
