"""`boocoder steer`: gives a message to the turn that runs, and says whether the agent got it or it was queued."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import click

from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import resolve_id
from boocoder.cli.invocation import ask_service
from boocoder.cli.listing import Result, prints_result
from boocoder.client.http_client import Client
from boocoder.errors import NotFound
from boocoder.model.steer import SteerSender, SteerState
from boocoder.wire.search import IdKind
from boocoder.wire.steers import SteerInfo
from boocoder.wire.tasks import TaskInfo

LOOK_S = 0.25  # between two looks at a message that waits for the agent


@click.command("steer")
@id_argument("session", IdKind.SESSION, IdKind.TASK)
@click.argument("prompt", required=False)
@click.option("--withdraw", metavar="ID", help="Take back this message, which the agent has not got yet.")
@click.option("--no-wait", is_flag=True, help="Do not wait until the agent has it.")
@prints_result
@click.pass_context
def command(ctx: click.Context, session: str, prompt: str | None, withdraw: str | None, no_wait: bool) -> Result:
    """Give PROMPT to the turn that runs in SESSION (or name its task).

    An agent that takes no messages during a turn gets it as the next queued turn. Which of the two happened is printed.
    """
    if (prompt is None) == (withdraw is None):
        raise click.UsageError("Give either PROMPT or --withdraw.")

    async def ask(client: Client) -> SteerInfo:
        session_id = await _session_of(client, session)
        if withdraw is not None:
            return await client.delete(f"/api/steers/{await _steer_of(client, session_id, withdraw)}", SteerInfo)
        body = {"prompt": prompt, "sent_by": SteerSender.CLI.value}
        sent = await client.post(f"/api/sessions/{session_id}/steers", SteerInfo, body, key=str(uuid4()))
        return sent if no_wait else await _ended(client, sent)

    found = ask_service(ctx, ask)
    return found, _line(found)


async def _session_of(client: Client, named: str) -> UUID:
    """The session that is meant, by itself or by one of its tasks."""
    try:
        session_id = await resolve_id(client, IdKind.SESSION, named)
        await client.get(f"/api/sessions/{session_id}", dict)
    except NotFound as unknown:
        try:
            task_id = await resolve_id(client, IdKind.TASK, named)
            return (await client.get(f"/api/tasks/{task_id}", TaskInfo)).session_id
        except NotFound:
            raise unknown from None
    return session_id


async def _steer_of(client: Client, session_id: UUID, named: str) -> UUID:
    """The message whose id begins like this; those that still wait are looked through."""
    try:
        return UUID(named)
    except ValueError:
        pass
    waiting = await client.items(f"/api/sessions/{session_id}/steers", SteerInfo, state=SteerState.RESERVED.value)
    found = [one.id for one in waiting if str(one.id).startswith(named.lower())]
    if len(found) != 1:
        text = f"{len(found) or 'No'} messages that wait for the turn of session {session_id} begin with {named!r}."
        raise NotFound("steer_not_found", text, "Give the whole id that `boocoder steer` printed.")
    return found[0]


async def _ended(client: Client, sent: SteerInfo) -> SteerInfo:
    """The message once it is known what became of it; an agent may take it only after a long tool call."""
    while not sent.state.final:
        await asyncio.sleep(LOOK_S)
        sent = await client.get(f"/api/steers/{sent.id}", SteerInfo)
    return sent


def _line(steer: SteerInfo) -> str:
    """What became of a message."""
    name = f"message {str(steer.id)[:8]}"
    match steer.state:
        case SteerState.RESERVED:
            return f"{name}: waits for the turn of task {str(steer.task_id)[:8]}"
        case SteerState.DELIVERED:
            return f"{name}: sent to the agent, not confirmed yet"
        case SteerState.CONFIRMED:
            return f"{name}: the agent has it in its turn"
        case SteerState.RETURNED:
            return f"{name}: no turn could take it; queued to run next as task {str(steer.queued_task_id)[:8]}"
        case SteerState.WITHDRAWN:
            return f"{name}: withdrawn"
        case SteerState.UNCONFIRMED:
            return f"{name}: sent, but the turn ended before the agent confirmed it; it is not sent again by itself"
