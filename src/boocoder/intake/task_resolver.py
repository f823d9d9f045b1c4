"""Decides what a new task leaves open (agent, model, mode, thinking) and checks it against agents and repository."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from boocoder.db.conversation import chats
from boocoder.db.core.pool import Database
from boocoder.db.registry import host_projects, projects
from boocoder.db.registry.agents import is_ready_elsewhere
from boocoder.db.registry.host_projects import ProjectState, ReadyHost
from boocoder.errors import InvalidInput
from boocoder.git.shadow.presence import ProjectMoved, is_checkout
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.intake.agent_options import check_choice, require_agent
from boocoder.intake.new_task import NewTask
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.ids import HostId, ProjectId
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
        host_id: this host; None where there is no other.
    """

    def __init__(
        self,
        *,
        database: Database,
        agents: AgentDirectory | None = None,
        shadows: ShadowRegistry | None = None,
        host_id: HostId | None = None,
    ) -> None:
        self._database = database
        self._host_id = host_id
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

    async def check(self, new_task: NewTask) -> HostId | None:
        """Refuse an unknown agent, options that it does not offer, and a start that the repository does not have.

        What this host lacks and another one has is accepted: that host runs the task, and its turn finds a wrong start.

        Returns:
            This host if the start was looked up here, so that it is found again.

        Raises:
            InvalidInput: as `require_agent` and `check_choice`; start_unknown.
            ProjectMoved: the project's repository is away.
            NotFound: project_not_found.
            GitError: git failed.
        """
        ready = self._agents is None or await self._check_agent(self._agents, new_task)
        if new_task.project_id is None or new_task.session_id or new_task.chat_id:
            return None
        return await self.check_start(
            new_task.project_id, start_from=new_task.start_from, start_dirty=new_task.start_dirty, ready=ready
        )

    async def check_start(
        self, project_id: ProjectId, *, start_from: str | None, start_dirty: bool, ready: bool = True
    ) -> HostId | None:
        """Refuse a new session whose project or start no host can have.

        Args:
            start_from: branch, tag or commit; None for what is checked out.
            start_dirty: with the uncommitted files of the checkout.
            ready: whether the session's agent is known to be ready here.

        Returns:
            This host if the start was looked up here.

        Raises:
            InvalidInput: start_unknown.
            ProjectMoved: the project's repository is away.
            NotFound: project_not_found.
            GitError: git failed.
        """
        if self._shadows is None:
            return None
        here, elsewhere = await self._look_for(project_id)
        if not here and elsewhere:
            return None
        if start_from is None and not start_dirty:
            await self._require_present(self._shadows, project_id, here=here)
            return None
        if not ready and any(host.alive for host in elsewhere):
            return None
        if start_from is not None:
            await require_start(self._database, self._shadows, project_id, start_from)
        else:
            await self._require_present(self._shadows, project_id, here=here)
        return self._host_id

    async def _look_for(self, project_id: ProjectId) -> tuple[bool, list[ReadyHost]]:
        """Whether the project is here, by one look at the disk, and which other hosts have it."""
        async with self._database.connection() as conn:
            project = await projects.get_project(conn, project_id)
            here = is_checkout(Path(project.path))
            if self._host_id is None:
                return here, []
            known = await host_projects.find_host_project(conn, self._host_id, project.path)
            elsewhere = await host_projects.list_ready_hosts(conn, self._host_id, project_id)
        other = known is not None and known.state is ProjectState.OTHER_REPOSITORY
        return here and not (other and elsewhere), elsewhere

    async def _require_present(self, shadows: ShadowRegistry, project_id: ProjectId, *, here: bool) -> None:
        """Refuse a new session of a project whose repository is away."""
        if not here:
            async with self._database.connection() as conn:
                project = await projects.get_project(conn, project_id)
            raise ProjectMoved(shadows.git_dir_of(project_id), Path(project.path))

    async def _check_agent(self, agents: AgentDirectory, new_task: NewTask) -> bool:
        """Whether the agent is ready here."""
        try:
            info = require_agent(new_task.agent, agents.known())
        except InvalidInput:
            if self._host_id is None or new_task.agent is None:
                raise
            async with self._database.connection() as conn:
                if not await is_ready_elsewhere(conn, self._host_id, new_task.agent):
                    raise
            return False
        named = new_task.model or new_task.mode or new_task.thinking
        if named and info.state is AgentState.READY and not info.tried:
            info = require_agent(info.name, await agents.probe([info.name]))
        check_choice(info, model=new_task.model, mode=new_task.mode, thinking=new_task.thinking)
        return info.state is AgentState.READY

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
