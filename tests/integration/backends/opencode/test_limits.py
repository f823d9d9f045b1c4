"""The real opencode on a server that refuses what does not fit: it gets the limits and stays within them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from boocoder.app.model_watch import provider_of
from boocoder.backends.opencode.settings import OpenCodeSettings
from boocoder.events.agent_event import Notice, Progress
from boocoder.model.turn import AgentSessionRef, Completed
from boocoder.model_servers.server import ModelOptions, ModelServer
from boocoder.model_servers.server_models import ServerModels
from boocoder.scripted_model.server import ScriptedModel
from tests.fakes.model_servers.llama_server import CHARS_PER_TOKEN, LlamaServer
from tests.fakes.model_servers.swap_server import SwapServer
from tests.fixtures.opencode import OpenCodeDesk, running_opencode

pytestmark = pytest.mark.opencode
CONTEXT_TOKENS = 65_536
PROMPT = "word " * 10_000


async def test_opencode_keeps_within_the_servers_context(tmp_path: Path, opencode_program: Path) -> None:
    async with (
        ScriptedModel() as scripted,
        LlamaServer(scripted, id="/models/m.gguf", context_tokens=2 * CONTEXT_TOKENS, slots=2) as server,
    ):
        options = ModelOptions(temperature=0.25, extra_body={"top_k": 7})
        known = ServerModels(ModelServer(server.base_url, name="box", options=options))
        await known.refresh()
        async with running_opencode(
            opencode_program,
            tmp_path,
            server.base_url,
            OpenCodeSettings(use_own_config=False),
            providers=(provider_of(known),),
        ) as backend:
            desk = OpenCodeDesk(backend, scripted, opencode_program, tmp_path)
            worktree = desk.worktree()
            seen: list[object] = []
            ref = None
            for turn in range(6):
                tokens = _tokens(server) + len(PROMPT) // CHARS_PER_TOKEN
                port, outcome = await desk.run(
                    f"{PROMPT} [[usage {tokens}]] [[say turn {turn}]]", worktree, agent_session=ref, model="box/m"
                )
                assert outcome == Completed(), (turn, server.refused)
                ref = AgentSessionRef(native_id=port.opened.native_id, config_hash=port.opened.config_hash)
                seen += port.events
        assert server.refused == []
        asked = {body["max_tokens"] for body in server.bodies}
        assert asked and max(asked) <= CONTEXT_TOKENS // 4
        assert {body["model"] for body in server.bodies} == {"/models/m.gguf"}
        assert {(body["temperature"], body["top_k"]) for body in server.bodies} == {(0.25, 7)}
        assert any(isinstance(event, Notice) and event.code == "context_compacted" for event in seen)
        assert any(isinstance(event, Progress) and "to make room" in event.text for event in seen)
        await known.close()


def _tokens(server: LlamaServer) -> int:
    """What the newest request took, as the server counts."""
    if not server.bodies:
        return 0
    body = server.bodies[-1]
    return (len(json.dumps(body["messages"])) + len(json.dumps(body.get("tools", [])))) // CHARS_PER_TOKEN


async def test_turns_of_opencode_keep_their_model_too(tmp_path: Path, opencode_program: Path) -> None:
    async with ScriptedModel() as scripted, SwapServer(scripted, "a", "b") as server:
        known = ServerModels(ModelServer(server.base_url))
        await known.refresh()
        async with running_opencode(
            opencode_program,
            tmp_path,
            server.base_url,
            OpenCodeSettings(use_own_config=False),
            providers=(provider_of(known),),
        ) as backend:
            desk = OpenCodeDesk(backend, scripted, opencode_program, tmp_path)
            await desk.run("[[say first]]", desk.worktree(), model="a")
            server.loads.clear()
            steps = "[[bash echo 1]] [[bash echo 2]] [[say done]]"
            done = await asyncio.gather(
                *(desk.run(steps, desk.worktree(), timeout_s=200.0, model=model) for model in ("b", "a", "b", "a"))
            )
        assert [outcome for _, outcome in done] == [Completed()] * 4
        assert len(server.loads) <= 2, "each model is loaded once at most"
        waited = [event.text for port, _ in done for event in port.events if isinstance(event, Progress)]
        assert any("Waiting for the model server (" in text for text in waited)
        await known.close()
