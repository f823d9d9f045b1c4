"""Fixtures of editors: a service with agents of two kinds, and an editor that most tests share."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.acceptance.editors.editor import Editor, open_editor
from tests.fakes.acp.harness import FAKE
from tests.fixtures.postgres import fresh_database
from tests.fixtures.service import Installation
from tests.invariants import World, processes_of, violations


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def editor_service(
    postgres_server: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    """A running service with the scripted agent, and with one that has modes and models (`fake`)."""
    async with fresh_database(postgres_server, template_database) as dsn:
        made = Installation(tmp_path_factory.mktemp("editors"), {"BOOCODER_DATABASE_URL": dsn})
        config = made.home / ".config" / "boocoder" / "config.toml"
        config.parent.mkdir(parents=True)
        command = json.dumps([sys.executable, str(FAKE), "--store", str(made.home / "conversations")])
        config.write_text(f'default_agent = "scripted"\n[agents.fake]\ncommand = {command}\n')
        await asyncio.to_thread(made.start)
        yield made
        assert await asyncio.to_thread(made.stop) in (0, None)
        assert processes_of(made.data_dir) == []
        assert await violations(World(dsn, made.data_dir)) == []


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def editor(editor_service: Installation) -> AsyncIterator[Editor]:
    """An editor without forms; each test opens sessions of its own in it."""
    async with open_editor(editor_service) as made:
        yield made
