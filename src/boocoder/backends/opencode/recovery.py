"""Recovers a turn after a crash of boocoder from opencode's store."""

from __future__ import annotations

from boocoder.backends.base import TurnPort
from boocoder.backends.opencode.events.translator import OpenCodeTranslator
from boocoder.backends.opencode.http.client import OpenCodeClient
from boocoder.backends.opencode.http.store import final_of, find_prompt, messages_after, without_later_turns
from boocoder.backends.opencode.ids import is_prompt_of, is_steer_of
from boocoder.backends.opencode.outcome import finished_for_certain
from boocoder.backends.shared import outcomes
from boocoder.events.agent_event import ToolStatus
from boocoder.model.turn import AgentSessionRef, Completed, Interrupted, Outcome, TurnError, TurnRequest

_GONE = "opencode does not have the turn's session."


async def recover_turn(
    client: OpenCodeClient, request: TurnRequest, native: AgentSessionRef, port: TurnPort, *, abort_timeout_s: float
) -> Outcome:
    """Emit all that the store has of the turn, from its beginning.

    Args:
        client: the server.
        request: the turn; its task gives the prompt's message id.
        native: the agent session that the prompt was sent to.
        port: where the events go; it drops what it has.
        abort_timeout_s: limit for ending the turn if it still runs.

    Returns:
        Completed if the agent had come to its end, else Interrupted.

    Raises:
        BackendError: the server cannot be asked.
    """
    if await client.session(native.native_id) is None:
        return Interrupted(TurnError("agent_session_gone", _GONE, outcomes.RESUME))
    status = await client.status(native.native_id, request.worktree)
    if status.type != "idle":
        await client.abort(native.native_id, abort_timeout_s)
    prompt = await find_prompt(client, native.native_id, lambda message: is_prompt_of(message, request.task_id))
    if not prompt:
        return outcomes.prompt_not_received("opencode never got the prompt.")
    stored = without_later_turns(
        await messages_after(client, native.native_id, prompt),
        is_steer=lambda message: is_steer_of(message, request.task_id),
    )
    translator = OpenCodeTranslator(session_id=native.native_id, prompt_id=prompt)
    events = translator.on_messages(stored, native.native_id)
    for child in translator.children:
        events += translator.on_messages(await messages_after(client, child, prompt), child)
    events += translator.close_tools(ToolStatus.CANCELLED)
    for event in events:
        await port.emit(event)
    if finished_for_certain(final_of(stored)):
        return Completed()
    return outcomes.host_died()
