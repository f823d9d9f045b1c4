"""Schemathesis against the served document: every answer is one that the document allows, for good and bad requests.

`make api-fuzz` runs all its phases with more examples. schemathesis.toml says what a schema cannot.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import httpx2

from boocoder.db.tasks.hosts import register_host
from boocoder.model.ids import HostId, InstanceId
from tests.fixtures.api import Api

EXAMPLES = int(os.environ.get("BOOCODER_TEST_API_FUZZ", "0"))
CONFIG = Path(__file__).with_name("schemathesis.toml")


async def test_answers_are_those_of_the_document(api: Api, tmp_path: Path) -> None:
    health = (await api.http.get("/api/health")).json()
    async with api.database.connection() as conn:  # as a service does when it starts
        await register_host(
            conn, HostId(UUID(health["host_id"])), InstanceId(UUID(health["instance_id"])), "test", 1, 7200.0
        )
    command = [
        str(Path(sys.executable).with_name("st")), "--config-file", str(CONFIG), "--no-color",
        "run", f"{api.server.url}/openapi.json", "--header", f"Authorization: Bearer {api.server.token}",
        "--seed", "1", "--max-examples", str(EXAMPLES or 1),
        "--phases", "examples,coverage,fuzzing,stateful" if EXAMPLES else "fuzzing",
        "--checks", "all", "--request-timeout", "60", "--continue-on-failure", "--warnings", "off",
    ]  # fmt: skip
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=tmp_path, capture_output=True, text=True, timeout=7200, check=False
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    paths = (await api.http.get("/openapi.json")).json()["paths"].values()
    assert f"{sum(map(len, paths)) - 1} selected" in done.stdout, done.stdout


async def test_a_method_that_an_address_does_not_take_is_told_which_it_does(api: Api) -> None:
    async def allowed(path: str, method: str = "PUT") -> tuple[int, str]:
        answer: httpx2.Response = await api.http.request(method, path, json={})
        return answer.status_code, answer.headers.get("allow", "")

    assert await allowed("/api/tasks") == (405, "GET, HEAD, POST")
    assert await allowed("/api/tasks/counts") == await allowed("/api/tasks/counts", "PATCH") == (405, "GET, HEAD")
    assert await allowed("/api/sessions/e3e70682-c209-4cac-a29f-6fbed82c07cd") == (405, "DELETE, GET, HEAD, PATCH")


async def test_a_whole_number_may_be_written_with_a_point(api: Api) -> None:
    for days, status in ((3.0, 201), (3.5, 422), ("3", 422), (True, 422)):
        answer = await api.http.post("/api/tokens", json={"name": f"of {days}", "scope": "read", "days": days})
        assert answer.status_code == status, answer.text
