"""Attached images with ACP agents: sent as images where the agent says that it takes them, else named in the text."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boocoder.backends.acp.settings import AcpAgent
from boocoder.events.agent_event import Notice
from boocoder.model.turn import Completed
from tests.fakes.acp.harness import desk, fake_agent
from tests.fixtures.images import PNG, attached_prompt, image_file


def prompts(directory: Path) -> list[Any]:
    """The content blocks of each prompt that the agent got."""
    return [json.loads(line) for line in (directory / "conversations/prompts.jsonl").read_text().splitlines()]


async def test_an_image_is_a_block_of_its_own_behind_the_text(tmp_path: Path) -> None:
    misnamed = image_file(tmp_path, "picture.txt")
    drawing = tmp_path / "drawing.png"
    drawing.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    prompt = attached_prompt("[[say seen]]", misnamed, drawing)
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        port, outcome = await acp.run(prompt, attachments=(misnamed, drawing))
    assert (outcome, port.text) == (Completed(), "seen")
    assert not port.of(Notice)
    image = {"type": "image", "mimeType": "image/png", "data": base64.b64encode(PNG).decode()}
    assert prompts(tmp_path) == [[{"type": "text", "text": prompt}, image]]


@pytest.mark.parametrize(
    "agent",
    [lambda path: fake_agent(path, "none", "--without", "images"), lambda path: fake_agent(path, images=False)],
    ids=["not announced", "turned off"],
)
async def test_an_agent_that_takes_no_images_gets_the_path(tmp_path: Path, agent: Callable[[Path], AcpAgent]) -> None:
    shot = image_file(tmp_path)
    prompt = attached_prompt("[[say hi]]", shot)
    async with desk(tmp_path, agent(tmp_path)) as acp:
        _, outcome = await acp.run(prompt, attachments=(shot,))
    assert outcome == Completed()
    assert prompts(tmp_path) == [[{"type": "text", "text": prompt}]]


async def test_what_is_too_much_stays_a_file_and_is_named(tmp_path: Path) -> None:
    large = [image_file(tmp_path, f"large{number}.png", size_bytes=3_000_000) for number in range(4)]
    small = [image_file(tmp_path, f"small{number}.png") for number in range(4)]
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        port, outcome = await acp.run("[[say hi]]", attachments=(*large, *small))
    assert outcome == Completed()
    assert len([block for block in prompts(tmp_path)[0] if block["type"] == "image"]) == 6
    (notice,) = port.of(Notice)
    assert notice.code == "images_as_files"
    assert "only the paths of large3.png, small3.png" in notice.text
