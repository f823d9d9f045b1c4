"""Fixtures of editors: a service with agents of two kinds, and an editor that most tests share."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.acceptance.editors.editor import Editor, open_editor
from tests.fakes.acp.harness import FAKE
from tests.fixtures.service import Installation


@pytest.fixture(scope="session")
def editor_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running service with the scripted agent, and with one that has modes and models (`fake`)."""
    made = Installation(tmp_path_factory.mktemp("editors"))
    config = made.home / ".config" / "boocoder" / "config.toml"
    config.parent.mkdir(parents=True)
    command = json.dumps([sys.executable, str(FAKE), "--store", str(made.home / "conversations")])
    config.write_text(f'default_agent = "scripted"\n[agents.fake]\ncommand = {command}\n')
    made.start()
    yield made
    made.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def editor(editor_service: Installation) -> AsyncIterator[Editor]:
    """An editor without forms; each test opens sessions of its own in it."""
    async with open_editor(editor_service) as made:
        yield made
