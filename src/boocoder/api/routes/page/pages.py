"""The web page: built files, read once. All addresses inside the page get its document."""

from __future__ import annotations

import gzip
import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib import metadata
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from boocoder.api.access import Access, ProjectTokens, StrictRoute, access

PAGE = Path(__file__).parents[2] / "page"
MEDIA_TYPES = {".webmanifest": "application/manifest+json"}
FOR_EVER = "private, max-age=31536000, immutable"  # the name of an asset holds a hash of its content
VERSION_META = b'<meta name="boocoder-version" content="%s"'  # empty in the built document
NOT_BUILT = b"""<!doctype html><meta charset="utf-8"><title>boocoder</title>
<h1>boocoder runs, but its web page is not built</h1>
<p>In a clone, run <code>make page</code>; then reload.
The command line does everything, too: <code>boocoder --help</code>.
"""

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

AssetName = Annotated[str, PathParameter(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,150}$")]


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the page; `gzipped` is None where the build made no compressed one."""

    media_type: str
    content: bytes
    gzipped: bytes | None


@cache
def _file(name: str) -> _File | None:
    path = PAGE / name
    if not path.is_file():
        return None
    if name == "index.html":
        return _versioned(path.read_bytes())
    beside = path.with_name(f"{path.name}.gz")
    media_type = MEDIA_TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return _File(media_type, path.read_bytes(), beside.read_bytes() if beside.is_file() else None)


def _versioned(built: bytes) -> _File:
    """The document with this service's version: one that a browser kept is told from it after an update."""
    content = built.replace(VERSION_META % b"", VERSION_META % metadata.version("boocoder").encode())
    return _File("text/html", content, gzip.compress(content, mtime=0))


def _answer(name: str, request: Request, *, cache_control: str = "no-cache") -> Response:
    found = _file(name)
    if found is None:
        raise HTTPException(404)
    headers = {"Cache-Control": cache_control, "Vary": "Accept-Encoding"}
    if found.gzipped is not None and takes_gzip(request):
        return Response(found.gzipped, media_type=found.media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(found.content, media_type=found.media_type, headers=headers)


def takes_gzip(request: Request) -> bool:
    """Whether the client accepts compressed answers."""
    return re.search(r"\bgzip\b(?!;q=0(\.0*)?(,|$))", request.headers.get("accept-encoding", "")) is not None


async def page(request: Request) -> Response:
    """The page's document."""
    return document(request)


def document(request: Request, status: int = HTTPStatus.OK) -> Response:
    """The page's document, or a hint where it was not built."""
    if _file("index.html") is None:
        return Response(NOT_BUILT, status, media_type="text/html")
    answer = _answer("index.html", request)
    answer.status_code = status
    return answer


def is_stray(request: Request) -> bool:
    """Whether a browser asks for an unknown address, which the page explains."""
    elsewhere = request.url.path.startswith(("/api/", "/assets/"))
    return request.method in ("GET", "HEAD") and not elsewhere and "text/html" in request.headers.get("accept", "")


for address in ("/", "/sessions/{session_id}", "/tasks", "/agents", "/settings"):
    # The query is for the page's script, such as the message that a search found.
    router.add_api_route(
        address, access(Access.READ, ProjectTokens.OPEN)(page), response_class=Response, route_class_override=APIRoute
    )


@router.get("/favicon.svg", response_class=Response)
@access(Access.READ, ProjectTokens.OPEN)
async def icon(request: Request) -> Response:
    """The icon of the browser's tab."""
    return _answer("favicon.svg", request)


@router.get("/manifest.webmanifest", response_class=Response)
@access(Access.READ, ProjectTokens.OPEN)
async def manifest(request: Request) -> Response:
    """What a browser installs the page by."""
    return _answer("manifest.webmanifest", request)


@router.get("/service-worker.js", response_class=Response)
@access(Access.READ, ProjectTokens.OPEN)
async def service_worker(request: Request) -> Response:
    """Keeps the page's shell for a time without a network."""
    return _answer("service-worker.js", request)


@router.get("/assets/{name}", response_class=Response)
@access(Access.READ, ProjectTokens.OPEN)
async def asset(name: AssetName, request: Request) -> Response:
    """A script, style or font of the page."""
    return _answer(f"assets/{name}", request, cache_control=FOR_EVER)
