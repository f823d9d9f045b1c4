"""The OpenAPI document of this service, and the same as a page for people."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from boocoder.api.access import Access, ProjectTokens, StrictRoute, access
from boocoder.api.openapi.document import openapi_document
from boocoder.api.openapi.reference_page import STYLE, reference_page
from boocoder.api.services import Services

router = APIRouter(route_class=StrictRoute, include_in_schema=False)


class ServedReference(msgspec.Struct, frozen=True):
    """The document and its page, as they are sent."""

    document: bytes
    page: bytes


def _reference(request: Request, services: Services) -> ServedReference:
    """Made at the first request, because few ask for it."""
    state = request.app.state
    if not hasattr(state, "reference"):
        document = openapi_document(request.app.routes, version=services.info.version)
        state.reference = ServedReference(msgspec.json.encode(document), reference_page(document).encode())
    made: ServedReference = state.reference
    return made


@router.get("/openapi.json", response_class=Response)
@access(Access.READ, ProjectTokens.OPEN)
async def get_openapi_document(request: Request, services: Services) -> Response:
    """The OpenAPI document."""
    return Response(_reference(request, services).document, media_type="application/json")


@router.get("/docs", response_class=Response)
@access(Access.READ, ProjectTokens.OPEN)
async def get_reference_page(request: Request, services: Services) -> Response:
    """The OpenAPI document as a page."""
    return Response(_reference(request, services).page, media_type="text/html")


@router.get("/docs.css", response_class=Response)
@access(Access.READ, ProjectTokens.OPEN)
async def get_reference_style() -> Response:
    """The style sheet of the page."""
    return Response(STYLE, media_type="text/css")
