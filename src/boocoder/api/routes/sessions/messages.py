"""Messages of a chat, and the long texts of their parts in pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.answers.tasks import message_info, part_info
from boocoder.api.requests.fields import (
    PAGE_DEFAULT,
    After,
    ChatPath,
    Limit,
    MessagePath,
    PartCursor,
    PartLimit,
    PartPath,
    TextLimit,
    TextOffset,
)
from boocoder.api.services import Services
from boocoder.db.conversation import chats, messages
from boocoder.db.conversation.messages import TextField
from boocoder.db.conversation.overflow import OverflowFiles
from boocoder.model.limits import MESSAGE_PARTS_MAX, SEQ_MAX, TEXT_PAGE_MAX_CHARS
from boocoder.wire.messages import MessageWithParts, PartInfo, TextPage

router = APIRouter(prefix="/api", route_class=StrictRoute)


@router.get("/chats/{chat_id}/messages")
@access(Access.READ)
async def list_messages(
    chat_id: ChatPath,
    services: Services,
    after: After = 0,
    before: Annotated[int | None, Query(ge=1, le=SEQ_MAX)] = None,
    limit: Limit = PAGE_DEFAULT,
    parts: PartLimit = MESSAGE_PARTS_MAX,
) -> list[MessageWithParts]:
    """A page of a chat's messages, oldest first: those that follow number `after`, or the newest ones before `before`.

    Numbers are the messages' `ord`. Those after a number come with their first parts, those before one with their last.
    """
    async with services.database.connection() as conn:
        await chats.get_chat(conn, chat_id)
        if before is None:
            rows = await messages.list_messages(conn, chat_id, after_ord=after, limit=limit, parts=parts)
        else:
            rows = await messages.list_newest_messages(conn, chat_id, before_ord=before, limit=limit, parts=parts)
    return [message_info(row) for row in rows]


@router.get("/messages/{message_id}/parts")
@access(Access.READ)
async def list_parts(
    message_id: MessagePath,
    services: Services,
    after: PartCursor = None,
    before: PartCursor = None,
    limit: PartLimit = MESSAGE_PARTS_MAX,
) -> list[PartInfo]:
    """A page of a message's parts, in order: those that follow number `after`, or the newest ones before `before`."""
    async with services.database.connection() as conn:
        rows = await messages.list_parts(conn, message_id, after=after, before=before, limit=limit)
    return [part_info(row) for row in rows]


@router.get("/messages/{message_id}/parts/{part}/text")
@access(Access.READ)
async def get_text(
    message_id: MessagePath,
    part: PartPath,
    services: Services,
    field: Annotated[TextField, Query()] = TextField.TEXT,
    offset: TextOffset = 0,
    limit: TextLimit = TEXT_PAGE_MAX_CHARS,
) -> TextPage:
    """A page of a part's text, or of a tool's input or output; `offset` and `limit` count characters."""
    async with services.database.connection() as conn:
        page = await messages.read_part_text(conn, message_id, part, field, offset, limit)
    # The text goes on in a file where it is longer than what the database holds of it.
    rest = await OverflowFiles(services.info.data_dir / "overflow").read(
        message_id, part, field, max(0, offset - page.total_chars), limit - len(page.text)
    )
    return TextPage(offset=offset, text=page.text + rest.text, total_chars=page.total_chars + rest.total_chars)
