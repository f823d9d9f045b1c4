"""Reads a turn from opencode's store, which is authoritative for its text."""

from __future__ import annotations

from collections.abc import Callable

from boocoder.backends.opencode.http.client import OpenCodeClient
from boocoder.backends.opencode.http.wire import MessageInfo, StoredMessage

_PAGE = 12  # most turns have fewer messages; each may hold large tool outputs
_PAGES_MAX = 500


async def messages_after(
    client: OpenCodeClient, session_id: str, prompt_id: str, *, expected: int = 0
) -> list[StoredMessage]:
    """All messages of a session behind a prompt, oldest first.

    Args:
        client: the server.
        session_id: which session.
        prompt_id: the prompt's message id.
        expected: how many messages there are at least; sizes the first page.

    Raises:
        BackendError: the server cannot be asked.
    """
    found = await _walk(client, session_id, expected + _PAGE, lambda message: message.id <= prompt_id)
    return [stored for stored in found if stored.info.id > prompt_id or stored.info.parent_id == prompt_id]


async def find_prompt(client: OpenCodeClient, session_id: str, is_prompt: Callable[[str], bool]) -> str:
    """The id of the newest message that `is_prompt` accepts, "" if there is none.

    Raises:
        BackendError: the server cannot be asked.
    """
    found = await _walk(client, session_id, _PAGE, lambda message: is_prompt(message.id))
    return next((message.info.id for message in reversed(found) if is_prompt(message.info.id)), "")


async def newest_message_id(client: OpenCodeClient, session_id: str) -> str:
    """The id of the session's newest message, "" if it has none.

    Raises:
        BackendError: the server cannot be asked.
    """
    page = await client.messages(session_id, limit=1)
    return page.messages[-1].info.id if page.messages else ""


def without_later_turns(
    messages: list[StoredMessage], *, is_steer: Callable[[str], bool] = lambda _: False
) -> list[StoredMessage]:
    """The messages up to the next prompt of a person; opencode's own prompts (a compaction's) belong to the turn.

    Args:
        is_steer: whether a message's id is that of a message to the turn, which belongs to it as well.
    """
    out: list[StoredMessage] = []
    for stored in messages:
        prompt = stored.info.role == "user" and not is_steer(stored.info.id)
        if prompt and any(part.type == "text" and not part.synthetic for part in stored.parts):
            break
        out.append(stored)
    return out


def final_of(messages: list[StoredMessage]) -> MessageInfo | None:
    """The newest message of the agent."""
    return next((stored.info for stored in reversed(messages) if stored.info.role == "assistant"), None)


async def _walk(
    client: OpenCodeClient, session_id: str, limit: int, enough: Callable[[MessageInfo], bool]
) -> list[StoredMessage]:
    out: list[StoredMessage] = []
    cursor = ""
    for _ in range(_PAGES_MAX):
        page = await client.messages(session_id, limit=limit, before=cursor)
        out = page.messages + out
        if not page.older or any(enough(message.info) for message in page.messages):
            break
        cursor = page.older
    return out
