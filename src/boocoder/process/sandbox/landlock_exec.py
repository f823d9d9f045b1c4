"""Program: confines itself with Landlock and executes another program. For machines without user namespaces.

Run as `python -I -S landlock_exec.py [filter HEX] [hidden|read|write PATH]... -- PROGRAM ARGUMENT...`. It imports
nothing of boocoder, so that it starts in milliseconds. What is below a hidden path cannot be opened unless it is below
a path to read or to write; only paths to write can be changed. Source of the numbers: linux/landlock.h, landlock(7).
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

SYS_CREATE_RULESET, SYS_ADD_RULE, SYS_RESTRICT_SELF = 444, 445, 446
CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH = 1
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2  # linux/prctl.h, linux/seccomp.h
INSTRUCTION_BYTES = 8
PR_CAPBSET_DROP = 24
CAPABILITIES = 64  # more than there are
EXIT_REFUSED = 126
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
READ = EXECUTE | READ_FILE | READ_DIR
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | 1 << 14 | 1 << 15  # the only rights that a rule about a file may name
DEVICES = (
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
    "/dev/shm",  # noqa: S108 -- a device, not a file
)
# Highest known right of each ABI: 13 with ABI 1, refer 2, truncate 3, ioctl 5.
RIGHTS = {1: 1 << 13, 2: 1 << 14, 3: 1 << 15, 4: 1 << 15, 5: 1 << 16}
SCOPES = 3  # abstract sockets and signals, ABI 6 (landlock(7))

libc = ctypes.CDLL(None, use_errno=True)


def call(number: int, *arguments: object) -> int:
    """A system call.

    Raises:
        OSError: it failed.
    """
    result: int = libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def abi() -> int:
    """The kernel's Landlock version, 0 without Landlock."""
    try:
        return call(SYS_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(CREATE_RULESET_VERSION))
    except OSError:
        return 0


class Rules:
    """A Landlock rule set."""

    def __init__(self) -> None:
        version = abi()
        if version == 0:
            raise OSError("this kernel has no Landlock")
        self.rights = RIGHTS[min(version, 5)] - 1
        attributes = struct.pack("=QQQ", self.rights, 0, SCOPES if version >= 6 else 0)
        size = len(attributes) if version >= 6 else 8
        self.ruleset = call(SYS_CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0))

    def allow(self, path: str, rights: int) -> None:
        """Grant rights on a path and everything below it; missing paths are ignored."""
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return
        if not os.path.isdir(path):  # noqa: PTH112 -- pathlib would double the start-up time
            rights &= OF_FILES
        rule = struct.pack("=Qi", rights & self.rights, descriptor)
        call(SYS_ADD_RULE, ctypes.c_int(self.ruleset), ctypes.c_int(RULE_PATH_BENEATH), rule, ctypes.c_uint32(0))
        os.close(descriptor)

    def apply(self) -> None:
        """Limit this process and all that it starts."""
        for capability in range(CAPABILITIES):  # root could read other processes' memory with them
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        call(SYS_RESTRICT_SELF, ctypes.c_int(self.ruleset), ctypes.c_uint32(0))


class FilterProgram(ctypes.Structure):
    """`struct sock_fprog` of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def refuse_system_calls(program: bytes) -> None:
    """Have the kernel refuse what the filter names, to this process and all that it starts.

    Raises:
        OSError: the kernel takes no filter.
    """
    given = FilterProgram(len(program) // INSTRUCTION_BYTES, program)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(given), 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def visible(root: str, hidden: set[str]) -> list[str]:
    """The topmost paths at or below `root` with nothing hidden in them; a directory above a hidden one is expanded.

    Symbolic links in it are left out: a rule holds for what a link leads to, such as /run by /var/run.
    """
    if root in hidden:
        return []
    inside = root.rstrip("/") + "/"
    if not any(path.startswith(inside) for path in hidden):
        return [root]
    try:
        names = os.listdir(root)  # noqa: PTH208 -- pathlib would double the start-up time
    except OSError:
        return []
    paths = [inside + name for name in names]
    return [found for path in paths if not os.path.islink(path) for found in visible(path, hidden)]  # noqa: PTH114


def parse(arguments: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    """The paths by kind, and the command."""
    end = arguments.index("--")
    paths: dict[str, list[str]] = {"filter": [], "hidden": [], "read": [], "write": []}
    for kind, path in zip(arguments[:end:2], arguments[1:end:2], strict=True):
        paths[kind].append(path)
    return paths, arguments[end + 1 :]


def main(arguments: list[str]) -> int:
    """Do what the module says; returns only if it cannot."""
    paths, argv = parse(arguments)
    try:
        rules = Rules()
        hidden = set(paths["hidden"])
        for path in (*visible("/", hidden), *paths["read"]):
            rules.allow(path, READ)
        for path in (*paths["write"], *(path for device in DEVICES for path in visible(device, hidden))):
            rules.allow(path, rules.rights)
        rules.apply()
        for program in paths["filter"]:
            refuse_system_calls(bytes.fromhex(program))
        os.execvpe(argv[0], argv, os.environ)  # noqa: S606 -- by argv, no shell is wanted
    except OSError as error:
        sys.stderr.write(f"{argv[0]} cannot start inside Landlock: {error}\n")
    return EXIT_REFUSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
