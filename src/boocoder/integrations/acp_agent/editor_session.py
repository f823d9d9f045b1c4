"""One session of the service that is open in the editor: prompts in, its stream out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import UUID, uuid4

import msgspec
from acp.schema import SessionInfoUpdate
from pydantic import BaseModel

from boocoder.client.http_client import Client
from boocoder.errors import BoocoderError, Conflict, Unavailable
from boocoder.events import frames
from boocoder.integrations.acp_agent.change_diff import change_state, change_tool_call
from boocoder.integrations.acp_agent.choices import AgentChoice
from boocoder.integrations.acp_agent.connection import EditorConnection
from boocoder.integrations.acp_agent.editor_requests import EditorRequests
from boocoder.integrations.acp_agent.prompt_content import PromptContent
from boocoder.integrations.acp_agent.update_translator import UpdateTranslator, ended_text, message
from boocoder.model.ids import ChangeId
from boocoder.model.limits import TITLE_MAX_CHARS
from boocoder.net.backoff import backoff
from boocoder.service import TaskSupervisor
from boocoder.wire.projects import Project
from boocoder.wire.sessions import Session
from boocoder.wire.tasks import AttachmentInfo, EnqueuedTask
from boocoder.wire.worktrees import WorktreeInfo

log = logging.getLogger(__name__)

RETRY_FIRST_S = 1.0  # after the client's own tries, which last a minute
RETRY_CAP_S = 10.0
REPLAY_LIMIT_S = 120.0  # of a long history on a busy machine; what is left then follows as live updates
StopReason = Literal["end_turn", "cancelled"]


class TurnFailed(BoocoderError):
    """The turn of a prompt did not complete."""


@dataclass(slots=True, eq=False)
class EditorPrompt:
    """A prompt of the editor whose turn has not ended.

    Args:
        ended: its terminal frame, or the error that ended the stream.
        task_id: None until the service has it.
        cancelled: whether the editor wants it to end.
    """

    ended: asyncio.Future[frames.TurnEndedFrame | frames.QueueChangedFrame]
    task_id: UUID | None = None
    cancelled: bool = False


@dataclass(slots=True)
class EditorSessionParts:
    """What a session is made of.

    Args:
        session, project: as the service has them.
        choice: agent, model and mode of its next task.
        client: finds the service.
        connection: with the editor.
        forms: whether the editor shows forms.
        supervisor: owner of its background tasks.
    """

    session: Session
    project: Project
    choice: AgentChoice
    client: Callable[[], Client]
    connection: EditorConnection
    forms: bool
    supervisor: TaskSupervisor


class EditorSession:
    """Follows a session and streams it to the editor, whoever started the turn."""

    def __init__(
        self, parts: EditorSessionParts, *, chose: Callable[[EditorSession, AgentChoice], Awaitable[None]]
    ) -> None:
        self.id = str(parts.session.id)
        self.project = parts.project
        self.choice = parts.choice
        self.translator = UpdateTranslator()
        self._untitled = parts.session.last_task_id is None
        self._client = parts.client
        self._connection = parts.connection
        self._supervisor = parts.supervisor
        self._chose = chose
        self._requests = EditorRequests(
            session_id=self.id,
            connection=parts.connection,
            client=parts.client,
            forms=parts.forms,
            supervisor=parts.supervisor,
        )
        self._after = 0
        self._prompts: list[EditorPrompt] = []
        self._own_tasks: set[UUID] = set()
        self._running: set[UUID] = set()
        self._handling = asyncio.Lock()
        self._pending_change: ChangeId | None = None
        self._shown_changes: set[UUID] = set()
        self._follower: asyncio.Task[None] | None = None
        self._followed: Client | None = None
        self._replayed: asyncio.Event | None = None  # set once history was sent; None while nothing waits for it
        self._muted = False

    @property
    def path(self) -> str:
        """The session's route."""
        return f"/api/sessions/{self.id}"

    async def open(self, *, replay: bool, muted: bool = False) -> None:
        """Begin to follow; returns when history was sent to the editor.

        Args:
            replay: whether there may be history.
            muted: read history without sending it.
        """
        await self._learn_worktree()
        if not replay:
            self._follow()
            return
        self._replayed, self._muted = asyncio.Event(), muted
        self._requests.hold()
        self._follow()
        try:
            async with asyncio.timeout(REPLAY_LIMIT_S):
                await self._replayed.wait()
        except TimeoutError:
            log.warning("the replay takes long; the rest follows as updates")
        async with self._handling:
            self._replayed, self._muted = None, False
            self._requests.release()

    async def close(self) -> None:
        """Stop following, and end the prompts of the editor that run."""
        await self.cancel()
        self._requests.cancel()
        if self._follower is not None:
            self._follower.cancel()

    async def prompt(self, content: PromptContent) -> StopReason:
        """Run a prompt as a task of the session, to the end of its turn.

        Raises:
            TurnFailed: with the reason of the service and its cure.
            BoocoderError: the service refuses it, or is not there.
        """
        prompt = EditorPrompt(asyncio.get_running_loop().create_future())
        self._prompts.append(prompt)
        try:
            async with self._handling:  # its frames wait until it is known whose they are
                await self._enqueue(prompt, content)
            self._follow()
            if prompt.cancelled:
                await self._cancel_task(prompt)
            ended = await prompt.ended
        finally:
            self._prompts.remove(prompt)
        return self._stop_reason(prompt, ended)

    async def cancel(self) -> None:
        """End the turns of the editor's prompts."""
        for prompt in list(self._prompts):
            prompt.cancelled = True
            if prompt.task_id is not None:
                await self._cancel_task(prompt)

    async def show_change(self) -> bool:
        """Send the change that waits for a review; False if none does."""
        session = await self._client().get(self.path, Session)
        if session.pending_change_id is None:
            return False
        await self._send_change(session.pending_change_id)
        return True

    async def say(self, *updates: BaseModel) -> None:
        """Send updates to the editor."""
        for update in updates:
            await self._connection.update(self.id, update)

    def _follow(self) -> None:
        """Read the stream, of the service that runs now: one that restarted may have another address."""
        client = self._client()
        if self._follower is not None:
            if self._followed is client and not self._follower.done():
                return
            self._follower.cancel()
        self._followed = client
        self._follower = self._supervisor.spawn(self._read_streams(client), f"follow {self.id}")

    async def _read_streams(self, client: Client) -> None:
        attempt = 0
        while await self._read_stream(client):
            await asyncio.sleep(backoff(attempt, first_s=RETRY_FIRST_S, cap_s=RETRY_CAP_S))
            attempt += 1
            try:
                client = self._followed = self._client()
            except BoocoderError:
                continue  # it has not started again

    async def _read_stream(self, client: Client) -> bool:
        """Read until the service is away for too long; whether to try again."""
        try:
            async with aclosing(client.stream(UUID(self.id), self._after)) as received:
                async for frame in received:
                    async with self._handling:
                        await self._handle(frame)
                        self._after = max(self._after, frame.seq or 0)
        except ConnectionError:
            return False  # the editor is gone
        except BoocoderError as error:
            self._fail(error)
            return isinstance(error, Unavailable)
        except Exception as error:  # a prompt whose stream died would wait for ever
            log.exception("following the session failed")
            self._fail(BoocoderError("editor_stream_failed", f"The session's stream failed: {error}.", ""))
        return False

    def _fail(self, error: BoocoderError) -> None:
        for prompt in self._prompts:
            if not prompt.ended.done():
                prompt.ended.set_exception(error)
        if self._replayed is not None:
            self._replayed.set()

    async def _handle(self, frame: frames.Frame) -> None:
        if isinstance(frame, frames.ToolCallFrame):
            await self._learn_worktree()  # it is made after a turn began, and before its first tool call
        if not self._muted:
            own = isinstance(frame, frames.MessageStartedFrame) and frame.task_id in self._own_tasks
            await self.say(*self.translator.translate(frame, own_prompt=own))
        match frame:
            case frames.TurnStartedFrame():
                await self._turn_started(frame)
            case frames.PermissionFrame() | frames.QuestionFrame():
                await self._requests.take(frame)
            case frames.ChangeUpdatedFrame():
                await self._change_updated(frame)
            case frames.TurnEndedFrame():
                self._running.discard(frame.task_id)
                await self._turn_ended(frame)
                self._settle(frame)
            case frames.QueueChangedFrame(state="cancelled") if frame.task_id not in self._running:
                self._settle(frame)
            case frames.CaughtUpFrame() if self._replayed is not None and not self._replayed.is_set():
                self._replayed.set()
                if not self._muted:
                    await self.show_change()
            case _:
                pass

    async def _turn_started(self, frame: frames.TurnStartedFrame) -> None:
        self._running.add(frame.task_id)
        if self._replayed is None and frame.task_id not in self._own_tasks:
            choice = AgentChoice(frame.agent, frame.model, frame.mode, self.choice.thinking)
            if choice != self.choice:
                await self._chose(self, choice)

    async def _change_updated(self, frame: frames.ChangeUpdatedFrame) -> None:
        if frame.state == "pending":
            self._pending_change = ChangeId(frame.change_id)
            return
        if self._pending_change == frame.change_id:
            self._pending_change = None
        if frame.change_id in self._shown_changes:
            await self.say(change_state(frame))

    async def _turn_ended(self, frame: frames.TurnEndedFrame) -> None:
        """Send the change that the turn left, once; one of history may have been decided since."""
        if frame.outcome != "completed" and frame.task_id not in self._own_tasks and not self._muted:
            await self.say(message(f"\n\n{ended_text(frame)}\n\n", None))  # no prompt of the editor fails with it
        change_id = self._pending_change
        if change_id is None or self._replayed is not None or change_id in self._shown_changes:
            return
        try:
            await self._send_change(change_id)
        except BoocoderError as error:
            log.warning("the change could not be read", extra={"code": error.code})

    async def _send_change(self, change_id: ChangeId) -> None:
        await self._learn_worktree()
        client = self._client()
        page = f"{client.url}/sessions/{self.id}"
        worktree = self.translator.worktree or Path(self.project.path)
        await self.say(await change_tool_call(client, change_id, worktree=worktree, page=page))
        self._shown_changes.add(change_id)

    async def _learn_worktree(self) -> None:
        if self.translator.worktree is not None:
            return
        found = await self._client().items("/api/worktrees", WorktreeInfo, session_id=self.id, gone="true")
        if found and found[0].path:
            self.translator.worktree = Path(found[0].path)

    async def _enqueue(self, prompt: EditorPrompt, content: PromptContent) -> None:
        client = self._client()
        if self._untitled:
            await self._name(client, content.text)
        uploaded = [
            str((await client.post("/api/attachments", AttachmentInfo, {"name": one.name, "content": one.content})).id)
            for one in content.files
        ]
        choice = self.choice
        task = await client.post(
            "/api/tasks",
            EnqueuedTask,
            {
                "session_id": self.id,
                "prompt": content.text,
                "agent": choice.agent,
                "model": choice.model,
                "mode": choice.mode,
                "thinking": choice.thinking,
                "attachments": uploaded,
            },
            key=str(uuid4()),
        )
        prompt.task_id = task.task_id
        self._own_tasks.add(task.task_id)

    async def _name(self, client: Client, text: str) -> None:
        """Call a new session by its first prompt, as the page does."""
        title = next(line.strip() for line in text.splitlines() if line.strip())[:TITLE_MAX_CHARS]
        await client.patch(self.path, Session, {"title": title})
        self._untitled = False
        await self.say(SessionInfoUpdate(session_update="session_info_update", title=title))

    async def _cancel_task(self, prompt: EditorPrompt) -> None:
        try:
            await self._client().post(f"/api/tasks/{prompt.task_id}/cancel", msgspec.Raw)
        except Conflict:
            log.debug("the task had ended")

    def _settle(self, frame: frames.TurnEndedFrame | frames.QueueChangedFrame) -> None:
        for prompt in self._prompts:
            if prompt.task_id == frame.task_id and not prompt.ended.done():
                prompt.ended.set_result(frame)

    @staticmethod
    def _stop_reason(prompt: EditorPrompt, ended: frames.TurnEndedFrame | frames.QueueChangedFrame) -> StopReason:
        if isinstance(ended, frames.QueueChangedFrame):
            return "cancelled"
        if ended.outcome == "completed":
            return "end_turn"
        if ended.outcome == "cancelled" or prompt.cancelled:
            return "cancelled"
        text = ended.text or f"The turn ended as {ended.outcome}."
        raise TurnFailed(ended.code or f"turn_{ended.outcome}", text, ended.cure)
