"""The demo project: a small repository and the scripted agent, without model or account."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Response

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.requests.fields import EmptyBody
from boocoder.api.services import Services
from boocoder.db.registry import projects
from boocoder.git.demo_repository import make_demo_repository
from boocoder.git.project import inspect_project
from boocoder.model.agent import DEMO_DIRECTORY
from boocoder.model.ids import ProjectId, new_id
from boocoder.wire.service import DemoProject

NAME = "Demo: tally"
TITLE = "Count words without their capitals"
PROMPT = (Path(__file__).parents[2] / "demo_prompt.txt").read_text(encoding="utf-8").strip()

router = APIRouter(prefix="/api/demo", route_class=StrictRoute)


@router.post("", status_code=201)
@access(Access.WRITE)
async def add_demo(services: Services, response: Response, body: EmptyBody | None = None) -> DemoProject:
    """Make the demo project and offer the scripted agent, or answer what is there already."""
    path = services.info.data_dir / DEMO_DIRECTORY / "tally"
    path.parent.mkdir(exist_ok=True)
    await make_demo_repository(path)
    found = await inspect_project(path)
    agent = await services.agents.offer_scripted()
    project_id = ProjectId(new_id())
    async with services.database.transaction() as conn:
        project = await projects.insert_project(conn, project_id, NAME, found.root)
    if project.id != project_id:
        response.status_code = 200
    return DemoProject(project=project, agent=agent, title=TITLE, prompt=PROMPT)
