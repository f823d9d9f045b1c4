"""The messages of a chat, whole: a page of the API has a bounded number of their parts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from boocoder.client.http_client import Client
from boocoder.model.ids import ChatId
from boocoder.wire.messages import MessageWithParts, PartInfo

MESSAGES_PAGE = 200


async def read_messages(client: Client, chat_id: ChatId) -> AsyncIterator[MessageWithParts]:
    """Every message of a chat with all its parts, oldest first; texts only as far as the API hands them out inline."""
    after = 0
    while page := await client.items(
        f"/api/chats/{chat_id}/messages", MessageWithParts, after=after, limit=MESSAGES_PAGE
    ):
        for message in page:
            yield await _whole(client, message)
        after = page[-1].ord


async def _whole(client: Client, message: MessageWithParts) -> MessageWithParts:
    parts = list(message.parts)
    while len(parts) < message.part_count:
        after = parts[-1].part if parts else None
        page = await client.items(f"/api/messages/{message.id}/parts", PartInfo, after=after)
        if not page:
            break
        parts += page
    return msgspec.structs.replace(message, parts=tuple(parts))
