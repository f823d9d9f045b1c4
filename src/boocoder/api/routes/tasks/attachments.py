"""Files of a task: uploaded before it is queued, shown beside its prompt."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path
from starlette.responses import Response

from boocoder.api.access import Access, ProjectTokens, StrictRoute, access
from boocoder.api.answers.rows import from_row
from boocoder.api.requests.tasks import NewAttachment
from boocoder.api.services import Services
from boocoder.model.ids import AttachmentId
from boocoder.model.media_type import IMAGE_TYPES
from boocoder.wire.tasks import AttachmentInfo

router = APIRouter(prefix="/api/attachments", route_class=StrictRoute)

AttachmentPath = Annotated[AttachmentId, Path()]
FOR_EVER = "private, max-age=31536000, immutable"  # the bytes of an id never change


@router.post("", status_code=201)
@access(Access.START, ProjectTokens.OPEN)
async def add_attachment(body: NewAttachment, services: Services) -> AttachmentInfo:
    """Keep a file until a task names it in its `attachments`; for a day."""
    return from_row(AttachmentInfo, await services.attachments.add(body.name, body.decoded()))


@router.get("/{attachment_id}", response_class=Response)
@access(Access.READ)
async def get_attachment(attachment_id: AttachmentPath, services: Services) -> Response:
    """The file: an image to be shown, anything else to be saved."""
    found, content = await services.attachments.read(attachment_id)
    shown = found.media_type in IMAGE_TYPES
    disposition = "inline" if shown else "attachment"
    headers = {
        "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(found.name, safe='')}",
        "Cache-Control": FOR_EVER,
    }
    return Response(content, media_type=found.media_type if shown else "application/octet-stream", headers=headers)
