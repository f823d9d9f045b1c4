"""Asks a model server what it has and does: its models, its properties, what it runs; has it unload models. It sends no
prompt."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar
from urllib.parse import quote

import httpx2
import msgspec

from boocoder.errors import Conflict, Unavailable
from boocoder.model_servers import llama_router, ollama
from boocoder.model_servers.answers import ModelRow, ServerProps, ServerSlot, SwapModels, read_models
from boocoder.model_servers.lm_studio import ModelEntries
from boocoder.model_servers.ollama import LoadedModels, ModelDescription
from boocoder.model_servers.report import ModelReport, RunningModels
from boocoder.model_servers.server import ModelServer

LIST_TIMEOUT_S = 5.0  # lists are answered at once, even while the server loads a model
STATE_TIMEOUT_S = 1.5  # of a question that only makes an answer better
UNLOAD_TIMEOUT_S = 30.0  # llama-swap and the router wait until the model's process has ended
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
        self._owners: frozenset[str | None] = frozenset()
        self._described: dict[tuple[str, int | None], ModelDescription] = {}  # of Ollama's models
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
            rows = read_models(await self._exchange(f"{self._url}/models", timeout_s=timeout_s))
        except httpx2.HTTPStatusError as error:
            raise self._refused(error.response.status_code) from error
        except (msgspec.DecodeError, RecursionError) as error:
            raise self._unavailable("its answer is not a list of models", self._url_cure) from error
        self._note_kind(rows)
        return rows

    async def reports(self, rows: Iterable[ModelRow]) -> dict[str, ModelReport]:
        """What the server says of its models beside their list, by id; without those of which it says nothing.

        Nothing is loaded for it: a server that loads models on demand is asked for loaded ones only.

        Args:
            rows: its list of models.
        """
        rows = tuple(rows)
        props = await self.ask("/props", ServerProps)
        if props is not None and not props.is_router:
            return {row.id: props.report for row in rows}
        if props is not None:
            running = llama_router.running_models(props, rows)
            return await self._on_demand(rows, running, "/props?model={}&autoload=false")
        if (swap := await self.ask("/running", SwapModels)) is not None:
            return await self._on_demand(rows, swap.models, "/upstream/{}/props")
        if (entries := await self.ask("/api/v0/models", ModelEntries)) is not None:
            return {entry.id: entry.report for entry in entries.data}
        if (loaded := await self.ask("/api/ps", LoadedModels)) is not None:
            return await self._ollama_reports(rows, loaded)
        return {}

    async def running(self) -> RunningModels | None:
        """The models that a server runs or loads that loads them on demand; None of any other server."""
        if (swap := await self.ask("/running", SwapModels)) is not None:
            return swap.models
        if (props := await self.ask("/props", ServerProps)) is not None:
            return await self._router_models(props) if props.is_router else None
        if (entries := await self.ask("/api/v0/models", ModelEntries)) is not None:
            return RunningModels({entry.id: "ready" for entry in entries.data if entry.report.loaded})
        if (loaded := await self.ask("/api/ps", LoadedModels)) is not None:
            return RunningModels({model.model: "ready" for model in loaded.models})
        return None

    async def unload(self, model: str) -> None:
        """Have the server unload a model; a request for it loads it again.

        Args:
            model: the server's id.

        Raises:
            Conflict: it does not unload models on request.
            Unavailable: it cannot be reached, or refuses.
        """
        path, body = await self._unload_request(model)
        try:
            await self._exchange(f"{self._root}{path}", body=body, timeout_s=UNLOAD_TIMEOUT_S)
        except httpx2.HTTPStatusError as error:
            status = error.response.status_code
            if status in _NO_SUCH_PATH - {401, 403}:
                raise self._cannot_unload() from error
            raise self._refused(status) from error

    async def _unload_request(self, model: str) -> tuple[str, dict[str, object]]:
        """The path beside /v1 and the body of the request that unloads a model.

        Raises:
            Conflict: the server has none.
        """
        if await self.ask("/running", SwapModels) is not None:
            return f"/api/models/unload/{quote(model)}", {}
        if (props := await self.ask("/props", ServerProps)) is not None and props.is_router:
            return "/models/unload", {"model": model}
        if await self.ask("/api/ps", LoadedModels) is not None:
            return "/api/generate", {"model": model, "keep_alive": 0}
        raise self._cannot_unload()

    def _cannot_unload(self) -> Conflict:
        text = f"The model server at {self._url} does not unload a model on request."
        cure = "Newer versions of llama-swap, llama-server's router and Ollama do. Stop the server to free its memory."
        return Conflict("model_unload_unsupported", text, cure)

    async def _router_models(self, props: ServerProps) -> RunningModels | None:
        try:
            return llama_router.running_models(props, await self.models(timeout_s=STATE_TIMEOUT_S))
        except Unavailable:
            return None

    async def _on_demand(self, rows: tuple[ModelRow, ...], running: RunningModels, path: str) -> dict[str, ModelReport]:
        """Reports of a server's models, each a llama-server of its own.

        Args:
            rows: of all models.
            running: the loaded ones, which alone are asked.
            path: to the properties of one.
        """
        asked = [row.id for row in rows if row.id in running.ready]
        props = [await self.ask(path.format(quote(model)), ServerProps) for model in asked]
        loaded = {model: one.report for model, one in zip(asked, props, strict=True) if one is not None}
        return {
            row.id: replace(
                loaded.get(row.id, ModelReport(loaded=row.id in running.ready)),
                idle_unload_s=running.idle_unload_s.get(row.id, 0),
                unloads=True,
            )
            for row in rows
        }

    async def _ollama_reports(self, rows: tuple[ModelRow, ...], loaded: LoadedModels) -> dict[str, ModelReport]:
        missing = [row for row in rows if (row.id, row.created) not in self._described]
        found = await asyncio.gather(*(self._describe(row.id) for row in missing))
        news = {(row.id, row.created): one for row, one in zip(missing, found, strict=True) if one is not None}
        known = self._described | news
        self._described = {key: known[key] for row in rows if (key := (row.id, row.created)) in known}
        by_name = {model.model: model for model in loaded.models}
        return {row.id: ollama.report(self._described.get((row.id, row.created)), by_name.get(row.id)) for row in rows}

    async def _describe(self, model: str) -> ModelDescription | None:
        return await self.ask("/api/show", ModelDescription, body={"model": model})

    async def slots(self) -> tuple[ServerSlot, ...]:
        """llama-server's slots; empty if it does not say."""
        return await self.ask("/slots", tuple[ServerSlot, ...]) or ()

    async def ask(self, path: str, kind: type[A], *, body: Mapping[str, object] | None = None) -> A | None:
        """What the server says under a path beside /v1; None if it has no such path or does not answer soon.

        Args:
            path: from the server's root.
            kind: of the answer. LM Studio answers 200 under every path, so a kind needs a field that tells.
            body: sent as JSON by POST; None for a GET.
        """
        if path in self._unknown_paths:
            return None
        try:
            async with asyncio.timeout(STATE_TIMEOUT_S):
                answer = await self._read(f"{self._root}{path}", body)
            return msgspec.json.decode(answer, type=kind, strict=False)
        except httpx2.HTTPStatusError as error:
            if error.response.status_code in _NO_SUCH_PATH and body is None:
                self._unknown_paths.add(path)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            self._unknown_paths.add(path)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError):
            pass
        return None

    def _note_kind(self, rows: tuple[ModelRow, ...]) -> None:
        """Ask under all paths again once another kind of server listens at the address."""
        owners = frozenset(row.owned_by for row in rows)
        if owners != self._owners:
            self._owners = owners
            self._unknown_paths.clear()

    @property
    def _root(self) -> str:
        return self._url.removesuffix("/v1")

    async def _exchange(self, url: str, *, body: Mapping[str, object] | None = None, timeout_s: float) -> bytes:
        """The body of an answer.

        Args:
            url: where.
            body: sent as JSON by POST; None for a GET.
            timeout_s: for the whole exchange, in seconds.

        Raises:
            httpx2.HTTPStatusError: the server refuses.
            Unavailable: it cannot be reached, or does not answer in time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await self._read(url, body)
        except TimeoutError as error:
            raise self._unavailable(f"it gave no answer within {timeout_s:g} s", self._start_cure) from error
        except httpx2.HTTPStatusError:
            raise
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            text = f"The model server at {self._url} cannot be reached: {error}."
            raise Unavailable("model_server_unavailable", text, self._start_cure) from error
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            raise self._unavailable(str(error) or type(error).__name__, self._start_cure) from error

    async def _read(self, url: str, body: Mapping[str, object] | None = None) -> bytes:
        content = None if body is None else msgspec.json.encode(body)
        answer = bytearray()
        async with self._client().stream(
            "GET" if body is None else "POST", url, headers=self._headers, content=content
        ) as response:
            response.raise_for_status()
            async for chunk in response.aiter_bytes():
                answer += chunk
                if len(answer) > ANSWER_MAX_BYTES:
                    raise httpx2.DecodingError("its answer is too large")
        return bytes(answer)

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
