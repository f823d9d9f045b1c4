"""What a confined command inherits while it starts: the filter of system calls, and the way to hand over its ports."""

from __future__ import annotations

import os
import socket
from typing import IO

from boocoder.process.sandbox.network.egress import Egress
from boocoder.process.sandbox.network.egress_exec import VARIABLE
from boocoder.process.sandbox.network.host_requests import HostRequests
from boocoder.process.sandbox.profile import SandboxUse
from boocoder.process.sandbox.sandbox import ConfinedCommand


class SandboxDescriptors:
    """Open descriptors of a command that is about to start; close them once it runs.

    Attributes:
        argv, env: the command with the numbers of its descriptors.
        numbers: the descriptors to pass on.
    """

    def __init__(self, confined: ConfinedCommand) -> None:
        self.argv = confined.argv
        self.env = dict(confined.env)
        self._hosts = confined.hosts
        self._filter = _filter_file(confined.system_calls)
        self._ours: socket.socket | None = None
        self._theirs: socket.socket | None = None
        if self._filter is not None:  # bwrap reads it; under Landlock it is an argument
            self.argv = (self.argv[0], "--seccomp", str(self._filter.fileno()), *self.argv[1:])
        if self._hosts is not None:
            self._ours, self._theirs = socket.socketpair()
            self._ours.setblocking(False)
            self.env[VARIABLE] = str(self._theirs.fileno())
        self.numbers = tuple(one.fileno() for one in (self._filter, self._theirs) if one is not None)

    def egress(self, use: SandboxUse | None, requests: HostRequests) -> Egress | None:
        """What serves the command's ports, None with a network; it keeps the socket.

        Args:
            use: of the command.
            requests: asked about hosts that are not allowed.
        """
        if self._ours is None or self._hosts is None or use is None:
            return None
        ours, self._ours = self._ours, None
        return Egress(ours, self._hosts, name=use.agent, requests=requests, worktree=use.worktree)

    def close(self) -> None:
        """Close what was not taken."""
        for one in (self._filter, self._ours, self._theirs):
            if one is not None:
                one.close()


def _filter_file(program: bytes) -> IO[bytes] | None:
    """An open file in memory."""
    if not program:
        return None
    file = open(os.memfd_create("system-calls"), "w+b", buffering=0)  # noqa: PTH123, SIM115 -- it has no path
    file.write(program)
    file.seek(0)
    return file
