"""Finds model servers on the ports of this machine where they usually listen. It asks for their list of models only."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from boocoder.errors import Unavailable
from boocoder.model_servers.client import ModelServerClient
from boocoder.model_servers.found_server import USUAL_PLACES, FoundServer, UsualPlace
from boocoder.model_servers.server import ModelServer

ASK_TIMEOUT_S = 2.0  # for a server on this machine, which may not exist
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_OWNERS = {"llamacpp": "llama-server", "llama-swap": "llama-swap", "vllm": "vLLM"}
_NAMES = {"llama-server": "llama", "llama-swap": "swap"}  # llama-swap is opencode's name for the server without one


async def find_servers(
    used: Iterable[ModelServer],
    *,
    places: Iterable[UsualPlace] = USUAL_PLACES,
    timeout_s: float = ASK_TIMEOUT_S,
) -> tuple[FoundServer, ...]:
    """The servers that answer with a list of models and are not used yet. Never raises.

    Args:
        used: those that are set; they are not asked, and their names are not given again.
        places: where to look.
        timeout_s: what each of them gets to answer, in seconds.
    """
    known = tuple(used)
    ports = {port for server in known if (port := _loopback_port(server.base_url))}
    answers = await asyncio.gather(*(_ask(place, timeout_s) for place in places if place.port not in ports))
    names = {server.name for server in known}
    return tuple(found for answer in answers if answer is not None for found in [_named(answer, names)])


async def _ask(place: UsualPlace, timeout_s: float) -> FoundServer | None:
    url = f"http://127.0.0.1:{place.port}/v1"
    client = ModelServerClient(ModelServer(url))
    try:
        rows = await client.models(timeout_s=timeout_s)
    except Unavailable:
        return None
    finally:
        await client.close()
    owners = (_OWNERS.get(row.owned_by or "") for row in rows)
    kind = next((owner for owner in owners if owner is not None), place.kind)
    return FoundServer(kind, _name_of(kind), url, tuple(row.id for row in rows))


def _named(found: FoundServer, names: set[str]) -> FoundServer:
    """With a name that no other server has."""
    name, number = found.name, 2
    while name in names:
        name, number = f"{found.name}-{number}", number + 1
    names.add(name)
    return FoundServer(found.kind, name, found.base_url, found.models)


def _name_of(kind: str) -> str:
    return _NAMES.get(kind) or re.sub(r"[^a-z0-9]+", "-", kind.lower())


def _loopback_port(url: str) -> int:
    """The port of a server on this machine, 0 for one elsewhere."""
    try:
        parts = urlsplit(url)
        return parts.port or 80 if parts.hostname in _LOOPBACK else 0
    except ValueError:
        return 0
