"""Builds the seccomp filter that refuses system calls which no agent needs and which reach deep into the kernel.

The numbers are from linux/arch/x86/entry/syscalls/syscall_64.tbl and linux/include/uapi/asm-generic/unistd.h (aarch64),
those of the filter from linux/filter.h, linux/seccomp.h, linux/audit.h and seccomp(2).
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT, SECOND_ARGUMENT = 0, 4, 16, 24  # offsets in struct seccomp_data, little-endian
ALLOW, ERROR = 0x7FFF0000, 0x00050000
REFUSE, UNKNOWN = ERROR | errno.EPERM, ERROR | errno.ENOSYS
X32_BIT = 0x40000000  # system calls of the x32 ABI of x86_64
CLONE_NEWUSER = 0x10000000
TIOCSTI, TIOCLINUX = 0x5412, 0x541C  # they type into a terminal

# Kernel keys, modules, tracing, asynchronous rings, files by handle: (x86_64, aarch64).
_REFUSED: Mapping[str, tuple[int, int]] = {
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "kcmp": (312, 272),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "syslog": (103, 116),
    "open_by_handle_at": (304, 265),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "swapon": (167, 224),
    "swapoff": (168, 225),
}
# What a sandbox of the agent's own would need.
_NAMESPACES: Mapping[str, tuple[int, int]] = {
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
}
_CLONE3 = 435  # its flags are in memory, where a filter cannot look; the C library then takes clone
_CLONING = ((56, 220), (272, 97))  # clone, unshare
_IOCTL = (16, 29)
_ACTIONS = Path("/proc/sys/kernel/seccomp/actions_avail")


@dataclass(frozen=True, slots=True)
class _Machine:
    audit: int
    column: int


_MACHINES = {"x86_64": _Machine(0xC000003E, 0), "aarch64": _Machine(0xC00000B7, 1)}


def system_call_filter(*, namespaces: bool = False, machine: str = "") -> bytes:
    """A program of `struct sock_filter` entries; empty where this machine has no filters or its numbers are unknown.

    Programs of another architecture, such as 32-bit ones, find no system call at all: the filter could not tell theirs.

    Args:
        namespaces: whether to allow user namespaces and mounts, for agents that confine their own commands.
        machine: `platform.machine()` to build for; "" for this one.
    """
    architecture = _MACHINES.get(machine or platform.machine())
    if architecture is None or (not machine and not _ACTIONS.exists()):
        return b""
    column = architecture.column
    code = [
        _entry(LOAD, ARCHITECTURE),
        _entry(JUMP_EQUAL, architecture.audit, yes=1),
        _entry(RETURN, UNKNOWN),
        _entry(LOAD, NUMBER),
        *([_entry(JUMP_AT_LEAST, X32_BIT, no=1), _entry(RETURN, UNKNOWN)] if column == 0 else []),
    ]
    for numbers in (*_REFUSED.values(), *(() if namespaces else _NAMESPACES.values())):
        code += [_entry(JUMP_EQUAL, numbers[column], no=1), _entry(RETURN, REFUSE)]
    if not namespaces:
        code += [_entry(JUMP_EQUAL, _CLONE3, no=1), _entry(RETURN, UNKNOWN)]
        for numbers in _CLONING:
            code += _argument(numbers[column], FIRST_ARGUMENT, _entry(JUMP_BITS, CLONE_NEWUSER, no=1))
    code += _argument(
        _IOCTL[column], SECOND_ARGUMENT, _entry(JUMP_EQUAL, TIOCSTI, yes=1), _entry(JUMP_EQUAL, TIOCLINUX, no=1)
    )
    return b"".join([*code, _entry(RETURN, ALLOW)])


def _argument(number: int, offset: int, *tests: bytes) -> list[bytes]:
    """Refuse a system call whose argument passes one of the tests, the last of which skips the refusal otherwise."""
    branch = [_entry(LOAD, offset), *tests, _entry(RETURN, REFUSE), _entry(RETURN, ALLOW)]
    return [_entry(JUMP_EQUAL, number, no=len(branch)), *branch]


def _entry(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """One instruction; a jump skips `yes` or `no` of those that follow."""
    return struct.pack("<HBBI", code, yes, no, value)
