"""This machine's address in the local network."""

from __future__ import annotations

import ipaddress
import socket

from boocoder.errors import InvalidInput, Unavailable

_ELSEWHERE = ("192.0.2.1", 9)  # of RFC 5737, for documentation: the route to it is the route to anywhere


def local_address(wanted: str = "") -> str:
    """The IPv4 address from which this machine reaches others; nothing is sent.

    Args:
        wanted: the address to take instead, of either family.

    Raises:
        InvalidInput: phone_address_invalid.
        Unavailable: no_local_network.
    """
    if wanted:
        try:
            return str(ipaddress.ip_address(wanted.strip("[]")))
        except ValueError as error:
            text = f"phone.address is {wanted!r}, which is no IP address."
            raise InvalidInput("phone_address_invalid", text, "Set it to one of this machine's.") from error
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(_ELSEWHERE)
            found = str(probe.getsockname()[0])
    except OSError:
        found = "127.0.0.1"
    if ipaddress.ip_address(found).is_loopback:
        text = "This machine is in no network, so that no phone can reach it."
        raise Unavailable("no_local_network", text, "Join a network, or set phone.address to the address to listen on.")
    return found
