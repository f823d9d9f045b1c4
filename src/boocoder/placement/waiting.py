"""Explains why a task waits for a host: the rules of claim_tasks, in words.

None is the answer for a task that waits for its turn only: a host has or will take it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from boocoder.db.core.pool import Connection
from boocoder.db.tasks.placement import (
    PlacementHost,
    PlacementSession,
    has_running_host,
    list_placement_hosts,
    list_placement_sessions,
)
from boocoder.db.tasks.tasks import Task, get_task
from boocoder.errors import sentences
from boocoder.model.ids import SessionId, TaskId
from boocoder.model.task import TaskState
from boocoder.wire.tasks import WaitingFor

READY = "ready"
SHOWN_HOSTS = 8  # hosts that one sentence is written for


async def explain_waiting(conn: Connection, tasks: Iterable[Task]) -> dict[TaskId, WaitingFor]:
    """Why each pending task waits for a host; those that wait for their turn only are left out."""
    pending = [task for task in tasks if task.state is TaskState.PENDING]
    if not pending:
        return {}
    session_ids = {task.session_id for task in pending}
    sessions = {one.id: one for one in await list_placement_sessions(conn, session_ids)}
    hosts = await list_placement_hosts(
        conn,
        projects={task.project_id for task in pending},
        agents={task.agent for task in pending},
        sessions=session_ids,
    )
    reasons = {
        task.id: waiting_for(task.agent, str(task.project_id), sessions[task.session_id], hosts) for task in pending
    }
    return {task_id: reason for task_id, reason in reasons.items() if reason is not None}


async def explain_queued(conn: Connection, task_id: TaskId, session_id: SessionId) -> WaitingFor | None:
    """Why a task that was queued just now waits for a host.

    Its turn may begin at this moment, and this look takes time from it: where the session's host runs, it is one row.
    """
    if await has_running_host(conn, session_id):
        return None
    return (await explain_waiting(conn, [await get_task(conn, task_id)])).get(task_id)


def waiting_for(
    agent: str, project_id: str, session: PlacementSession, hosts: Sequence[PlacementHost]
) -> WaitingFor | None:
    """Why a pending task waits for a host; None while it waits for its turn only.

    Args:
        agent: that the task names.
        hosts: all that a person may expect to run something.
    """
    bound = next((host for host in hosts if host.id == session.host_id), None)
    if bound is not None and bound.alive:
        return None
    if bound is not None and session.has_files:
        return _files_absent(agent, project_id, session, bound, hosts)
    able = [host for host in hosts if host.projects.get(project_id) == READY and _is_ready(host, agent)]
    if any(host.alive and not host.drained for host in able):
        return None
    if able:
        return _absent(able, agent)
    living = [host for host in hosts if host.alive]
    if len(living) <= 1 and not any(host.drained for host in living):
        return None  # that one takes it, and its turn says what is missing
    return _nobody(living, agent, project_id, session.project_path)


def _files_absent(
    agent: str, project_id: str, session: PlacementSession, bound: PlacementHost, hosts: Sequence[PlacementHost]
) -> WaitingFor:
    """Its host does not run; which one could go on with it, from what is stored."""
    text = f"The files of this session are on {bound.name}, which does not run."
    start = f"Start boocoder on {bound.name}."
    if not session.stored:
        return WaitingFor("host_absent", f"{text} They were not stored for other hosts.", start)
    able = [
        host
        for host in hosts
        if host.alive and not host.drained and host.projects.get(project_id) == READY and _is_ready(host, agent)
    ]
    free = [host.name for host in able if str(host.id) not in session.failures]
    if free:
        text = f"{text} {_one_of(free[:SHOWN_HOSTS])} can go on with it from its last stored snapshot."
        return WaitingFor("host_absent", text, f"{start} Or on another host: boocoder sessions adopt {session.id}")
    tried = [f"{host.name} could not go on with it: {session.failures[str(host.id)]}" for host in able[:SHOWN_HOSTS]]
    lack = f"No running host has both its project and {agent}."
    return WaitingFor("host_absent", sentences(text, *(tried or [lack])), start)


def _is_ready(host: PlacementHost, agent: str) -> bool:
    found = host.agents.get(agent)
    return found is not None and found.state == READY


def _absent(able: Sequence[PlacementHost], agent: str) -> WaitingFor:
    """Somebody could run it, but does not run or takes nothing new."""
    first = next((host for host in able if host.alive), able[0])
    said = [f"{host.name} is drained" if host.alive else f"{host.name} does not run" for host in able[:SHOWN_HOSTS]]
    cure = f"Let it take new sessions again: boocoder hosts drain --off {first.name}" if first.alive else ""
    return WaitingFor(
        "able_host_absent",
        f"Only hosts that take no new session now have both this project and {agent}: {', '.join(said)}.",
        cure or f"Start boocoder on {first.name}.",
    )


def _nobody(living: Sequence[PlacementHost], agent: str, project_id: str, path: str) -> WaitingFor:
    said = []
    for host in living[:SHOWN_HOSTS]:
        lacks = [*_project_lack(host.projects, project_id, path), *_agent_lack(host, agent)]
        said.append(f"{host.name}: {', '.join([*lacks, *(['it is drained'] if host.drained else [])])}.")
    cures = {found.cure for host in living if (found := host.agents.get(agent)) is not None and found.cure}
    with_project = [host.name for host in living if host.projects.get(project_id) == READY]
    with_agent = [host.name for host in living if _is_ready(host, agent)]
    if with_agent:
        cure = f"Put a clone of the project at {path} on {_one_of(with_agent)}"
        cure += f", or make {agent} available on {_one_of(with_project)}." if with_project else "."
    elif with_project:
        cure = sentences(f"Make {agent} available on {_one_of(with_project)}.", cures.pop() if len(cures) == 1 else "")
    else:
        cure = f"Put a clone of the project at {path} on a host that has {agent}."
    return WaitingFor("no_host_can", f"No host has both this project and {agent}. {' '.join(said)}", cure)


def _project_lack(projects: Mapping[str, str], project_id: str, path: str) -> list[str]:
    match projects.get(project_id, ""):
        case "ready":
            return []
        case "other_repository":
            return [f"{path} is another repository"]
        case "missing":
            return [f"no repository at {path}"]
        case _:
            return ["the project was not looked for yet"]


def _agent_lack(host: PlacementHost, agent: str) -> list[str]:
    found = host.agents.get(agent)
    if found is None:
        return [f"no agent {agent}"]
    if found.state == READY:
        return []
    if found.state == "loading":
        return [f"{agent} is being tried"]
    return [f"{agent} is not available" + (f" ({found.reason.rstrip('.')})" if found.reason else "")]


def _one_of(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
