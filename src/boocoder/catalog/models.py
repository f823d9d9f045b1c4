"""Asks an OpenAI-compatible model server which models it has. It starts no model and sends no prompt."""

from __future__ import annotations

import asyncio

import httpx2
import msgspec

from boocoder.errors import Unavailable

ANSWER_MAX_BYTES = 4 * 1024 * 1024  # llama-swap lists tens of models; past this it is not a list of models


class _Model(msgspec.Struct, frozen=True):
    id: str


class _Models(msgspec.Struct, frozen=True):
    data: tuple[_Model, ...]


async def fetch_models(base_url: str, *, api_key: str = "", timeout_s: float = 5.0) -> tuple[str, ...]:
    """The ids of the server's models, in its order, without doubles.

    Args:
        base_url: with the version, such as http://127.0.0.1:8080/v1.
        api_key: sent as a bearer token; empty for none.
        timeout_s: for the whole exchange, in seconds.

    Raises:
        Unavailable: the server cannot be reached, refuses, or answers something else.
    """
    url = f"{base_url.rstrip('/')}/models"
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    try:
        async with asyncio.timeout(timeout_s), httpx2.AsyncClient(trust_env=False, timeout=timeout_s) as client:
            body = await _read(client, url, headers)
        models = msgspec.json.decode(body, type=_Models)
    except TimeoutError as error:
        raise _unavailable(url, f"it gave no answer within {timeout_s:g} s") from error
    except httpx2.HTTPStatusError as error:
        raise _unavailable(url, f"it answered {error.response.status_code}") from error
    except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
        raise _unavailable(url, str(error) or type(error).__name__) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise _unavailable(url, "its answer is not a list of models") from error
    return tuple(dict.fromkeys(model.id for model in models.data if model.id))


async def _read(client: httpx2.AsyncClient, url: str, headers: dict[str, str]) -> bytes:
    body = bytearray()
    async with client.stream("GET", url, headers=headers) as response:
        response.raise_for_status()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > ANSWER_MAX_BYTES:
                raise httpx2.DecodingError("its answer is too large")
    return bytes(body)


def _unavailable(url: str, why: str) -> Unavailable:
    return Unavailable(
        "model_server_unavailable",
        f"The model server at {url} cannot be used: {why}.",
        "Start it, or correct models.base_url (with /v1) and models.api_key_env.",
    )
