"""Hosts that a sandboxed process may connect to, as the settings name them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from boocoder.errors import InvalidInput

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PORTS_MAX = 64  # of the loopback interface; each is a listening socket in every sandbox


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """What may be reached.

    Args:
        names: host name in lower case, and port, 0 for all; `*.example.org` stands for all hosts below.
        loopback: ports of this machine.
    """

    names: frozenset[tuple[str, int]] = frozenset()
    loopback: tuple[int, ...] = ()

    def allow(self, host: str, port: int) -> bool:
        """Whether a host, not this machine itself, may be reached."""
        name = host.lower().rstrip(".")
        below = [f"*.{rest}" for rest in _parents(name)]
        return any((one, at) in self.names for one in (name, *below) for at in (port, 0))


def allowed_hosts(entries: Iterable[str]) -> AllowedHosts:
    """Read entries such as `api.example.org`, `*.example.org`, `git.example.org:22`, `localhost:8080`.

    Raises:
        InvalidInput: sandbox_host_unclear, an entry is none of these.
    """
    names: set[tuple[str, int]] = set()
    loopback: dict[int, None] = {}
    for entry in entries:
        host, port = _split(entry)
        if host in LOOPBACK:
            if not port:
                raise _unclear(entry, "Name a port of this machine: localhost:8080.")
            loopback[port] = None
        else:
            names.add((host, port))
    if len(loopback) > PORTS_MAX:
        raise _unclear(f"{len(loopback)} ports", f"Name at most {PORTS_MAX} ports of this machine.")
    return AllowedHosts(frozenset(names), tuple(loopback))


def is_this_machine(address: str) -> bool:
    """Whether an address leads to this machine or its link, such as the metadata service of a cloud machine."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    real = mapped or found
    return real.is_loopback or real.is_link_local or real.is_unspecified or real.is_multicast


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[number:]) for number in range(1, len(parts))]


def _split(entry: str) -> tuple[str, int]:
    """Host, in lower case, and port, 0 for none."""
    try:
        parts = urlsplit(f"//{entry.strip()}")
        host, port = (parts.hostname or "").rstrip("."), parts.port
        whole = parts.netloc == entry.strip()
    except ValueError:
        host, port, whole = "", None, False
    plain = host.removeprefix("*.")
    if not plain or not whole or port == 0 or any(sign in entry for sign in "@ \t") or "*" in plain:
        raise _unclear(entry, "Write a host name, with a port if only one is meant: api.example.org or localhost:8080.")
    return host, port or 0


def _unclear(entry: str, cure: str) -> InvalidInput:
    return InvalidInput("sandbox_host_unclear", f"sandbox.hosts: {entry!r} names no host.", cure)
