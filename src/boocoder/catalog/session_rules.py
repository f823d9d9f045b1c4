"""Says which rule files are in force for a session's next turn, and which sandbox it runs in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from boocoder.backends.shared.rules.rule_report import not_in_force
from boocoder.catalog.confinement import confinement
from boocoder.catalog.rule_readers import ReadRules, unread_names
from boocoder.db.conversation import chats, sessions
from boocoder.db.core.pool import Database
from boocoder.db.registry import projects
from boocoder.errors import InvalidInput, NotFound
from boocoder.model.ids import ProjectId, SessionId
from boocoder.model.rule_files import RuleFileUse, RuleKind, RuleOwner, RuleReader
from boocoder.process.sandbox.profile import SandboxProfile, SandboxUse
from boocoder.process.sandbox.sandbox import Sandbox
from boocoder.wire.rules import SandboxInUse, SessionRules
from boocoder.worktrees.trust.project_trust import FileTrust, ProjectTrust

_UNTRUSTED = "No turn begins while files of the project are not trusted."


class SessionRuleReport:
    """Reports what a session's agent obeys.

    Args:
        trust: what a person has trusted.
        readers: how to list the words that each agent obeys, where that is known.
        visible: for each agent its paths outside the worktree that a sandbox leaves visible.
        every_session: agents whose own server serves all sessions, in the versions that have one.
        own_server: whether the sessions of a project have such a server each.
        driver: the name of the driver of an agent of this host, "" for an unknown agent.
        sandbox: of this host's agents.
    """

    def __init__(
        self,
        *,
        database: Database,
        trust: ProjectTrust,
        readers: Mapping[str, ReadRules],
        visible: Mapping[str, tuple[Path, ...]],
        every_session: frozenset[str],
        own_server: Callable[[Path], bool],
        driver: Callable[[str], str],
        sandbox: Sandbox,
    ) -> None:
        self._database = database
        self._trust = trust
        self._readers = readers
        self._visible = visible
        self._every_session = every_session
        self._own_server = own_server
        self._driver = driver
        self._sandbox = sandbox

    async def of_session(self, session_id: SessionId, agent: str | None = None) -> SessionRules:
        """The rule files of a session as they are now; those of the checkout while there is no worktree.

        Args:
            agent: None for the one of the newest chat.

        Raises:
            NotFound: session_not_found, or agent_unknown where one is named.
        """
        if agent is not None:
            self._check(agent)
        async with self._database.connection() as conn:
            session = await sessions.get_session(conn, session_id)
            project = await projects.get_project(conn, session.project_id)
            chat = await chats.newest_chat(conn, session_id)
        agent = agent or (chat.agent if chat is not None else None)
        if agent is None:
            return SessionRules(session_id, None, known=False, refusal="", files=(), sandbox=None)
        root = await self._trust.root(project.id, session_id)
        served = agent in self._every_session
        by_acp = served and self._driver(agent) == "acp"  # a newer version, whose habits nobody has measured
        read = None if by_acp else self._readers.get(agent)
        path = Path(project.path)
        shared = served and not by_acp and not self._own_server(path)
        use = SandboxUse(agent, project=None if shared else path)
        words = [] if read is None else await asyncio.to_thread(self._words, read, root, use)
        runs, refusal = await self._runnable(project.id, session_id, agent)
        files = (*words, *runs)
        return SessionRules(
            session_id,
            agent,
            known=read is not None,
            refusal=refusal,
            files=tuple(_held_back(one) for one in files) if refusal else files,
            sandbox=confinement(self._sandbox, use),
        )

    def of_agent(self, agent: str) -> SandboxInUse:
        """What confines an agent's processes, in projects that the settings do not exempt.

        Raises:
            NotFound: agent_unknown, this host has none of that name.
        """
        self._check(agent)
        return confinement(self._sandbox, SandboxUse(agent))

    def _check(self, agent: str) -> None:
        if not self._driver(agent):
            text = f"There is no agent called {agent!r}."
            raise NotFound("agent_unknown", text, "See those there are with: boocoder agents")

    def _words(self, read: ReadRules, root: Path, use: SandboxUse) -> list[RuleFileUse]:
        """It blocks."""
        found = read(root)
        if self._sandbox.profile_of(use) is not SandboxProfile.OFF:
            found = [self._hidden(one, use.agent) for one in found]
        return [*found, *unread_names(root, use.agent, found)]

    def _hidden(self, one: RuleFileUse, agent: str) -> RuleFileUse:
        own = one.owner is RuleOwner.PERSON and one.read_by is RuleReader.AGENT
        if own and one.in_force and self._sandbox.hides(Path(one.path), self._visible.get(agent, ())):
            return not_in_force(one, "The sandbox hides it.")
        return one

    async def _runnable(
        self, project_id: ProjectId, session_id: SessionId, agent: str
    ) -> tuple[list[RuleFileUse], str]:
        """What the project makes the agent run, and why no turn begins, "" where one can."""
        try:
            found = await self._trust.files(project_id, session_id=session_id)
        except InvalidInput as error:
            return [], error.text
        root = await self._trust.root(project_id, session_id)
        runs = [_runnable_file(one, root) for one in found if agent in one.file.agents]
        if all(one.trusted for one in runs):
            return runs, ""
        return runs, f"{_UNTRUSTED} Look at them: boocoder projects trust {project_id} --session {session_id}"


def _runnable_file(one: FileTrust, root: Path) -> RuleFileUse:
    try:
        size = (root / one.file.path).stat().st_size
    except OSError:  # a link that leads nowhere, or a name that is no UTF-8
        size = 0
    return RuleFileUse(
        one.file.path,
        RuleOwner.PROJECT,
        RuleKind.RUNS,
        RuleReader.AGENT,
        size,
        in_force=one.trusted,
        trusted=one.trusted,
        reason="" if one.trusted else "Nobody has trusted it with its present content.",
    )


def _held_back(one: RuleFileUse) -> RuleFileUse:
    """A file of the project while no turn begins."""
    return not_in_force(one, _UNTRUSTED) if one.in_force and one.owner is RuleOwner.PROJECT else one
