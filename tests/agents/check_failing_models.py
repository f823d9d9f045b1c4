"""What real agents make of a model that fails: no turn ends as completed. Writes the table of docs/agents.md."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from tools.agent_recipes import CLAUDE, CODEX, COPILOT, GEMINI, GOOSE, OPENCODE_ACP, QWEN, Recipe

from boocoder.backends.acp.settings import AcpSettings
from boocoder.events.agent_event import TextDelta
from boocoder.model.turn import Cancelled, Completed, Failed, StopReason
from boocoder.scripted_model.server import ScriptedModel
from tests.agents.test_acp_backend import known_acp
from tests.contract.port import RecordingPort
from tests.fakes.acp.harness import AcpHarness, desk
from tests.paths import ROOT

RECIPES = (CLAUDE, CODEX, COPILOT, GEMINI, GOOSE, OPENCODE_ACP, QWEN)
MODELS = {
    "400": "[[fail 400]]",
    "401": "[[fail 401]]",
    "404": "[[fail 404]]",
    "429": "[[fail 429]]",
    "500": "[[fail 500]]",
    "cut": "[[say half an]][[cut]]",
    "cut at once": "[[cut]]",
    "dropped": "[[say half an]][[drop]]",
    "dropped at once": "[[drop]]",
}
TRIES_ON_S = 30.0
TAKES_FOR_AN_END = {("goose", "cut")}
_TABLE = re.compile(r"(<!-- failing models: [^\n]*-->\n)(.*?)(<!-- end -->)", re.DOTALL)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
async def check_failing_models(recipe: Recipe, tmp_path: Path) -> None:
    seen: dict[str, str] = {}
    async with ScriptedModel() as model:
        agent = known_acp(recipe, tmp_path / "home", model.root_url)
        async with desk(tmp_path, agent, AcpSettings(spare=False)) as acp:
            for name, script in MODELS.items():
                seen[name] = await _ending(acp, script)
                print(recipe.name, name, seen[name])
    _write_row(recipe.name, seen)
    completed = {(recipe.name, name) for name, ending in seen.items() if ending == "completed"}
    assert completed <= TAKES_FOR_AN_END


async def _ending(acp: AcpHarness, script: str) -> str:
    request = acp.request(script)
    port = RecordingPort(stop=request.stop)
    turn = asyncio.create_task(acp.backend.run_turn(request, port))
    await asyncio.wait({turn}, timeout=TRIES_ON_S)
    if not turn.done():
        request.stop.set(StopReason.CANCELLED)
        assert await turn == Cancelled()
        return "tries on"
    outcome = await turn
    if isinstance(outcome, Failed):
        return "failed"
    assert outcome == Completed()
    said = "".join(delta.text for delta in port.of(TextDelta)).removeprefix("half an")
    return "went on" if said else "completed"


def _write_row(name: str, seen: dict[str, str]) -> None:
    page = ROOT / "docs" / "agents.md"
    text = page.read_text()
    found = _TABLE.search(text)
    assert found is not None
    rows = {row.split("`")[1]: row for row in found.group(2).splitlines() if row.startswith("| `")}
    rows[name] = f"| `{name}` | {' | '.join(seen.values())} |"
    head = f"| agent | {' | '.join(MODELS)} |\n|{'---|' * (len(MODELS) + 1)}\n"
    table = head + "".join(f"{rows[key]}\n" for key in sorted(rows))
    page.write_text(text[: found.start()] + found.group(1) + table + found.group(3) + text[found.end() :])
