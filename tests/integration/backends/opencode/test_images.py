"""Attached files with the real opencode: images that the model sees, and files that it reads without asking."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from boocoder.backends.opencode.settings import ModelProvider, OpenCodeSettings
from boocoder.events.agent_event import Notice, ToolStatus
from boocoder.model.agent import ModelDetails
from boocoder.model.turn import Completed
from boocoder.scripted_model.server import ScriptedModel
from tests.fixtures.images import PNG, image_file
from tests.fixtures.opencode import OpenCodeDesk, running_opencode

pytestmark = [pytest.mark.opencode, pytest.mark.asyncio(loop_scope="module")]
SEES = (ModelDetails("scripted-large", "Scripted large", images=True),)
DATA = f"data:image/png;base64,{base64.b64encode(PNG).decode()}".encode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory, opencode_program: Path) -> AsyncIterator[OpenCodeDesk]:
    """opencode on a model that sees and one that does not."""
    directory = tmp_path_factory.mktemp("opencode")
    async with ScriptedModel() as model:
        providers = (ModelProvider(model.base_url, ("scripted-small", "scripted-large"), details=SEES),)
        settings = OpenCodeSettings(use_own_config=False)
        async with running_opencode(
            opencode_program, directory, model.base_url, settings, providers=providers
        ) as backend:
            yield OpenCodeDesk(backend, model, opencode_program, directory)


async def test_an_image_reaches_the_model_that_sees_it(desk: OpenCodeDesk, tmp_path: Path) -> None:
    shot, worktree = image_file(tmp_path), desk.worktree()
    port, outcome = await desk.run(
        f"[[say seen]] first-picture {shot}", worktree, model="scripted-large", attachments=(shot,)
    )
    assert (outcome, port.text, port.of(Notice)) == (Completed(), "seen", [])
    body = (await desk.model.wait_request("first-picture")).body
    assert body.count(DATA) == 1 and str(shot).encode() in body
    more, outcome = await desk.run(
        "[[say again]] second-picture", worktree, model="scripted-large", agent_session=port.agent_session
    )
    assert (outcome, more.text) == (Completed(), "again")
    assert (await desk.model.wait_request("second-picture")).body.count(DATA) == 1


async def test_a_model_that_does_not_see_it_gets_the_path(desk: OpenCodeDesk, tmp_path: Path) -> None:
    shot = image_file(tmp_path)
    port, outcome = await desk.run(
        f"[[say hm]] blind-picture {shot}", desk.worktree(), model="scripted-small", attachments=(shot,)
    )
    assert (outcome, port.text) == (Completed(), "hm")
    assert [notice.code for notice in port.of(Notice)] == ["images_not_seen"]
    body = (await desk.model.wait_request("blind-picture")).body
    assert b"base64" not in body and str(shot).encode() in body


async def test_an_attached_file_is_read_unasked_and_no_other(desk: OpenCodeDesk, tmp_path: Path) -> None:
    notes, other = tmp_path / "one" / "notes.txt", tmp_path / "two" / "other.txt"
    for path in (notes, other):
        path.parent.mkdir()
        path.write_text(f"this is {path.name}")
    port, outcome = await desk.run(
        f"[[read {notes}]] [[bash cat {notes}]] [[read {other}]] [[say done]]", desk.worktree(), attachments=(notes,)
    )
    assert (outcome, port.text) == (Completed(), "done")
    assert [tool.status for tool in port.final_tools] == [ToolStatus.COMPLETED] * 3
    assert "this is notes.txt" in port.final_tools[0].output
    (asked,) = port.permission_requests
    assert str(other.parent) in asked.argument
