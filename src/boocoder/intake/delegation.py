"""Tasks that agents start: who started a task, and the bounds that keep agents from starting agents without end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from boocoder.db.core.pool import Connection, Database
from boocoder.db.tasks import delegation as rows
from boocoder.db.tasks import tasks
from boocoder.db.tasks.tasks import ChainPlace
from boocoder.errors import Conflict
from boocoder.model.ids import ProjectId, SessionId, TaskId
from boocoder.model.task import TaskOrigin


@dataclass(frozen=True, slots=True)
class DelegationLimits:
    """What agents may start.

    Args:
        depth: levels of tasks below a person's task, >= 1.
        tasks: all tasks below one task of a person, >= 1.
        cost_usd: no task is started once a chain has cost this much; 0.0 for no limit.
    """

    depth: int = 2
    tasks: int = 20
    cost_usd: float = 0.0


@dataclass(eq=False)
class AgentCaller:
    """An agent inside boocoder that calls the API during its turn.

    Args:
        task_id: whose turn it is.
        limits: of what it may start.
    """

    session_id: SessionId
    project_id: ProjectId
    task_id: TaskId
    limits: DelegationLimits
    _cuts: set[Callable[[], None]] = field(default_factory=set)

    @contextmanager
    def connected(self, cut: Callable[[], None]) -> Iterator[None]:
        """Have `cut` called when the turn ends within the block."""
        self._cuts.add(cut)
        try:
            yield
        finally:
            self._cuts.discard(cut)

    def cut_off(self) -> None:
        """Cut its open connections."""
        for cut in tuple(self._cuts):
            cut()


@dataclass(frozen=True, slots=True)
class Starter:
    """Who starts a task.

    Args:
        origin: a person (or a program with all rights), a token, an agent.
        name: of the token; "" for a person.
        agent: the agent's turn, for that origin only.
    """

    origin: TaskOrigin = TaskOrigin.PERSON
    name: str = ""
    agent: AgentCaller | None = None


PERSON = Starter()


async def chain_place(conn: Connection, starter: Starter) -> ChainPlace:
    """Where a task stands that this starter asks for; its chain grows by no other task until the transaction ends.

    Raises:
        Conflict: agent_turn_over, delegation_too_deep, delegation_used_up, delegation_too_costly.
    """
    if starter.agent is None:
        return ChainPlace(starter.origin, starter.name)
    parent = await rows.hold_parent(conn, starter.agent.task_id)
    if parent is None:
        text = f"Task {starter.agent.task_id} does not run any more; its agent can start no task."
        raise Conflict("agent_turn_over", text, "Start tasks while your turn runs.")
    _check_limits(parent, await rows.chain_use(conn, parent.root_id), starter.agent.limits)
    return ChainPlace(TaskOrigin.AGENT, parent.agent, parent.id, parent.root_id, parent.depth + 1)


def _check_limits(parent: rows.ParentTask, used: rows.ChainUse, limits: DelegationLimits) -> None:
    if parent.depth >= limits.depth:
        text = f"This task is {_levels(parent.depth)} below a person's task, and delegation.depth is {limits.depth}."
        raise Conflict("delegation_too_deep", text, "Do the work in your own turn, or end it and say what is left.")
    if used.tasks >= limits.tasks:
        text = f"Agents have started {used.tasks} tasks for task {parent.root_id}; delegation.tasks is {limits.tasks}."
        raise Conflict("delegation_used_up", text, "Do the rest in your own turn, or end it and say what is left.")
    if limits.cost_usd and used.cost_usd >= limits.cost_usd:
        text = f"The tasks below {parent.root_id} cost ${used.cost_usd:.2f}; delegation.cost_usd is {limits.cost_usd}."
        raise Conflict("delegation_too_costly", text, "End your turn and say what is left; a person decides.")


def _levels(depth: int) -> str:
    return "1 level" if depth == 1 else f"{depth} levels"


async def check_started_session(conn: Connection, session_id: SessionId, starter: Starter) -> None:
    """Refuse an agent that would go on in a session that is not its own work.

    Raises:
        Conflict: session_not_started_by_agent.
    """
    agent = starter.agent
    if agent is not None and not await rows.has_started(conn, session_id, by=agent.session_id):
        text = f"Session {session_id} was not started by session {agent.session_id}; an agent cannot write to it."
        cure = "Start a task in a new session of the project."
        raise Conflict("session_not_started_by_agent", text, cure)


async def check_may_cancel(database: Database, task_id: TaskId, starter: Starter) -> None:
    """Refuse an agent that would cancel a task of somebody else.

    Raises:
        NotFound: task_not_found.
        Conflict: session_not_started_by_agent.
    """
    if starter.agent is None:
        return
    async with database.connection() as conn:
        task = await tasks.get_task(conn, task_id)
        await check_started_session(conn, task.session_id, starter)


async def open_below(database: Database, task_id: TaskId) -> list[TaskId]:
    """Tasks that agents started for this one, and that go on."""
    async with database.connection() as conn:
        return await rows.list_open_below(conn, task_id)
