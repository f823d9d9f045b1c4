"""The native agent over several model servers, and a server that is restarted with another context."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from boocoder.backends.native.backend import NativeBackend
from boocoder.events.agent_event import AgentSessionOpened
from boocoder.model.agent import AgentState
from boocoder.model.turn import AgentSessionRef, Completed, Failed, ResumeStep
from boocoder.model_servers import server_models
from boocoder.model_servers.server import ModelOptions, ModelServer
from boocoder.model_servers.server_models import ServerModels
from boocoder.scripted_model.server import ScriptedModel
from tests.contract.port import RecordingPort
from tests.fakes.model_servers.llama_server import LlamaServer
from tests.fakes.native_turn import QUICK, notices, request_in
from tests.fixtures.processes import idle_host


def backend_of(directory: Path, *servers: ModelServer) -> NativeBackend:
    known = tuple(ServerModels(server) for server in servers)
    return NativeBackend(servers=known, state_dir=directory / "store", limits=QUICK, processes=idle_host(directory))


async def test_a_model_says_which_server_is_asked(tmp_path: Path) -> None:
    async with (
        ScriptedModel() as scripted,
        LlamaServer(scripted, id="small") as one,
        LlamaServer(scripted, id="large", key="k") as two,
    ):
        options = ModelOptions(temperature=0.1, extra_body={"top_k": 7})
        backend = backend_of(
            tmp_path,
            ModelServer(one.base_url),
            ModelServer(two.base_url, name="gpu", api_key="k", options=options, models={}),
        )
        info = await backend.probe()
        assert (info.models, info.default_model) == (("small", "gpu/large"), "small")
        for named, asked in ((None, one), ("gpu/large", two), ("large", two), ("llama-swap/small", one)):
            request = request_in(tmp_path, "[[say hi]]", model=named)
            asked.bodies.clear()
            assert await backend.run_turn(request, RecordingPort(stop=request.stop)) == Completed()
            assert len(asked.bodies) == 1, named
        assert (two.bodies[0]["temperature"], two.bodies[0]["top_k"]) == (0.1, 7)
        assert "temperature" not in one.bodies[0]
        await backend.stop()


async def test_one_server_that_is_down_hides_no_other(tmp_path: Path) -> None:
    async with ScriptedModel() as scripted, LlamaServer(scripted, id="large") as up:
        down = ModelServer("http://127.0.0.1:1/v1", name="down")
        backend = backend_of(tmp_path, down, ModelServer(up.base_url, name="up"))
        info = await backend.probe()
        assert (info.state, info.models, info.default_model) == (AgentState.READY, ("up/large",), "up/large")
        assert "127.0.0.1:1" in info.reason and "models.down.base_url" in info.cure
        request = request_in(tmp_path, "[[say hi]]")
        assert await backend.run_turn(request, RecordingPort(stop=request.stop)) == Completed()
        await backend.stop()


async def test_a_warm_conversation_takes_up_a_new_context(tmp_path: Path) -> None:
    async with ScriptedModel() as scripted, LlamaServer(scripted, context_tokens=8_192, slots=2) as server:
        known = ServerModels(ModelServer(server.base_url))
        backend = NativeBackend(
            servers=(known,), state_dir=tmp_path / "store", limits=QUICK, processes=idle_host(tmp_path)
        )
        first = request_in(tmp_path, "[[say hi]]")
        port = RecordingPort(stop=first.stop)
        assert await backend.run_turn(first, port) == Completed()
        assert server.bodies[-1]["max_tokens"] == 1_024
        server.context_tokens, server.slots = 65_536, 1  # restarted
        await known.refresh()
        opened = next(event for event in port.events if isinstance(event, AgentSessionOpened))
        ref = AgentSessionRef(native_id=opened.native_id, config_hash=opened.config_hash)
        second = replace(request_in(tmp_path, "[[say again]]"), agent_session=ref)
        port = RecordingPort(stop=second.stop)
        assert await backend.run_turn(second, port) == Completed()
        warm = next(event for event in port.events if isinstance(event, AgentSessionOpened))
        assert warm.step is ResumeStep.WARM and server.bodies[-1]["max_tokens"] == 16_384
        await backend.stop()
    assert server_models.FRESH_S <= 5.0, "the next turn of a person asks again"


async def test_what_does_not_fit_says_how_big_it_is(tmp_path: Path) -> None:
    async with ScriptedModel() as scripted, LlamaServer(scripted, context_tokens=2_048) as server:
        backend = backend_of(tmp_path, ModelServer(server.base_url))
        request = request_in(tmp_path, "word " * 4_000)
        outcome = await backend.run_turn(request, RecordingPort(stop=request.stop))
        assert isinstance(outcome, Failed) and outcome.error.code == "context_overflow"
        assert "takes about" in outcome.error.text and "room for 1536" in outcome.error.text
        assert "--parallel" in outcome.error.cure and "new chat" not in outcome.error.cure
        await backend.stop()


async def test_a_template_without_tools_is_known_before_the_first_turn(tmp_path: Path) -> None:
    path = "/models/tiny.gguf"
    async with ScriptedModel() as scripted, LlamaServer(scripted, tools=False, id=path, aliases=[path]) as server:
        backend = backend_of(tmp_path, ModelServer(server.base_url))
        info = await backend.probe()
        assert "tiny: context 65,536 tokens" in info.reason and "--jinja" in info.cure
        details = info.model_details[0]
        assert (details.id, details.label, details.tools) == (path, "tiny", False) and details.warning
        for named in (path, "tiny"):
            request = request_in(tmp_path, "[[say hi]]", model=named)
            port = RecordingPort(stop=request.stop)
            assert await backend.run_turn(request, port) == Completed()
            assert server.bodies[-1]["model"] == path and notices(port) == ["model_without_tools"]
        await backend.stop()
