"""Documents of programs that draw in the page without an origin: terminals and diagrams."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from boocoder.api.access import Access, ProjectTokens, StrictRoute, access
from boocoder.api.middleware.response_headers import FRAME_POLICY
from boocoder.api.routes.page.pages import PAGE, takes_gzip

router = APIRouter(route_class=StrictRoute, include_in_schema=False)


@router.get("/diagram-frame", response_class=Response)
@access(Access.READ, ProjectTokens.OPEN)
async def diagram_frame(request: Request) -> Response:
    """What draws diagrams, all in one document: it runs in a sandbox without origin and reaches nothing."""
    return frame_document(request, "diagram.js", "Diagrams")


def frame_document(request: Request, program: str, title: str) -> Response:
    """A document that holds one program of the page, and the policy under which only that one runs.

    Args:
        program: file name in the built page.

    Raises:
        HTTPException: 404 where the page is not built.
    """
    made = _document(program, title)
    if made is None:
        raise HTTPException(404)
    headers = {"Content-Security-Policy": made.policy, "Vary": "Accept-Encoding"}
    if takes_gzip(request):
        return Response(made.gzipped, media_type="text/html", headers={**headers, "Content-Encoding": "gzip"})
    return Response(made.content, media_type="text/html", headers=headers)


@dataclass(frozen=True, slots=True)
class _Document:
    content: str
    gzipped: bytes
    policy: str


@cache
def _document(program: str, title: str) -> _Document | None:
    path = PAGE / program
    if not path.is_file():
        return None
    # In a document, these two would end the script or begin a comment; in the script they occur in strings only.
    script = re.sub(r"<(?=/script|!--)", r"\\x3c", path.read_text("utf-8"), flags=re.IGNORECASE)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    content = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><script>{script}</script>'
    return _Document(content, gzip.compress(content.encode(), 6, mtime=0), FRAME_POLICY.format(digest=digest))
