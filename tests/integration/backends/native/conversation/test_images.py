"""Attached images with the native agent: content of the request where the model sees them, and kept with the chat."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from boocoder.backends.native.backend import NativeBackend
from boocoder.backends.native.conversation.images import UNUSED_MAX_S
from boocoder.events.agent_event import Notice
from boocoder.model.turn import Completed
from boocoder.model_servers.server import ModelOptions
from tests.contract.port import RecordingPort
from tests.fakes.native_model import NativeModel, calling, saying
from tests.fakes.native_turn import backend_for, notices, request_in
from tests.fixtures.images import PNG, image_file
from tests.fixtures.processes import running_host

MODELS = {
    "data": [
        {"id": "eyes", "max_model_len": 32_768, "architecture": {"input_modalities": ["text", "image"]}},
        {"id": "blind", "max_model_len": 32_768, "architecture": {"input_modalities": ["text"]}},
        {"id": "unsaid", "max_model_len": 32_768},
    ]
}
IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{base64.b64encode(PNG).decode()}"}}


@asynccontextmanager
async def backend(model: NativeModel, directory: Path, **more: Any) -> AsyncIterator[NativeBackend]:
    async with running_host(directory) as processes:
        made = backend_for(model, directory, processes=processes, **more)
        try:
            yield made
        finally:
            await made.stop()


async def turn(
    native: NativeBackend, directory: Path, prompt: str, *, after: RecordingPort | None = None, **more: Any
) -> RecordingPort:
    """A turn that completes, in the conversation of another one if it is given."""
    session = after.agent_session if after is not None else None
    request = request_in(directory, prompt, agent_session=session, **more)
    port = RecordingPort(stop=request.stop)
    assert await native.run_turn(request, port) == Completed()
    return port


def asked(model: NativeModel, number: int = -1) -> list[Any]:
    """The contents of the person's messages in a request, without what the agent writes before the first one."""
    contents = [message["content"] for message in model.bodies[number]["messages"] if message["role"] == "user"]
    first = contents[0][0] if isinstance(contents[0], list) else {"text": contents[0]}
    first["text"] = first["text"].rpartition("</environment_context>\n\n")[2]
    return [first["text"], *contents[1:]] if isinstance(contents[0], str) else contents


async def test_a_model_that_sees_gets_the_image_in_every_request(tmp_path: Path) -> None:
    shot = image_file(tmp_path)
    async with NativeModel(calling(("list", {"path": "."})), saying("a dot"), models=MODELS) as model:
        async with backend(model, tmp_path) as native:
            first = await turn(native, tmp_path, "what is this?", model="eyes", attachments=(shot,))
            assert notices(first) == []
            await turn(native, tmp_path, "and now?", after=first, model="eyes")
        shot.unlink()
        async with backend(model, tmp_path) as again:
            await turn(again, tmp_path, "still?", after=first, model="eyes")
    pictured = [{"type": "text", "text": "what is this?"}, IMAGE]
    assert asked(model, 0) == asked(model, 1) == [pictured]
    assert asked(model) == [pictured, "and now?", "still?"]


async def test_another_model_gets_the_path_and_the_person_is_told(tmp_path: Path) -> None:
    shot = image_file(tmp_path)
    async with NativeModel(saying("hm"), models=MODELS) as model, backend(model, tmp_path) as native:
        port = await turn(native, tmp_path, f"look at {shot}", model="blind", attachments=(shot,))
        assert asked(model) == [f"look at {shot}"]
        (told,) = port.of(Notice)
        assert (told.code, told.text) == ("images_not_seen", "blind does not see images; it got only their paths.")
        unsaid = await turn(native, tmp_path, "look", model="unsaid", attachments=(shot,))
        assert "does not say whether unsaid sees images" in unsaid.of(Notice)[0].text
        await turn(native, tmp_path, "and you?", after=port, model="eyes")
        assert asked(model) == [[{"type": "text", "text": f"look at {shot}"}, IMAGE], "and you?"]


async def test_a_person_says_that_a_model_sees(tmp_path: Path) -> None:
    shot = image_file(tmp_path)
    options = {"unsaid": ModelOptions(images=True)}
    async with NativeModel(saying("hm"), models=MODELS) as model, backend(model, tmp_path, models=options) as native:
        port = await turn(native, tmp_path, "look", model="unsaid", attachments=(shot,))
        assert asked(model) == [[{"type": "text", "text": "look"}, IMAGE]]
    assert notices(port) == []


async def test_an_image_that_nothing_used_for_a_month_is_deleted(tmp_path: Path) -> None:
    shot = image_file(tmp_path)
    kept = tmp_path / "store" / "images"
    kept.mkdir(parents=True)
    old, recent = kept / "old.png", kept / "recent.png"
    for path, age_s in ((old, UNUSED_MAX_S + 60), (recent, UNUSED_MAX_S - 3_600)):
        path.write_bytes(PNG)
        os.utime(path, (time.time() - age_s,) * 2)
    async with NativeModel(saying("hm"), models=MODELS) as model, backend(model, tmp_path) as native:
        port = await turn(native, tmp_path, "look", model="eyes", attachments=(shot,))
        (own,) = set(kept.iterdir()) - {recent}
        os.utime(own, (1, 1))
        await turn(native, tmp_path, "again", after=port, model="eyes", attachments=(shot,))
        assert sorted(kept.iterdir()) == sorted((own, recent)), "what a request uses is there"
        assert asked(model)[-1][-1] == IMAGE
