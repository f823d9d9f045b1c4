"""Takes a person's message for the turn that runs, and takes one back; gives it to the queue where no turn can take it.

A turn cannot end while its message is stored: it either finds the message, or the message finds no turn.
"""

from __future__ import annotations

from dataclasses import dataclass

from boocoder.broker.outbox import Outbox, OutboxTransaction
from boocoder.db.conversation import sessions
from boocoder.db.core.pool import Connection, Database
from boocoder.db.tasks import steers
from boocoder.db.tasks.steers import SteerTarget
from boocoder.errors import Conflict
from boocoder.events.message_part import steer_item
from boocoder.intake.new_task import check_prompt
from boocoder.intake.task_resolver import AgentDirectory
from boocoder.model.ids import SessionId, SteerId
from boocoder.model.session import SessionState
from boocoder.model.steer import SteerSender, SteerState
from boocoder.wire.steers import SteerInfo


@dataclass(frozen=True, slots=True)
class NewSteer:
    """A message for the turn that runs in a session.

    Args:
        sent_by: where the person wrote it.
        idempotency_key: names the message in a second try.
    """

    session_id: SessionId
    prompt: str
    sent_by: SteerSender = SteerSender.API
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class SentSteer:
    """The message; `created` is false when its idempotency key named an existing one."""

    steer: SteerInfo
    created: bool


async def steer(outbox: Outbox, new: NewSteer, *, agents: AgentDirectory | None = None) -> SentSteer:
    """Reserve a message for the running turn; where no turn runs, or its agent takes none, it is queued to run next.

    Args:
        agents: which of them take messages; None: all of them are asked to.

    Returns:
        the message, reserved or returned (that is: a task).

    Raises:
        InvalidInput: prompt_blank, prompt_too_long, text_not_storable.
        NotFound: session_not_found.
        Conflict: session_archived, session_has_no_task, idempotency_key_reused.
    """
    check_prompt(new.prompt)
    known = await _known(outbox.database, new)
    if known is not None:
        return SentSteer(known, created=False)
    async with outbox.transaction() as transaction:
        stored = await _store(transaction, new, agents)
    if stored is not None:
        return SentSteer(stored, created=True)
    known = await _known(outbox.database, new)  # the same request was quicker
    if known is None:
        raise _key_reused(new.idempotency_key)
    return SentSteer(known, created=False)


async def withdraw(outbox: Outbox, steer_id: SteerId) -> SteerInfo:
    """Take back a message that the agent has not got.

    Raises:
        NotFound: steer_not_found.
        Conflict: steer_not_reserved.
    """
    async with outbox.transaction() as transaction:
        taken = await steers.withdraw_steer(transaction.conn, steer_id)
        if taken is None:
            found = await steers.get_steer(transaction.conn, steer_id)
            text = f"Message {found.id} is {found.state}; only one that still waits for the turn can be withdrawn."
            raise Conflict("steer_not_reserved", text, _cure(found))
        await append_moved(transaction, taken)
        return taken


async def append_moved(transaction: OutboxTransaction, moved: SteerInfo) -> None:
    """Put the new state of a message into its session's stream."""
    drafts = await steers.moved_frames(transaction.conn, moved)
    item = steer_item(steers.steer_frame(moved))
    await transaction.append(moved.session_id, drafts, parts=[item] if item is not None else [])


async def _store(transaction: OutboxTransaction, new: NewSteer, agents: AgentDirectory | None) -> SteerInfo | None:
    conn = transaction.conn
    running = await steers.hold_turn(conn, new.session_id)  # before the session's row, as a turn's end locks them
    session = await sessions.lock_session(conn, new.session_id)
    if session.state is SessionState.ARCHIVED:
        raise Conflict("session_archived", f"Session {session.id} is archived.", "Open it again or use another one.")
    target = running or await _newest(conn, new.session_id)
    stored = await steers.insert_steer(
        conn,
        session_id=new.session_id,
        task_id=target.task_id,
        prompt=new.prompt,
        sent_by=new.sent_by,
        idempotency_key=new.idempotency_key,
    )
    if stored is not None and (running is None or not _takes_messages(running.agent, agents)):
        stored = await steers.return_steer(conn, stored.id)
    if stored is not None:
        await append_moved(transaction, stored)
    return stored


async def _newest(conn: Connection, session_id: SessionId) -> SteerTarget:
    found = await steers.newest_task(conn, session_id)
    if found is None:
        text = f"Nothing was ever asked in session {session_id}, so there is no turn to steer."
        raise Conflict("session_has_no_task", text, "Queue a task in it instead.")
    return found


def _takes_messages(agent: str, agents: AgentDirectory | None) -> bool:
    """Whether the agent may take a message during its turn; one that was not tried yet is asked."""
    known = next((info for info in agents.known() if info.name == agent), None) if agents is not None else None
    return known is None or known.steering or not known.tried


async def _known(database: Database, new: NewSteer) -> SteerInfo | None:
    if new.idempotency_key is None:
        return None
    async with database.connection() as conn:
        found = await steers.find_by_idempotency_key(conn, new.idempotency_key)
    if found is not None and (found.session_id, found.prompt) != (new.session_id, new.prompt):
        raise _key_reused(new.idempotency_key)
    return found


def _key_reused(key: str | None) -> Conflict:
    text = f"The idempotency key {key} was used for another request."
    return Conflict("idempotency_key_reused", text, "Use a new key for a new request.")


def _cure(found: SteerInfo) -> str:
    if found.state is SteerState.RETURNED:
        return f"Cancel task {found.queued_task_id} instead."
    return "Send another message, or stop the task."
