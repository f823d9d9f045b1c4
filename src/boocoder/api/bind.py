"""Checks the bind address and builds the Host and Origin allow-lists."""

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
            "Bind to 127.0.0.1, or set allow_remote and put TLS in front: anyone with the token can run code here.",
        )


def exposure_warnings(
    host: str, *, allowed_hosts: Iterable[str], tls: bool, sandboxed: bool, phones: bool = False
) -> tuple[str, ...]:
    """What a person should know about a service that others than this machine can reach; empty if none can."""
    ways = [] if is_loopback(host) else [f"at {host}"]
    if is_loopback(host) and tuple(allowed_hosts):
        ways.append(f"through a proxy ({', '.join(allowed_hosts)})")
    if phones:
        ways.append("in the local network, for phones")
    if not ways:
        return ()
    reach = " and ".join(ways)
    warnings = [f"Other machines can reach this service {reach}: anyone with the token can run commands here."]
    if not tls and not is_loopback(host):
        warnings.append("It does not speak TLS, so the token can be read on the way: set tls_certificate and tls_key.")
    if not sandboxed:
        warnings.append('Agents run without a sandbox: set sandbox.profile = "auto".')
    return tuple(warnings)


@dataclass(frozen=True, slots=True)
class AllowList:
    """Exact values of the Host and Origin headers that are let in."""

    hosts: frozenset[str]
    origins: frozenset[str]

    def with_origin(self, url: str) -> AllowList:
        """One that lets in what comes to a further address of the service, `scheme://host:port`."""
        return AllowList(self.hosts | {url.partition("://")[2]}, self.origins | {url})


def allow_list(
    port: int,
    *,
    own: str = "localhost",
    hosts: Iterable[str] = (),
    origins: Iterable[str] = (),
    scheme: str = "http",
) -> AllowList:
    """The allow-list of a service on `port`.

    Args:
        port: where it listens.
        own: the address where it listens, in addition to the loopback names.
        hosts: further names (a proxy's), with a port, or without one for any of the usual ones and ours.
        origins: further web origins, `scheme://host[:port]`.
        scheme: http, or https where the service itself speaks TLS.
    """
    # A browser leaves the port out where it is the scheme's own, so a bare name is right only there.
    names = {*LOOPBACK_NAMES, own.lower()}
    allowed_hosts = {f"{name}:{port}" for name in names}
    if port == (443 if scheme == "https" else 80):
        allowed_hosts.update(names)
    for name in (host.lower() for host in hosts):
        allowed_hosts.add(name)
        if not _has_port(name):
            allowed_hosts.add(f"{name}:{port}")
    allowed_origins = {f"{scheme}://{name}" for name in allowed_hosts}
    allowed_origins.update(f"https://{host.lower()}" for host in hosts)
    allowed_origins.update(origin.rstrip("/") for origin in origins)
    return AllowList(frozenset(allowed_hosts), frozenset(allowed_origins))


def _has_port(name: str) -> bool:
    return name.rpartition(":")[2].isdecimal() and not name.endswith("]")
