"""The OpenAPI document and its page as they are served, and a client that is generated out of the document."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from tests.fixtures.api import Api
from tests.fixtures.repository import MakeRepository

PROGRAM = """
import sys
sys.path.insert(0, {folder!r})
from generated import AuthenticatedClient
from generated.api.projects import add_project, list_projects
from generated.models import NewProject

with AuthenticatedClient(base_url={url!r}, token={token!r}) as client:
    added = add_project.sync(client=client, body=NewProject(path={path!r}))
    assert [one.path for one in list_projects.sync(client=client)] == [added.path]
    refused = add_project.sync(client=client, body=NewProject(path="/nowhere/at/all"))
    print(type(added).__name__, type(refused).__name__, refused.code)
"""


async def test_the_document_and_its_page_need_a_token(api: Api) -> None:
    for path in ("/openapi.json", "/docs", "/docs.css"):
        assert (await api.bare.get(path)).status_code == 401
        assert (await api.http.get(path)).status_code == 200
    assert (await api.http.get("/docs")).headers["content-type"].startswith("text/html")


async def test_the_served_document_is_the_written_one(api: Api) -> None:
    written = json.loads((Path(__file__).parents[3] / "docs" / "openapi.json").read_text("utf-8"))
    assert (await api.http.get("/openapi.json")).json() == written


async def test_a_generated_client_works_without_edits(api: Api, repository: MakeRepository, tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_bytes((await api.http.get("/openapi.json")).content)
    (tmp_path / "config.yml").write_text("post_hooks: []\n")
    generate = [
        str(Path(sys.executable).with_name("openapi-python-client")), "generate", "--path", "openapi.json",
        "--meta", "none", "--output-path", "generated", "--config", "config.yml", "--fail-on-warning",
    ]  # fmt: skip
    program = PROGRAM.format(
        folder=str(tmp_path), url=api.server.url, token=api.server.token, path=str(repository().path)
    )
    for command in (generate, [sys.executable, "-c", program]):
        done = await asyncio.to_thread(
            subprocess.run, command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "Project Problem project_path_missing\n"
