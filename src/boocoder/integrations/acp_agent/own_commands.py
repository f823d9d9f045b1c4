"""Slash commands that boocoder answers itself: they look at the session's change, and apply it after a confirmation."""

from __future__ import annotations

from uuid import UUID, uuid4

from acp.schema import PermissionOption, RequestPermissionRequest, ToolCallUpdate

from boocoder.client.decisions import apply_change, pending_change
from boocoder.client.http_client import ChangeRefused, Client
from boocoder.errors import sentences
from boocoder.integrations.acp_agent.connection import EditorConnection
from boocoder.integrations.acp_agent.editor_session import EditorSession
from boocoder.integrations.acp_agent.update_translator import message
from boocoder.model.ids import ChangeId

NONE_WAITS = "No change of this session waits for a review."
_OPTIONS = (
    PermissionOption(option_id="apply", name="Apply", kind="allow_once"),
    PermissionOption(option_id="leave", name="Not now", kind="reject_once"),
)


async def run_own_command(text: str, session: EditorSession, connection: EditorConnection, client: Client) -> bool:
    """Answer a prompt that is one of boocoder's commands; False if it is a prompt for the agent.

    Raises:
        BoocoderError: the service refuses it, or is not there.
    """
    match text.strip():
        case "/boocoder-diff":
            if not await session.show_change():
                await session.say(message(NONE_WAITS, None))
        case "/boocoder-apply":
            await session.say(message(await _apply(session, connection, client), None))
        case _:
            return False
    return True


async def _apply(session: EditorSession, connection: EditorConnection, client: Client) -> str:
    change = await pending_change(client, UUID(session.id))
    if change is None:
        return NONE_WAITS
    size = f"{len(change.files)} files, +{change.additions} \u2212{change.deletions}"
    call = ToolCallUpdate(
        tool_call_id=f"apply-{uuid4()}",
        title=f"Apply {size}, to {session.project.path}",
        kind="edit",
        status="pending",
    )
    request = RequestPermissionRequest(session_id=session.id, tool_call=call, options=list(_OPTIONS))
    if await connection.ask_permission(request) != "apply":
        return "The change was not applied."
    return await _applied(client, change.id, session.project.path)


async def _applied(client: Client, change_id: ChangeId, place: str) -> str:
    try:
        done = await apply_change(client, change_id)
    except ChangeRefused as refused:
        paths = "".join(f"\n- {path}" for path in dict.fromkeys(one.path for one in refused.conflicts))
        return f"{sentences(refused.text, refused.cure)}{paths}"
    left = "".join(f"\n- left to you: {path}" for path in done.left)
    return f"Applied {done.files_written} files to {place}; nothing is committed.{left}"
