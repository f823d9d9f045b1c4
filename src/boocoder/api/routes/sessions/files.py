"""Files of sessions and projects: their names, to mention in a prompt, and one file's text."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.files_host import SESSION_FILES_HERE
from boocoder.api.requests.fields import ProjectPath, SessionPath
from boocoder.api.services import Services
from boocoder.wire.worktrees import FoundFiles, SessionFile
from boocoder.worktrees.history.file_content import read_file

FOUND_DEFAULT = 20
FOUND_MAX = 100

router = APIRouter(prefix="/api", route_class=StrictRoute)

Letters = Annotated[str, Query(max_length=200)]
FilePath = Annotated[str, Query(min_length=1, max_length=4_096, pattern=r"^[^\x00\n]+$")]
FoundLimit = Annotated[int, Query(ge=1, le=FOUND_MAX)]


@router.get("/sessions/{session_id}/files", dependencies=[SESSION_FILES_HERE])
@access(Access.READ)
async def find_session_files(
    session_id: SessionPath, services: Services, query: Letters = "", limit: FoundLimit = FOUND_DEFAULT
) -> FoundFiles:
    """Files of the session's worktree whose path has these letters; of the checkout while there is no worktree."""
    return await services.files.in_session(session_id, query, limit)


@router.get("/sessions/{session_id}/file", dependencies=[SESSION_FILES_HERE])
@access(Access.READ)
async def get_session_file(session_id: SessionPath, services: Services, path: FilePath) -> SessionFile:
    """The text of one of the session's files as it is now; 409 for what is no text or has more than 2 MiB."""
    return SessionFile(path=path, text=await read_file(services.care.snapshots, session_id, path))


@router.get("/projects/{project_id}/files")
@access(Access.READ)
async def find_project_files(
    project_id: ProjectPath, services: Services, query: Letters = "", limit: FoundLimit = FOUND_DEFAULT
) -> FoundFiles:
    """Files of the project's checkout whose path has these letters."""
    return await services.files.in_project(project_id, query, limit)
