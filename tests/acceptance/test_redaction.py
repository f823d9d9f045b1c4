"""An agent prints boocoder's token and a key of the environment: neither is shown, stored, found or logged."""

from __future__ import annotations

import asyncio

import asyncpg

from boocoder.events import frames
from boocoder.wire.projects import ProjectSettings
from boocoder.wire.search import SearchHit
from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Id
from tests.fixtures.repository import Repository
from tests.fixtures.service import MakeInstallation

KEY = "sk-prov-0123456789abcdefghijkl"
CONFIG = """
[agents.leaky]
command = ["sh", "{script}", "{{prompt}}"]
"""
SCRIPT = """
printf 'the key is sk-prov-01'
sleep 0.3
cat rest.txt '{token}'
cat rest.txt >&2
"""


async def stored(dsn: str) -> str:
    """Everything that the database holds of what was said."""
    conn = await asyncpg.connect(dsn)
    try:
        tables = ("part_chunks", "message_parts", "events", "tasks", "message_words")
        rows = [await conn.fetch(f"SELECT t::text FROM {table} t") for table in tables]
        text = [row[0] for table in rows for row in table]
        text += [
            bytes(row["frame"]).decode() if isinstance(row["frame"], bytes) else str(row["frame"])
            for row in await conn.fetch("SELECT frame FROM events")
        ]
        return "\n".join(text)
    finally:
        await conn.close()


async def test_secrets_that_an_agent_prints_are_replaced_unless_the_project_wants_them(
    installation: MakeInstallation, project: Repository, dsn: str
) -> None:
    off = {"BOOCODER_SANDBOX_PROFILE": "off"}  # the sandbox keeps the token from agents
    home = installation({"BOOCODER_DATABASE_URL": dsn, "PROVIDER_API_KEY": KEY, **off})
    config = home.home / ".config" / "boocoder" / "config.toml"
    config.parent.mkdir(parents=True)
    script = home.home / "leaky.sh"
    script.write_text(SCRIPT.format(token=home.data_dir / "token"))
    config.write_text(CONFIG.format(script=script))
    project.write("rest.txt", KEY.removeprefix("sk-prov-01"))
    project.commit("rest")
    await asyncio.to_thread(home.start)
    token = home.token
    async with home.client() as client:
        desk = ServiceHarness(client, project.path)
        created, ended = await desk.run("print it", agent="leaky")
        assert ended.outcome == "completed", ended
        answer = await desk.answer(created)
        assert answer.startswith("the key is sk-[redacted]"), answer
        assert answer.count("[redacted]") >= 2
        seen = frames.encode(ended).decode() + repr(await desk.follow(created))
        held = await stored(dsn)
        for secret in (KEY, token):
            assert secret not in seen
            assert secret not in held
            assert secret not in answer
            assert not await client.items("/api/search", SearchHit, q=secret)
        place = await client.post("/api/projects", Id, {"path": str(project.path)})
        await client.put(f"/api/projects/{place.id}/settings", ProjectSettings, {"redact": False})
        again, _ = await desk.run("print it", agent="leaky")
        assert KEY in await desk.answer(again)
    log = home.log.read_text() + (home.data_dir / "logs" / "service.log").read_text()
    assert KEY not in log and token not in log
