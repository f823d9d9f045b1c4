"""Asking a model server for its models: the real scripted one, and servers that answer badly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from boocoder.errors import Unavailable
from boocoder.model_servers.client import ANSWER_MAX_BYTES, ModelServerClient
from boocoder.model_servers.server import ModelServer
from boocoder.scripted_model.server import ScriptedModel
from tests.paths import GOLDEN


async def fetch_models(url: str, *, timeout_s: float = 5.0, api_key: str = "") -> tuple[str, ...]:
    client = ModelServerClient(ModelServer(url, api_key=api_key))
    try:
        return tuple(row.id for row in await client.models(timeout_s=timeout_s))
    finally:
        await client.close()


@asynccontextmanager
async def answering(answer: bytes, *, hang: bool = False) -> AsyncIterator[str]:
    """A server that reads one request and answers these bytes."""
    done = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            if hang:
                await done.wait()
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        done.set()
        server.close()
        await server.wait_closed()


def http(body: bytes, status: str = "200 OK") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    ).encode() + body


async def test_the_scripted_models_are_listed() -> None:
    async with ScriptedModel(models=["a", "b/c", "a"]) as model:
        assert await fetch_models(model.base_url) == ("a", "b/c")
        assert await fetch_models(model.base_url + "/") == ("a", "b/c")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (http(b"{}"), "not a list of models"),
        (http(b"<html>hello</html>"), "not a list of models"),
        (http(b'{"data": [{"name": "x"}]}'), "not a list of models"),
        (http(b"[" * 200_000), "not a list of models"),
        (http(b"", "401 Unauthorized"), "401"),
        (http(b"no", "500 Oops"), "500"),
        ((http((GOLDEN / "llama_cpp" / "loading-503.json").read_bytes(), "503 Loading")), "still load its model"),
        (http(b"", "302 Found"), "302"),
        (b"SSH-2.0-OpenSSH\r\n", "cannot be used"),
        (b"", "cannot be used"),
        (http(b" " * (ANSWER_MAX_BYTES + 1)), "too large"),
    ],
    ids=["empty", "html", "other", "deep", "401", "500", "loading", "redirect", "ssh", "closed", "huge"],
)
async def test_a_bad_answer_is_named(answer: bytes, why: str) -> None:
    async with answering(answer) as url:
        with pytest.raises(Unavailable) as caught:
            await fetch_models(url)
    assert caught.value.code == "model_server_unavailable"
    assert why in caught.value.text and url.removesuffix("/v1") in caught.value.text and caught.value.cure


async def test_silence_ends_at_the_deadline() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\n", hang=True) as url:
        started = asyncio.get_running_loop().time()
        with pytest.raises(Unavailable):
            await fetch_models(url, timeout_s=0.2)
        assert asyncio.get_running_loop().time() - started < 60


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", "http://[::1", "http://no such host/v1", "ftp://x/v1"])
async def test_a_server_that_is_not_there(url: str) -> None:
    with pytest.raises(Unavailable) as caught:
        await fetch_models(url, timeout_s=2)
    assert caught.value.code == "model_server_unavailable"
