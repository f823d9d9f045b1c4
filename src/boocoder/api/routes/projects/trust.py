"""What a project makes agents run, and a person's trust in it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.requests.fields import ProjectPath
from boocoder.api.requests.projects import TrustInput
from boocoder.api.services import Services
from boocoder.db.registry.trusted_files import TrustedFile
from boocoder.model.ids import ProjectId, SessionId
from boocoder.wire.projects import ProjectTrustInfo, RunnableFileInfo
from boocoder.worktrees.trust.project_trust import FileTrust

router = APIRouter(prefix="/api/projects/{project_id}/trust", route_class=StrictRoute)

OfSession = Annotated[SessionId | None, Query()]


@router.get("")
@access(Access.READ)
async def get_project_trust(
    project_id: ProjectPath, services: Services, session_id: OfSession = None
) -> ProjectTrustInfo:
    """The files of the checkout, or of a session's worktree, that make agents run or obey something."""
    return _info(project_id, await services.trust.files(project_id, session_id=session_id))


@router.post("")
@access(Access.WRITE)
async def trust_project(
    project_id: ProjectPath, body: TrustInput, services: Services, session_id: OfSession = None
) -> ProjectTrustInfo:
    """Trust files with the content that was shown; 409 where one has another content now."""
    seen = [TrustedFile(one.path, one.sha256) for one in body.files]
    return _info(project_id, await services.trust.trust(project_id, seen, session_id=session_id))


@router.delete("")
@access(Access.WRITE)
async def distrust_project(project_id: ProjectPath, services: Services) -> ProjectTrustInfo:
    """Forget all that was trusted in the project."""
    await services.trust.distrust(project_id)
    return _info(project_id, await services.trust.files(project_id))


def _info(project_id: ProjectId, files: list[FileTrust]) -> ProjectTrustInfo:
    shown = tuple(RunnableFileInfo(one.file.path, one.file.sha256, one.file.agents, one.trusted) for one in files)
    return ProjectTrustInfo(project_id, all(one.trusted for one in files), shown)
