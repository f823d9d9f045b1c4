"""What each kind of model server says of its models is understood: Ollama, LM Studio, llama-server's router."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from boocoder.errors import Conflict
from boocoder.model.turn import Completed, StopSignal
from boocoder.model_servers.server import ModelServer
from boocoder.model_servers.server_models import ServerModels
from boocoder.scripted_model.server import ScriptedModel
from tests.contract.port import RecordingPort
from tests.fakes.model_servers.llama_server import LlamaServer
from tests.fakes.model_servers.other_servers import LmStudioServer, OllamaServer, RouterServer
from tests.fakes.model_servers.swap_server import SwapServer
from tests.fakes.native_turn import backend_for, request_in

CODER: dict[str, Any] = {
    "parameters": "temperature 0.7\nnum_ctx 16384\nstop <end>",
    "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40_960},
    "capabilities": ["completion", "tools", "thinking"],
}
SEER: dict[str, Any] = {"model_info": {"gemma3.context_length": 131_072}, "capabilities": ["completion", "vision"]}
EMBEDDER: dict[str, Any] = {"capabilities": ["embedding"]}


async def ignore(text: str) -> None:
    """What is waited for."""


async def test_ollama_says_what_its_models_are_and_what_is_loaded() -> None:
    described = {"embedder": EMBEDDER, "coder": CODER, "seer": SEER}
    async with ScriptedModel() as scripted, OllamaServer(scripted, described, context_tokens=4_096) as server:
        known = ServerModels(ModelServer(server.base_url))
        await known.refresh()
        assert tuple(known.rows) == ("coder", "seer") and known.default == "coder", (
            "an embedding model is none to talk to"
        )
        coder, seer = known.facts("coder"), known.facts("seer")
        assert (coder.context_tokens, coder.trained_tokens) == (16_384, 40_960)
        assert (coder.tools, coder.images, coder.loaded) == (True, False, False)
        assert (seer.context_tokens, seer.tools, seer.images) == (0, False, True)
        server.loaded = {"seer": 4_096}
        await known.refresh()
        assert (known.facts("seer").context_tokens, known.facts("seer").loaded) == (4_096, True)
        assert "OLLAMA_CONTEXT_LENGTH" in known.facts("seer").cure or known.facts("seer").lacks_tools
        assert server.paths.count("/api/show") == 3, "a model that did not change is described once"
        server.created = 2
        server.described["coder"] = CODER | {"parameters": "num_ctx 8192"}
        await known.refresh()
        assert known.facts("coder").context_tokens == 8_192
        await known.close()


async def test_the_context_of_a_model_that_is_loaded_by_its_first_answer_is_learnt(tmp_path: Path) -> None:
    described = {"coder": CODER | {"parameters": ""}}
    async with ScriptedModel() as scripted, OllamaServer(scripted, described, context_tokens=4_096) as server:
        known = ServerModels(ModelServer(server.base_url))
        backend = backend_for(None, tmp_path, servers=(known,))
        request = request_in(tmp_path, "[[plan a]] [[say done]]")
        outcome = await backend.run_turn(request, RecordingPort(stop=request.stop))
        await backend.stop()
        assert outcome == Completed()
        assert [body["max_tokens"] for body in server.bodies] == [32_768 // 4, 4_096 // 4]


async def test_lm_studio_says_what_is_loaded_and_how_large() -> None:
    entries = (
        {"id": "embedder", "type": "embeddings", "state": "loaded", "max_context_length": 2_048},
        {"id": "eyes", "type": "vlm", "state": "not-loaded", "max_context_length": 32_768},
        {
            "id": "coder",
            "type": "llm",
            "state": "loaded",
            "capabilities": ["tool_use"],
            "max_context_length": 262_144,
            "loaded_context_length": 8_192,
        },
    )
    async with ScriptedModel() as scripted, LmStudioServer(scripted, *entries) as server:
        known = ServerModels(ModelServer(server.base_url))
        for _ in range(2):
            await known.refresh()
        assert tuple(known.rows) == ("eyes", "coder")
        coder, eyes = known.facts("coder"), known.facts("eyes")
        assert (coder.context_tokens, coder.trained_tokens, coder.tools) == (8_192, 262_144, True)
        assert "trained for 262,144" in coder.cure
        assert (eyes.context_tokens, eyes.images, eyes.loaded) == (0, True, False)
        asked_twice = ["/v1/models", "/api/v0/models"]
        assert [path for path in server.paths if server.paths.count(path) == 2] == asked_twice * 2, "others are unknown"
        await known.close()


async def test_the_router_of_llama_server_is_asked_for_loaded_models_alone() -> None:
    states = {"a": "loaded", "b": "unloaded", "c": "sleeping"}
    async with ScriptedModel() as scripted, RouterServer(scripted, states, max_instances=2, slots=2) as server:
        known = ServerModels(ModelServer(server.base_url))
        await known.refresh()
        assert (known.facts("a").slots, known.facts("a").context_tokens) == (2, server.slot_tokens)
        assert [known.facts(name).loaded for name in "abc"] == [True, False, False]
        running = await known.client.running()
        assert running is not None and running.ready == {"a"} and running.room == 1
        assert running.waits_for("b") == "The server is loading b"
        states["c"] = "loaded"
        full = await known.client.running()
        assert full is not None and full.waits_for("b") == "The server is changing from a, c to b"
        await known.close()


async def test_a_model_that_has_room_is_not_waited_for() -> None:
    states = {"a": "loaded", "b": "unloaded", "c": "unloaded"}
    async with ScriptedModel() as scripted, RouterServer(scripted, states, max_instances=2) as server:
        gate = ServerModels(ModelServer(server.base_url), turn_wait_s=1.0).gate
        said: list[str] = []

        async def report(text: str) -> None:
            said.append(text)

        async with gate.turn("a", stop=StopSignal(), report=report), gate.turn("b", stop=StopSignal(), report=report):
            assert said == []
            async with gate.turn("c", stop=StopSignal(), report=report) as entered:
                assert entered and said == ["Waiting for the model server (2 before)"]


async def test_a_model_that_no_turn_uses_is_unloaded_where_the_server_offers_it() -> None:
    async with (
        ScriptedModel() as scripted,
        SwapServer(scripted, "a/b", "c", ttl=300) as swap,
        RouterServer(scripted, {"a/b": "loaded"}, max_instances=2) as router,
        OllamaServer(scripted, {"a/b": CODER}, context_tokens=4_096) as ollama,
        LlamaServer(scripted, id="a/b") as plain,
    ):
        swap.states, ollama.loaded = {"a/b": "ready"}, {"a/b": 4_096}
        for server in (swap, router, ollama):
            known = ServerModels(ModelServer(server.base_url))
            await known.refresh()
            assert known.facts("a/b").loaded and known.facts("a/b").unloads
            assert known.facts("a/b").idle_unload_s == (300 if server is swap else 0)
            async with known.gate.turn("a/b", stop=StopSignal(), report=ignore):
                with pytest.raises(Conflict, match="in use by 1 running turn"):
                    await known.unload("a/b")
            await known.unload("a/b")
            assert known.facts("a/b").loaded is False
            await known.close()
        known = ServerModels(ModelServer(plain.base_url))
        await known.refresh()
        assert not known.facts("a/b").unloads
        with pytest.raises(Conflict, match="does not unload"):
            await known.unload("a/b")
        await known.close()


async def test_another_kind_of_server_at_the_same_address_is_noticed() -> None:
    async with ScriptedModel() as scripted:
        async with OllamaServer(scripted, {"coder": CODER}, context_tokens=4_096) as ollama:
            known = ServerModels(ModelServer(ollama.base_url))
            await known.refresh()
            port = ollama.port
        server = LlamaServer(scripted, slots=2, id="new")
        server.port = port
        async with server:
            await known.refresh()
            assert known.facts("new").slots == 2
        await known.close()
