"""Which names and addresses the service answers to: the check of where it binds, and the allow-lists. No I/O."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from boocoder.errors import InvalidInput

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address; a name other than localhost is taken for reachable."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_bind(host: str, *, allow_remote: bool) -> None:
    """Refuse an address that other machines can reach, unless it was asked for.

    Raises:
        InvalidInput: bind_not_loopback.
    """
    if not allow_remote and not is_loopback(host):
        raise InvalidInput(
            "bind_not_loopback",
            f"The address {host!r} can be reached by other machines.",
            "Bind to 127.0.0.1, or set allow_remote and put TLS in front: whoever has the token runs code here.",
        )


@dataclass(frozen=True, slots=True)
class AllowList:
    """Exact values of the Host and Origin headers that are let in."""

    hosts: frozenset[str]
    origins: frozenset[str]


def allow_list(
    port: int, *, own: str = "localhost", hosts: Iterable[str] = (), origins: Iterable[str] = ()
) -> AllowList:
    """The allow-list of a service on `port`.

    Args:
        port: where it listens.
        own: the address where it listens, besides the names of the loopback.
        hosts: further names (a proxy's), with a port, or without one for any of the usual ones and ours.
        origins: further web origins, `scheme://host[:port]`.
    """
    # A browser leaves the port out where it is the scheme's own, so a bare name is right only there.
    names = {*LOOPBACK_NAMES, own.lower()}
    allowed_hosts = {f"{name}:{port}" for name in names}
    if port == 80:
        allowed_hosts.update(names)
    for name in (host.lower() for host in hosts):
        allowed_hosts.add(name)
        if not _has_port(name):
            allowed_hosts.add(f"{name}:{port}")
    allowed_origins = {f"http://{name}" for name in allowed_hosts}
    allowed_origins.update(f"https://{host.lower()}" for host in hosts)
    allowed_origins.update(origin.rstrip("/") for origin in origins)
    return AllowList(frozenset(allowed_hosts), frozenset(allowed_origins))


def _has_port(name: str) -> bool:
    return name.rpartition(":")[2].isdecimal() and not name.endswith("]")
