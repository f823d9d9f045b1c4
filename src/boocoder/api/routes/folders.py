"""Folders of the service's machine, for whoever names one as a project."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.shapes.inputs import PATH_MAX_CHARS
from boocoder.api.shapes.places import FoundFoldersOut
from boocoder.worktrees.folder_search import find_folders

FOLDERS_DEFAULT = 20
FOLDERS_MAX = 100

router = APIRouter(prefix="/api/folders", route_class=StrictRoute)


@router.get("")
@access(Access.READ)
async def list_folders(
    typed: Annotated[str, Query(max_length=PATH_MAX_CHARS)] = "",
    limit: Annotated[int, Query(ge=1, le=FOLDERS_MAX)] = FOLDERS_DEFAULT,
) -> FoundFoldersOut:
    """Folders whose path begins as typed; none where nothing is or may be read."""
    return FoundFoldersOut.model_validate(await find_folders(typed, limit))
