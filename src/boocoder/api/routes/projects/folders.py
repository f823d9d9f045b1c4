"""Folders of the service's machine, to choose a project from."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.requests.fields import PATH_MAX_CHARS
from boocoder.wire.projects import FoundFolders
from boocoder.worktrees.search.folder_search import find_folders

FOLDERS_DEFAULT = 20
FOLDERS_MAX = 100

router = APIRouter(prefix="/api/folders", route_class=StrictRoute)


@router.get("")
@access(Access.MANAGE)
async def list_folders(
    typed: Annotated[str, Query(max_length=PATH_MAX_CHARS)] = "",
    limit: Annotated[int, Query(ge=1, le=FOLDERS_MAX)] = FOLDERS_DEFAULT,
) -> FoundFolders:
    """Folders whose path begins as typed; none where nothing is or may be read."""
    return await find_folders(typed, limit)
