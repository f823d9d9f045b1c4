"""Model servers as the command line shows them without a running service: sizes, warnings, keys."""

from __future__ import annotations

import asyncio

import pytest

from boocoder.errors import BoocoderError
from boocoder.model.agent import AgentInfo
from boocoder.model_servers.found_server import FoundServer
from boocoder.scripted_model.server import ScriptedModel
from tests.fakes.model_servers.llama_server import LlamaServer
from tests.fakes.model_servers.swap_server import SwapServer
from tests.fixtures.service import Installation, MakeInstallation
from tests.invariants import processes_of


def configured(installation: MakeInstallation, dsn: str, text: str, **environment: str) -> Installation:
    place = installation({"BOOCODER_DATABASE_URL": dsn, "PATH": "/usr/bin:/bin", **environment})
    config = place.home / ".config" / "boocoder" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(text)
    return place


async def test_sizes_and_warnings_are_told_without_a_service(installation: MakeInstallation, dsn: str) -> None:
    async with (
        ScriptedModel() as scripted,
        LlamaServer(scripted, id="/models/tiny.gguf", context_tokens=8_192, slots=2) as small,
        LlamaServer(scripted, id="keyed", key="right") as keyed,
    ):
        text = f'[models.box]\nbase_url = "{small.base_url}"\n[models.gpu]\nbase_url = "{keyed.base_url}"\n'
        place = configured(installation, dsn, f'{text}api_key_env = "GPU_KEY"\n', GPU_KEY="wrong")
        shown = await asyncio.to_thread(place.run, "agents", "show", "native")
        assert shown.returncode == 0, shown.stderr
        assert "box//models/tiny.gguf  (default)  box/tiny, 4,096 tokens, 2 slots" in shown.stdout, shown.stdout
        assert "2 slots share -c 8192" in shown.stdout and "--parallel" in shown.stdout
        assert "starting one" in shown.stderr
        told = (await asyncio.to_thread(place.run, "doctor")).stdout
        assert "tiny (4,096 tokens)" in told and "2 slots share -c 8192" in told
        assert "it answered 401" in told and "Set the server's key: models.gpu.api_key_env" in told
        assert "✓ agent native" in told
        assert processes_of(place.data_dir) == []


async def test_models_are_listed_and_unloaded(installation: MakeInstallation, dsn: str) -> None:
    async with ScriptedModel() as scripted, SwapServer(scripted, "small", "large", ttl=300) as server:
        server.states = {"small": "ready"}
        place = configured(installation, dsn, f'[models.box]\nbase_url = "{server.base_url}"\n')
        await asyncio.to_thread(place.start)
        listed = (await asyncio.to_thread(place.run, "models")).stdout
        assert "box/small" in listed and "loaded, for 300 s without a request" in listed, listed
        done = await asyncio.to_thread(place.run, "models", "unload", "small")
        assert (done.returncode, done.stdout) == (0, "box/small is not loaded any more.\n"), done.stderr
        assert server.states == {}
        unknown = await asyncio.to_thread(place.run, "models", "unload", "box/none")
        assert unknown.returncode != 0 and "No model server has a model 'box/none'" in unknown.stderr
        assert await asyncio.to_thread(place.stop) == 0


async def test_a_found_server_is_offered_and_taken_over_by_one_request(
    installation: MakeInstallation, dsn: str
) -> None:
    async with ScriptedModel() as scripted, LlamaServer(scripted, id="small") as server:
        place = configured(installation, dsn, f'[models]\nusual_ports = ["{server.port}"]\n')
        told = (await asyncio.to_thread(place.run, "doctor")).stdout
        assert f"model server runs at {server.base_url}" not in told
        assert f"llama-server runs at {server.base_url} (small) and is not used" in told
        assert "[models.llama]" in told and f'base_url = "{server.base_url}"' in told
        await asyncio.to_thread(place.start)
        async with place.client() as client:
            found = await client.items("/api/model-servers/found", FoundServer)
            assert [one.base_url for one in found] == [server.base_url]
            await client.post("/api/model-servers", FoundServer, {"base_url": server.base_url})
            assert await client.items("/api/model-servers/found", FoundServer) == []
            with pytest.raises(BoocoderError) as refused:
                await client.post("/api/model-servers", FoundServer, {"base_url": "http://127.0.0.1:1/v1"})
            assert refused.value.code == "model_server_not_found"
            agents = {one.name: one for one in await client.items("/api/agents", AgentInfo)}
            assert agents["native"].models == ("llama/small",)
        assert await asyncio.to_thread(place.stop) == 0
        shown = await asyncio.to_thread(place.run, "agents", "show", "native")
        assert "llama/small" in shown.stdout, "it is there after a restart"
        assert (place.data_dir / "model-servers.toml").read_text().count("base_url") == 1
