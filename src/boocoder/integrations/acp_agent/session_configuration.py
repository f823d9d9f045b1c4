"""Agent, model, mode and thinking of open sessions, chosen in the editor or followed from elsewhere."""

from __future__ import annotations

import logging

from acp.schema import AvailableCommandsUpdate, ConfigOptionUpdate, CurrentModeUpdate

from boocoder.errors import BoocoderError
from boocoder.events.agent_event import SlashCommand
from boocoder.integrations.acp_agent.choices import (
    AGENT,
    AgentChoice,
    ConfigOption,
    agent_info,
    config_options,
    mode_state,
    with_option,
)
from boocoder.integrations.acp_agent.editor_session import EditorSession
from boocoder.integrations.acp_agent.update_translator import commands_update
from boocoder.integrations.service_connection import ServiceConnection
from boocoder.model.agent import AgentInfo
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)


class SessionConfiguration:
    """Keeps the editor's view of a session's options true.

    Args:
        service: the running service.
        supervisor: owner of background tasks.
    """

    def __init__(self, *, service: ServiceConnection, supervisor: TaskSupervisor) -> None:
        self._service = service
        self._supervisor = supervisor

    async def introduce(self, session: EditorSession) -> list[AgentInfo]:
        """The agents for the answer that opens a session; what the editor takes only after it follows by itself."""
        agents = await self._agents()
        self._supervisor.spawn(self._complete(session, agents), f"introduce {session.id}")
        return agents

    async def choose(
        self, session: EditorSession, option: str, value: object, *, told: bool = False
    ) -> list[ConfigOption]:
        """Set an option; all options afterwards.

        Args:
            session: whose.
            option: id of the option.
            value: one of its values.
            told: also send the options as an update, for a request whose answer has no place for them.

        Raises:
            InvalidInput: there is no such option, or it has no such value.
        """
        agents = await self._agents()
        chosen = with_option(agents, session.choice, option, value)
        if option == AGENT and chosen != session.choice:
            agents = await self._tried(agents, chosen.agent)
        session.choice = chosen
        await self._show(session, agents, options=told)
        return config_options(agents, chosen)

    async def follow(self, session: EditorSession, choice: AgentChoice) -> None:
        """Take over what a task from elsewhere named."""
        agents = await self._agents()
        session.choice = choice
        await self._show(session, agents, options=True)

    async def _complete(self, session: EditorSession, agents: list[AgentInfo]) -> None:
        try:
            self._set_context(session, agents)
            await session.say(self._commands(session, agents))
            tried = await self._tried(agents, session.choice.agent)
            if tried is not agents:
                await self._show(session, tried, options=True)
        except ConnectionError:
            log.debug("the editor was gone before it had a session's commands")
        except BoocoderError as error:
            log.warning("the agent could not be asked", extra={"code": error.code})

    async def _show(self, session: EditorSession, agents: list[AgentInfo], *, options: bool) -> None:
        self._set_context(session, agents)
        modes = mode_state(agents, session.choice)
        if modes is not None:
            update = CurrentModeUpdate(session_update="current_mode_update", current_mode_id=modes.current_mode_id)
            await session.say(update)
        if options:
            listed = config_options(agents, session.choice)
            await session.say(ConfigOptionUpdate(session_update="config_option_update", config_options=listed))
        await session.say(self._commands(session, agents))

    def _set_context(self, session: EditorSession, agents: list[AgentInfo]) -> None:
        info = agent_info(agents, session.choice.agent)
        model = session.choice.model or (info.default_model if info is not None else None)
        details = info.model_details if info is not None else ()
        tokens = [one.context_tokens for one in details if model in (one.id, one.label)]
        session.translator.context_tokens = tokens[0] if tokens else 0

    def _commands(self, session: EditorSession, agents: list[AgentInfo]) -> AvailableCommandsUpdate:
        info = agent_info(agents, session.choice.agent)
        commands = info.commands if info is not None else ()
        return commands_update([SlashCommand(one.name, one.description) for one in commands])

    async def _agents(self) -> list[AgentInfo]:
        return await self._service.client().items("/api/agents", AgentInfo)

    async def _tried(self, agents: list[AgentInfo], name: str) -> list[AgentInfo]:
        """The agents, once this one was asked what it offers; the same list if that is known."""
        info = agent_info(agents, name)
        if info is None or info.tried:
            return agents
        await self._service.client().request("POST", "/api/agents/probe", body={"agents": [name]})
        return await self._agents()
