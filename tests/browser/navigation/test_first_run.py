"""The page of somebody who has no project yet: three steps and the demo on one screen, everything else folded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from boocoder.model.agent import AgentInfo
from boocoder.scripted_model.server import ScriptedModel
from tests.fakes.model_servers.llama_server import LlamaServer
from tests.fixtures.browser import MakeVisit
from tests.fixtures.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A service without a project."""
    made = Installation(tmp_path_factory.mktemp("empty"), {})
    made.start()
    yield made
    made.stop()


async def test_the_first_page_has_all_steps_on_one_screen(visit: MakeVisit, empty: Installation) -> None:
    page = (await visit(empty)).page
    steps = ("1. Add a project", "2. Get an agent ready", "3. Describe a task", "Or try the demo")
    for name in steps:
        await expect(page.get_by_role("region", name=name)).to_be_in_viewport(ratio=1)
    await expect(
        page.get_by_role("textbox", name="Repository folder").or_(page.get_by_role("combobox"))
    ).to_be_visible()
    await expect(page.get_by_role("button", name="Try the demo")).to_be_in_viewport()
    agents = page.get_by_role("region", name="2. Get an agent ready")
    assert await agents.get_by_role("listitem").count() <= 5
    await agents.get_by_text("more agents").click()
    goose = agents.get_by_role("listitem").filter(has_text="goose")
    await expect(goose).to_contain_text("own installer")
    await expect(goose.get_by_role("button", name="Copy command")).to_have_count(0)
    text = await agents.inner_text()
    assert text.count("npm install -g @google/gemini-cli") == 1


async def test_a_found_model_server_is_used_with_one_click(
    visit: MakeVisit, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with ScriptedModel() as scripted, LlamaServer(scripted, id="small") as server:
        made = Installation(tmp_path_factory.mktemp("found"), {"BOOCODER_MODELS_USUAL_PORTS": str(server.port)})
        await asyncio.to_thread(made.start)
        try:
            page = (await visit(made)).page
            found = page.get_by_role("list", name="Model servers found")
            await expect(found).to_contain_text("small")
            await found.get_by_role("button", name="Use llama-server").click()
            await expect(found).to_have_count(0)
            async with made.client() as client:
                agents = {one.name: one for one in await client.items("/api/agents", AgentInfo)}
            assert agents["native"].models == ("llama/small",)
            await page.close()  # it would complain about the service that stops
        finally:
            await asyncio.to_thread(made.stop)
