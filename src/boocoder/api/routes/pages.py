"""The page that shows what goes on: three fixed files."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

from boocoder.api.access import Access, StrictRoute, access

STATIC = Path(__file__).parent.parent / "static"

router = APIRouter(route_class=StrictRoute, include_in_schema=False)


@cache
def _read(name: str) -> bytes:
    return (STATIC / name).read_bytes()


@router.get("/", response_class=Response)
@access(Access.READ)
async def page() -> Response:
    """The page."""
    return Response(_read("index.html"), media_type="text/html")


@router.get("/static/app.js", response_class=Response)
@access(Access.READ)
async def script() -> Response:
    """What the page does."""
    return Response(_read("app.js"), media_type="text/javascript")


@router.get("/static/style.css", response_class=Response)
@access(Access.READ)
async def style() -> Response:
    """How the page looks."""
    return Response(_read("style.css"), media_type="text/css")
