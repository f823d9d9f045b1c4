"""Decides what a new task leaves open (agent, model, mode, thinking) and checks it against agents and repository."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from boocoder.db.conversation import chats
from boocoder.db.core.pool import Database
from boocoder.db.registry import projects
from boocoder.errors import InvalidInput
from boocoder.git.shadow.presence import ProjectMoved, is_checkout
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.intake.agent_options import check_choice, require_agent
from boocoder.intake.new_task import NewTask
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.ids import ProjectId
from boocoder.wire.sessions import Chat


class AgentDirectory(Protocol):
    """The agents of this host."""

    def known(self) -> tuple[AgentInfo, ...]:
        """What is known about every agent now."""

    async def probe(self, names: Iterable[str] | None = None) -> tuple[AgentInfo, ...]:
        """Ask the agents what they offer."""

    async def choose(self) -> str:
        """The agent for a task that names none.

        Raises:
            Unavailable: none is ready.
        """


class TaskResolver:
    """Completes and checks new tasks.

    Args:
        agents: None to accept any agent; a task that names none then needs a chat that has one.
        shadows: the projects' repositories, where starts are looked up; None to accept any start.
    """

    def __init__(
        self, *, database: Database, agents: AgentDirectory | None = None, shadows: ShadowRegistry | None = None
    ) -> None:
        self._database = database
        self._agents = agents
        self._shadows = shadows

    async def resolve(self, new_task: NewTask) -> NewTask:
        """The task with an agent: the one named, else the chat's with its options, else the default agent.

        Raises:
            InvalidInput: agent_missing.
            NotFound: chat_not_found.
            Unavailable: no agent is ready.
        """
        if new_task.agent is not None:
            return new_task
        chat = await self._chat_of(new_task)
        if chat is not None and chat.agent is not None:
            return replace(
                new_task,
                agent=chat.agent,
                model=new_task.model or chat.model,
                mode=new_task.mode or chat.mode,
                thinking=new_task.thinking or chat.thinking,
            )
        if self._agents is None:
            raise InvalidInput("agent_missing", "The task names no agent and its chat has none yet.", "Name an agent.")
        return replace(new_task, agent=await self._agents.choose())

    async def check(self, new_task: NewTask) -> None:
        """Refuse an unknown agent, options that it does not offer, and a start that the repository does not have.

        Raises:
            InvalidInput: as `require_agent` and `check_choice`; start_unknown.
            ProjectMoved: the project's repository is away.
            NotFound: project_not_found.
            GitError: git failed.
        """
        if self._agents is not None:
            await self._check_agent(self._agents, new_task)
        if self._shadows is None or new_task.project_id is None:
            return
        if new_task.start_from is not None:
            await require_start(self._database, self._shadows, new_task.project_id, new_task.start_from)
        elif new_task.session_id is None and new_task.chat_id is None:
            await self._require_present(self._shadows, new_task.project_id)

    async def _require_present(self, shadows: ShadowRegistry, project_id: ProjectId) -> None:
        """Refuse a new session of a project whose repository is away; it costs one look at the disk."""
        async with self._database.connection() as conn:
            project = await projects.get_project(conn, project_id)
        if not is_checkout(Path(project.path)):
            raise ProjectMoved(shadows.git_dir_of(project_id), Path(project.path))

    async def _check_agent(self, agents: AgentDirectory, new_task: NewTask) -> None:
        info = require_agent(new_task.agent, agents.known())
        named = new_task.model or new_task.mode or new_task.thinking
        if named and info.state is AgentState.READY and not info.tried:
            info = require_agent(info.name, await agents.probe([info.name]))
        check_choice(info, model=new_task.model, mode=new_task.mode, thinking=new_task.thinking)

    async def _chat_of(self, new_task: NewTask) -> Chat | None:
        """The chat that the task continues: the one named, or the session's newest."""
        if new_task.chat_id is None and new_task.session_id is None:
            return None
        async with self._database.connection() as conn:
            if new_task.chat_id is not None:
                return await chats.get_chat(conn, new_task.chat_id)
            return await chats.newest_chat(conn, new_task.session_id) if new_task.session_id is not None else None


async def require_start(database: Database, shadows: ShadowRegistry, project_id: ProjectId, start_from: str) -> None:
    """Refuse a branch, tag or commit that the project's repository does not have now.

    Raises:
        NotFound: project_not_found.
        InvalidInput: start_unknown, with similar names; or the project's folder is gone.
        GitError: git failed.
    """
    await (await shadow_of(database, shadows, project_id)).named_commit(start_from)


async def shadow_of(database: Database, shadows: ShadowRegistry, project_id: ProjectId) -> ShadowRepository:
    """The shadow repository of a project.

    Raises:
        NotFound: project_not_found.
        InvalidInput: the project's folder is gone.
        GitError: git failed.
    """
    async with database.connection() as conn:
        project = await projects.get_project(conn, project_id)
    return await shadows.of(project.id, Path(project.path))
