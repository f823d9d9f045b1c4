"""Program: becomes another program that dies with its parent; as root it first gives up being root if asked.

Run as `python -I -S bound_exec.py PARENT_PID SIGNAL USER -- PROGRAM ARGUMENT...`. It imports nothing of boocoder,
so that it starts in milliseconds. USER is `same`, `namespace` (a new user namespace in which the user is nobody
and files keep their owner) or a numeric user and group id `UID:GID`.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
CLONE_NEWUSER = 0x10000000  # linux/sched.h
NOBODY = 65534
EXIT_REFUSED = 126  # as a shell says "found, but not executable"


def enter_namespace() -> None:
    """Create a user namespace that maps nobody inside to the current user outside."""
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWUSER)")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1")


def change_user(user: str) -> None:
    """Switch from the current user to the requested one."""
    if user == "namespace":
        enter_namespace()
    elif user != "same":
        uid, gid = (int(part) for part in user.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def die_with_parent(parent: int, number: int) -> None:
    """Ask the kernel to send signal `number` when the parent ends; also handles a parent that has already ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def main(arguments: list[str]) -> int:
    """Do what the module says; returns only if it cannot."""
    parent, number, user, _, *argv = arguments
    try:
        change_user(user)  # before the death signal: a change of user clears it
        die_with_parent(int(parent), int(number))
        os.execv(argv[0], argv)  # noqa: S606 -- by argv, no shell is wanted
    except OSError as error:
        sys.stderr.write(f"{argv[0]} cannot start as {user}: {error}\n")
    return EXIT_REFUSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
