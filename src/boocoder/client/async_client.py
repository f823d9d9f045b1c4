"""What a program can ask of a service, for asyncio."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Literal
from uuid import UUID, uuid4

from boocoder.client.decisions import apply_change, pending_change, reject_change
from boocoder.client.http_client import Client
from boocoder.client.review_client import ReviewClient
from boocoder.client.task_frames import follow_task
from boocoder.client.task_requests import TaskRequest, enqueue_task
from boocoder.events import frames
from boocoder.model.permission import Decision, PermissionState
from boocoder.model.session import SessionState
from boocoder.model.task import ChangeState, TaskState
from boocoder.wire.changes import ApplyResult, ChangeInfo, ChangeSummary
from boocoder.wire.permissions import PermissionInfo
from boocoder.wire.projects import Project
from boocoder.wire.service import ServiceHealth
from boocoder.wire.sessions import Session
from boocoder.wire.steers import SteerInfo
from boocoder.wire.tasks import EnqueuedTask, TaskInfo

PAGE_DEFAULT = 50  # items of a list; the service gives at most 200
Request = frames.PermissionFrame | frames.QuestionFrame | PermissionInfo | UUID


class AsyncBoocoder:
    """A service. Every method raises BoocoderError where the service refuses or does not answer.

    Args:
        client: of its HTTP API.
    """

    def __init__(self, client: Client) -> None:
        self.http = client

    async def health(self) -> ServiceHealth:
        """State of the service and its load."""
        return await self.http.get("/api/health", ServiceHealth)

    async def start(
        self,
        prompt: str,
        *,
        project: Path | str | UUID = ".",
        session: UUID | None = None,
        new_chat: bool = False,
        agent: str | None = None,
        model: str | None = None,
        mode: str | None = None,
        thinking: str | None = None,
        start_from: str | None = None,
        start_dirty: bool = False,
        attach: Sequence[Path | str] = (),
        title: str | None = None,
        priority: int = 0,
    ) -> EnqueuedTask:
        """Queue a task.

        Args:
            prompt: what to do.
            project: a folder in a git repository, which is added to the list of projects, or the id of a project.
            session: continue this session, in its newest chat; `project` is not used then.
            new_chat: in a session, a fresh context over its files.
            agent, model, mode, thinking: None leaves the choice to the service.
            start_from: of a new session: the branch, tag or commit that it starts from.
            start_dirty: of a new session: start from the checkout as it is.
            attach: files that go with it.
            title: of a new session.
            priority: between sessions, -1,000 to 1,000, higher first.
        """
        ask = TaskRequest(
            prompt=prompt,
            project=Path() if isinstance(project, UUID) else Path(project).expanduser(),
            project_id=project if isinstance(project, UUID) else None,
            session_id=session,
            new_chat=new_chat,
            agent=agent,
            model=model,
            mode=mode,
            thinking=thinking,
            start_from=start_from,
            start_dirty=start_dirty,
            attach=tuple(Path(file).expanduser() for file in attach),
            title=title,
            priority=priority,
        )
        return await enqueue_task(self.http, ask)

    async def follow(self, task: EnqueuedTask | TaskInfo) -> AsyncGenerator[frames.Frame]:
        """The frames of a task from its beginning to its end; a lost connection is made again after the last number.

        The last frame is `TurnEndedFrame`, or `QueueChangedFrame` with `cancelled` where the task never ran.
        """
        task_id = task.task_id if isinstance(task, EnqueuedTask) else task.id
        async with aclosing(follow_task(self.http, task.session_id, task_id)) as received:
            async for frame in received:
                yield frame

    async def run(
        self,
        prompt: str,
        *,
        project: Path | str | UUID = ".",
        session: UUID | None = None,
        agent: str | None = None,
        model: str | None = None,
        mode: str | None = None,
        start_from: str | None = None,
    ) -> AsyncGenerator[frames.Frame]:
        """Queue a task and give its frames: `start`, then `follow`. Leaving the loop early does not cancel it."""
        task = await self.start(
            prompt, project=project, session=session, agent=agent, model=model, mode=mode, start_from=start_from
        )
        async with aclosing(self.follow(task)) as received:
            async for frame in received:
                yield frame

    async def wait(self, task: EnqueuedTask | TaskInfo) -> TaskInfo:
        """Wait until a task has ended; what became of it."""
        async with aclosing(self.follow(task)) as received:
            async for _ in received:
                pass
        return await self.task(task.task_id if isinstance(task, EnqueuedTask) else task.id)

    async def steer(self, session: UUID, text: str) -> SteerInfo:
        """Give a message to the turn that runs in a session; where none runs it is queued as the next task."""
        return await self.http.post(f"/api/sessions/{session}/steers", SteerInfo, {"prompt": text}, key=str(uuid4()))

    async def cancel(self, task: UUID) -> TaskInfo:
        """Cancel a waiting task at once, or ask a running one to end."""
        return await self.http.post(f"/api/tasks/{task}/cancel", TaskInfo)

    async def answer(
        self,
        request: Request,
        decision: Decision | Literal["allow", "allow_session", "refuse", "answer", "dismiss"],
        *,
        message: str = "",
        answers: Sequence[Sequence[str]] | None = None,
    ) -> PermissionInfo:
        """Answer a permission or question of an agent.

        Args:
            request: its frame, what `requests` lists, or its id.
            decision: `allow`, `allow_session` or `refuse` a permission; `answer` or `dismiss` a question.
            message: words for the agent, with `refuse`.
            answers: with `answer`, the chosen choices or the text for each question.

        Raises:
            Conflict: it is decided already.
        """
        match request:
            case UUID():
                request_id = request
            case PermissionInfo():
                request_id = request.id
            case _:
                request_id = request.request_id
        body = {
            "decision": str(decision),
            "message": message,
            "answers": None if answers is None else [list(one) for one in answers],
        }
        return await self.http.post(f"/api/permissions/{request_id}/answer", PermissionInfo, body)

    async def requests(
        self, *, session: UUID | None = None, state: PermissionState | None = PermissionState.ASKED
    ) -> list[PermissionInfo]:
        """Permissions and questions of agents, newest first; those that wait for an answer if no state is given."""
        return await self.http.items("/api/permissions", PermissionInfo, session_id=session, state=state)

    async def projects(self) -> list[Project]:
        """All projects by name."""
        return await self.http.items("/api/projects", Project)

    async def sessions(
        self,
        *,
        project: UUID | None = None,
        state: SessionState | None = None,
        limit: int = PAGE_DEFAULT,
        before: UUID | None = None,
    ) -> list[Session]:
        """A page of sessions, newest first; `before` is the last id of the page before."""
        return await self.http.items(
            "/api/sessions", Session, project_id=project, state=state, limit=limit, before=before
        )

    async def tasks(
        self,
        *,
        project: UUID | None = None,
        session: UUID | None = None,
        state: TaskState | None = None,
        limit: int = PAGE_DEFAULT,
        before: UUID | None = None,
    ) -> list[TaskInfo]:
        """A page of tasks, newest first; `before` is the last id of the page before."""
        return await self.http.items(
            "/api/tasks", TaskInfo, project_id=project, session_id=session, state=state, limit=limit, before=before
        )

    async def changes(
        self,
        *,
        project: UUID | None = None,
        session: UUID | None = None,
        state: ChangeState | None = None,
        limit: int = PAGE_DEFAULT,
        before: UUID | None = None,
    ) -> list[ChangeSummary]:
        """A page of changes, newest first; `before` is the last id of the page before."""
        return await self.http.items(
            "/api/changes",
            ChangeSummary,
            project_id=project,
            session_id=session,
            state=state,
            limit=limit,
            before=before,
        )

    async def session(self, session: UUID) -> Session:
        """One session."""
        return await self.http.get(f"/api/sessions/{session}", Session)

    async def task(self, task: UUID) -> TaskInfo:
        """One task with its whole prompt."""
        return await self.http.get(f"/api/tasks/{task}", TaskInfo)

    async def change(self, change: UUID) -> ChangeInfo:
        """One change with its files."""
        return await self.http.get(f"/api/changes/{change}", ChangeInfo)

    async def pending_change(self, session: UUID) -> ChangeInfo | None:
        """The session's change that waits for a decision, with its files."""
        return await pending_change(self.http, session)

    async def diff(self, change: UUID) -> bytes:
        """A change as `git apply` takes it."""
        return await self.http.request("GET", f"/api/changes/{change}/diff")

    def review(self, change: UUID) -> ReviewClient:
        """The review of a change: files, units, verdicts, comments."""
        return ReviewClient(self.http, change)

    async def apply(
        self,
        change: UUID,
        *,
        target: Literal["checkout", "commit", "branch"] = "checkout",
        select: Literal["all", "accepted", "not_rejected"] | None = None,
        message: str | None = None,
        branch: str | None = None,
        dry_run: bool = False,
    ) -> ApplyResult:
        """Apply a change, or part of it.

        Args:
            change: its id.
            target: the files of the checkout, a commit on its branch, or a branch of its own.
            select: which parts; None takes what is not rejected where anything was decided, else all.
            message: of the commit.
            branch: name of the branch.
            dry_run: only say what would be written, and what conflicts.

        Raises:
            ChangeRefused: it conflicts with the checkout; nothing was touched.
        """
        options = {"target": target, "select": select, "message": message, "branch": branch, "dry_run": dry_run}
        return await apply_change(self.http, change, options)

    async def reject(self, change: UUID) -> ChangeInfo:
        """Reject a change; the session's files stay."""
        return await reject_change(self.http, change)
