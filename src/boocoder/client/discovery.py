"""Finds the service of a data directory by the file that it wrote there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from boocoder.errors import Unavailable
from boocoder.wire.service import ServiceFile

if TYPE_CHECKING:
    from boocoder.client.http_client import Client


def service_pid(data_dir: Path) -> int | None:
    """The process of the service that serves this data directory; None if none does."""
    said = _service_file(data_dir)
    return None if said is None else said.pid


def _service_file(data_dir: Path) -> ServiceFile | None:
    """What the running service of this directory wrote; None where it is gone, or serves the original of a copy."""
    try:
        said = msgspec.json.decode((data_dir / "service.json").read_bytes(), type=ServiceFile)
        os.kill(said.pid, 0)
    except (OSError, msgspec.DecodeError, OverflowError):
        return None
    return said if said.data_dir in ("", str(data_dir.resolve())) else None


@dataclass(frozen=True, slots=True)
class FoundService:
    """A service of this machine, and how to speak with it.

    Args:
        certificate: PEM file of the certificate that it shows; empty without TLS.
    """

    url: str
    token: str
    certificate: str = ""

    def client(self) -> Client:
        """A client of it."""
        from boocoder.client.http_client import Client  # with the HTTP library: only where a service runs

        return Client(url=self.url, token=self.token, certificate=self.certificate)


def find_service(data_dir: Path) -> FoundService | None:
    """The service that serves this data directory; None if no process does.

    Raises:
        Unavailable: the service runs, but its token cannot be read by this user.
    """
    said = _service_file(data_dir)
    if said is None:
        return None
    try:
        return FoundService(said.url, (data_dir / "token").read_text("ascii").strip(), said.certificate)
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(
            "token_unreadable",
            f"A service runs at {said.url}, but its token {data_dir / 'token'} cannot be read.",
            "Run the command as the user who started the service.",
        ) from error
