"""Builds the command line of bwrap for a file view."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from boocoder.process.sandbox.file_view import FileView

_NAMESPACES = ("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")
_LIMITS = ("--die-with-parent", "--cap-drop", "ALL")
_SYSTEM = ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc")


def bubblewrap_argv(
    bwrap: Path, view: FileView, argv: Sequence[str], *, cwd: Path, user_namespace: bool = True, network: bool = True
) -> tuple[str, ...]:
    """The command that runs `argv` inside the view.

    Args:
        bwrap: the program.
        view: what the command sees.
        argv: the command.
        cwd: its directory.
        user_namespace: False for root on a machine that forbids user namespaces.
        network: False gives it a loopback interface of its own and nothing else.
    """
    namespaces = ("--unshare-user", *_NAMESPACES) if user_namespace else _NAMESPACES
    if not network:
        namespaces = (*namespaces, "--unshare-net")
    return (str(bwrap), *_SYSTEM, *_mounts(view), *namespaces, *_LIMITS, "--chdir", str(cwd), "--", *argv)


def _mounts(view: FileView) -> list[str]:
    """Mounts from the root down, so that deeper ones cover shallower ones; on ties the more permissive one wins."""
    mounts: list[tuple[Path, int, tuple[str, ...]]] = [(path, 0, ("--tmpfs", str(path))) for path in view.hidden]
    mounts += [(path, 1, ("--ro-bind", os.path.realpath(path), str(path))) for path in view.readable]
    mounts += [(one.target, 2, ("--bind", str(one.source), str(one.target))) for one in view.caches]
    mounts += [(path, 3, ("--bind", os.path.realpath(path), str(path))) for path in view.writable]
    mounts += [(path, 4, ("--ro-bind", os.devnull, str(path))) for path in view.blank]
    return [text for _, _, words in sorted(mounts, key=lambda one: (len(one[0].parts), one[1])) for text in words]
