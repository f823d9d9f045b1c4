"""Connects a program to a service: by address and token, or by the data directory of one on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from boocoder.client.discovery import FoundService, find_service
from boocoder.client.environment import named_service
from boocoder.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from boocoder.client.async_client import AsyncBoocoder
    from boocoder.client.blocking_client import Boocoder


def located_service(url: str | None, token: str | None, certificate: str, data_dir: Path | str | None) -> FoundService:
    """The service that arguments or the environment name; they are those of `connect_async`.

    Raises:
        Unavailable: no service runs.
        InvalidInput: an address without a token.
    """
    named = named_service()
    by_environment = url is None and data_dir is None
    url = (named.url if by_environment else url) or ""
    if url:
        token = token or named.token
        if not token:
            text = f"There is no token for the service at {url}."
            raise InvalidInput("token_missing", text, "Give token, or set BOOCODER_TOKEN.")
        return FoundService(url.rstrip("/"), token, certificate)
    place = named.data_dir if data_dir is None else Path(data_dir).expanduser().absolute()
    found = find_service(place)
    if found is None:
        cure = "Start one with: boocoder serve. For one on another machine, give url and token."
        raise Unavailable("service_not_running", f"No boocoder service runs for {place}.", cure)
    return FoundService(found.url, token or found.token, certificate or found.certificate)


@asynccontextmanager
async def connect_async(
    *,
    url: str | None = None,
    token: str | None = None,
    certificate: str = "",
    data_dir: Path | str | None = None,
) -> AsyncIterator[AsyncBoocoder]:
    """A client of a running service, for asyncio.

    Args:
        url: of the service, such as http://127.0.0.1:7717; without it BOOCODER_URL, and without that the service of
            the data directory.
        token: its access token; without it BOOCODER_TOKEN where an address is given, else the data directory's.
        certificate: PEM file of the one certificate that the service may show; empty for those the system trusts.
        data_dir: of a service on this machine; without it the one that `boocoder` itself would use.

    Raises:
        Unavailable: no service runs, or it does not answer.
        InvalidInput: an address without a token.
    """
    from boocoder.client.async_client import AsyncBoocoder

    async with located_service(url, token, certificate, data_dir).client() as client:
        await client.health()
        yield AsyncBoocoder(client)


@contextmanager
def connect(
    *,
    url: str | None = None,
    token: str | None = None,
    certificate: str = "",
    data_dir: Path | str | None = None,
) -> Iterator[Boocoder]:
    """A client of a running service whose calls block; any thread may use it.

    Arguments and errors are those of `connect_async`.
    """
    from anyio.from_thread import start_blocking_portal

    from boocoder.client.blocking_client import Boocoder

    opened = connect_async(url=url, token=token, certificate=certificate, data_dir=data_dir)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(opened) as client:
        yield Boocoder(client, portal)
