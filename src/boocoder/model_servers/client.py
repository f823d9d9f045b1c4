"""Asks a model server what it has and does: its models, its properties, what it runs. It sends no prompt."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TypeVar
from urllib.parse import quote

import httpx2
import msgspec

from boocoder.errors import Unavailable
from boocoder.model_servers.answers import ModelRow, RunningModels, ServerProps, ServerSlot, read_models
from boocoder.model_servers.server import ModelServer

LIST_TIMEOUT_S = 5.0  # lists are answered at once, even while the server loads a model
STATE_TIMEOUT_S = 1.5  # of a question that only makes an answer better
ANSWER_MAX_BYTES = 4 * 1024 * 1024  # llama-swap lists tens of models; past this it is not a list of models
_NO_SUCH_PATH = frozenset({401, 403, 404, 405, 501})

A = TypeVar("A")


class ModelServerClient:
    """Asks one server.

    Args:
        server: which.
    """

    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self._url = server.base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {server.api_key}"} if server.api_key else {}
        self._unknown_paths: set[str] = set()
        self._http: httpx2.AsyncClient | None = None

    async def close(self) -> None:
        """Close all connections. Safe twice; a later question opens new ones."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def models(self, *, timeout_s: float = LIST_TIMEOUT_S) -> tuple[ModelRow, ...]:
        """The server's models in its order, without doubles.

        Args:
            timeout_s: for the whole exchange, in seconds.

        Raises:
            Unavailable: the server cannot be reached, refuses, or answers something else.
        """
        try:
            async with asyncio.timeout(timeout_s):
                body = await self._read(f"{self._url}/models")
            return read_models(body)
        except TimeoutError as error:
            raise self._unavailable(f"it gave no answer within {timeout_s:g} s", self._start_cure) from error
        except httpx2.HTTPStatusError as error:
            raise self._refused(error.response.status_code) from error
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            text = f"The model server at {self._url} cannot be reached: {error}."
            raise Unavailable("model_server_unavailable", text, self._start_cure) from error
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            raise self._unavailable(str(error) or type(error).__name__, self._start_cure) from error
        except (msgspec.DecodeError, RecursionError) as error:
            raise self._unavailable("its answer is not a list of models", self._url_cure) from error

    async def props(self, models: Iterable[str]) -> dict[str, ServerProps]:
        """What llama-server says of its models; through llama-swap of those that are loaded, others would be loaded.

        Args:
            models: ids of all models.
        """
        props = await self.ask("/props", ServerProps)
        if props is not None:
            return dict.fromkeys(models, props)
        running = await self.running()
        ready = [model for model in models if running is not None and running.is_ready(model)]
        said = [await self.ask(f"/upstream/{quote(model)}/props", ServerProps) for model in ready]
        return {model: one for model, one in zip(ready, said, strict=True) if one is not None}

    async def running(self) -> RunningModels | None:
        """The models that llama-swap runs or loads; None of any other server."""
        return await self.ask("/running", RunningModels)

    async def slots(self) -> tuple[ServerSlot, ...]:
        """llama-server's slots; empty if it does not say."""
        return await self.ask("/slots", tuple[ServerSlot, ...]) or ()

    async def ask(self, path: str, kind: type[A]) -> A | None:
        """What the server says under a path beside /v1; None if it has no such path or does not answer soon."""
        if path in self._unknown_paths:
            return None
        try:
            async with asyncio.timeout(STATE_TIMEOUT_S):
                body = await self._read(f"{self._url.removesuffix('/v1')}{path}")
            return msgspec.json.decode(body, type=kind, strict=False)
        except httpx2.HTTPStatusError as error:
            if error.response.status_code in _NO_SUCH_PATH:
                self._unknown_paths.add(path)
        except (
            *(httpx2.HTTPError, httpx2.InvalidURL, UnicodeError, msgspec.DecodeError),
            *(RecursionError, TimeoutError),
        ):
            pass
        return None

    async def _read(self, url: str) -> bytes:
        body = bytearray()
        async with self._client().stream("GET", url, headers=self._headers) as response:
            response.raise_for_status()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > ANSWER_MAX_BYTES:
                    raise httpx2.DecodingError("its answer is too large")
        return bytes(body)

    def _client(self) -> httpx2.AsyncClient:
        if self._http is None:
            self._http = httpx2.AsyncClient(trust_env=False, timeout=LIST_TIMEOUT_S)
        return self._http

    @property
    def _url_cure(self) -> str:
        return f"Correct {self._server.setting}.base_url: it must end with /v1."

    @property
    def _start_cure(self) -> str:
        return f"Start it, or correct {self._server.setting}.base_url (with /v1)."

    def _refused(self, status: int) -> Unavailable:
        if status in (401, 403):
            names = "holds a key that it refuses" if self._server.api_key else "is to name the variable with its key"
            cure = f"Set the server's key: {self._server.setting}.api_key_env {names}."
        elif status == 404:
            cure = self._url_cure
        elif status == httpx2.codes.SERVICE_UNAVAILABLE:
            return self._unavailable(
                "it answered 503, so it may still load its model", "Wait until it has, or see its log."
            )
        else:
            cure = "See the server's own log."
        return self._unavailable(f"it answered {status}", cure)

    def _unavailable(self, why: str, cure: str) -> Unavailable:
        text = f"The model server at {self._url} cannot be used: {why}."
        return Unavailable("model_server_unavailable", text, cure)
