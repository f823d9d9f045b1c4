"""The browsers that are signed in at this host: list them, sign one out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.answers.rows import from_row
from boocoder.api.middleware.token_auth import BROWSER
from boocoder.api.services import Connections
from boocoder.wire.service import BrowserInfo

router = APIRouter(prefix="/api/browsers", route_class=StrictRoute)


@router.get("")
@access(Access.MANAGE)
async def list_browsers(connections: Connections, request: Request) -> list[BrowserInfo]:
    """Those that are signed in, the newest first."""
    mine = request.scope.get("state", {}).get(BROWSER)
    return [from_row(BrowserInfo, one, current=one.id == mine) for one in connections.browsers.all()]


@router.delete("/{browser_id}")
@access(Access.WRITE)
async def sign_out_browser(
    browser_id: Annotated[UUID, Path()], connections: Connections, request: Request
) -> BrowserInfo:
    """Sign a browser out; its open streams are cut off."""
    mine = request.scope.get("state", {}).get(BROWSER)
    found = await connections.browsers.sign_out(browser_id)
    return from_row(BrowserInfo, found, current=found.id == mine)
