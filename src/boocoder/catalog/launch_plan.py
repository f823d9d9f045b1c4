"""How an agent is launched on this machine: its description, the person's settings, and its program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TypeVar

import msgspec

from boocoder.backends.acp.settings import AcpAgent
from boocoder.backends.oneshot.settings import OneShotAgent
from boocoder.catalog.known_agents import Identify, KnownAgent, ModelServerUse, Table
from boocoder.catalog.model_server import ModelServerConnection
from boocoder.catalog.programs import Programs
from boocoder.errors import InvalidInput
from boocoder.model.agent import AgentInfo, AgentState, Transport
from boocoder.model.agent_entry import AgentEntry

Driver = AcpAgent | OneShotAgent
D = TypeVar("D", AcpAgent, OneShotAgent)

_COMMAND_KEYS = {"prompt_args", "model_args", "format", "prompt", "terminal", "resume_args", "new_session_args"}


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """An agent whose program was found, or that needs none.

    Args:
        about: what is known of it without asking; still loading.
        transport: how it is driven.
        program: what is started, None for one inside boocoder.
        driver: for ACP and commands, its fields with the found program.
        identify: how to ask the program who it is; None where a person named the program.
        entry: the person's settings for it, None without any.
        server_use: how it is pointed at the model server; None if it is not.
    """

    about: AgentInfo
    transport: Transport
    program: Path | None = None
    driver: Driver | None = None
    identify: Identify | None = None
    entry: AgentEntry | None = None
    server_use: ModelServerUse | None = None

    @property
    def name(self) -> str:
        """The agent's."""
        return self.about.name

    def pointed_at(self, server: ModelServerConnection) -> Driver | None:
        """Its driver with the variables that point it at the model server, if it is to be."""
        if self.driver is None or self.server_use is None:
            return self.driver
        own = self.entry.env if self.entry is not None else {}
        return _with_env(self.driver, {**self.driver.env, **server.env_of(self.server_use), **own})


def make_plan(known: KnownAgent | None, entry: AgentEntry | None, programs: Programs) -> LaunchPlan | AgentInfo:
    """How to drive an agent, or why it cannot be.

    Args:
        known: what boocoder knows of it; None for one of the person's own.
        entry: what the person's settings say of it; not both are None.
        programs: where to look.
    """
    name = known.name if known is not None else entry.name if entry is not None else ""
    try:
        return _plan(name, known, entry or AgentEntry(name), programs)
    except InvalidInput as error:
        transport = entry.transport if entry is not None else None
        return replace(
            _about(name, known, entry, transport or Transport.ACP),
            state=AgentState.ERROR,
            reason=error.text,
            cure=error.cure,
        )


def known_driver(known: KnownAgent, transport: Transport) -> Driver:
    """The driver of a known agent as its file has it, its program not looked for.

    Raises:
        InvalidInput: the file's table is wrong.
        KeyError: it has no such table.
    """
    table = known.tables[transport]
    return _driver(transport, table, known, AgentEntry(known.name), _argv(table))


def _plan(name: str, known: KnownAgent | None, entry: AgentEntry, programs: Programs) -> LaunchPlan | AgentInfo:
    if known is not None and known.builtin:
        return LaunchPlan(_about(name, known, entry, Transport.BUILTIN), Transport.BUILTIN, entry=entry)
    tables = _tables(name, known, entry)
    missing: AgentInfo | None = None
    for transport, table in tables.items():
        plan = _plan_one(transport, table, known, entry, programs)
        if isinstance(plan, LaunchPlan):
            return plan
        missing = missing or plan
    assert missing is not None
    return missing


def _tables(name: str, known: KnownAgent | None, entry: AgentEntry) -> Mapping[Transport, Table]:
    """The drivers' fields to try, in order; one alone where the settings decide it."""
    tables = known.tables if known is not None else {}
    wanted = entry.transport or (_guessed(entry, tables) if entry.command else None)
    if wanted is None:
        if not tables:
            raise _no_command(name)
        return tables
    if wanted not in tables and not entry.command:
        offered = ", ".join(tables) or "none without a command"
        text = f"agents.{name}.transport = {wanted}: boocoder does not know how to start it so."
        raise InvalidInput("agent_transport_unknown", text, f"Add command = [...], or use one of: {offered}.")
    return {wanted: tables.get(wanted, {})}


def _guessed(entry: AgentEntry, tables: Mapping[Transport, Table]) -> Transport:
    """The transport of a person's command that does not say it."""
    if entry.details.get("kept_open") is True:
        return Transport.STREAM
    takes_prompt = any("{prompt}" in text for text in entry.command)
    if takes_prompt or _COMMAND_KEYS & set(entry.details):
        return Transport.ONESHOT
    return next((one for one in tables if one is not Transport.SERVER), Transport.ACP)


def _plan_one(
    transport: Transport, table: Table, known: KnownAgent | None, entry: AgentEntry, programs: Programs
) -> LaunchPlan | AgentInfo:
    about = _about(entry.name, known, entry, transport)
    argv = entry.command or _argv(table)
    program = _find(argv[0], "program" if transport is Transport.SERVER else "command", known, entry, programs)
    if program is None:
        cure = f"Install it: {about.install}" if about.install else ""
        return replace(
            about,
            state=AgentState.UNAVAILABLE,
            reason=f"{argv[0]} is not installed.",
            cure=cure or f"Install {argv[0]}, or name its path in agents.{entry.name}.command.",
        )
    driver = (
        None if transport is Transport.SERVER else _driver(transport, table, known, entry, (str(program), *argv[1:]))
    )
    how = known.identify.get(Path(argv[0]).name) if known is not None and not entry.command else None
    return LaunchPlan(
        about=replace(about, program=str(program)),
        transport=transport,
        program=program,
        driver=driver,
        identify=how,
        entry=entry,
        server_use=_server_use(known, entry),
    )


def _find(program: str, key: str, known: KnownAgent | None, entry: AgentEntry, programs: Programs) -> Path | None:
    if "/" in program:
        return programs.named(program, setting=f"agents.{entry.name}.{key}")
    folders, package = (known.folders, known.package) if known is not None else ((), "")
    return programs.find(program, folders=folders, package=package)


def _driver(
    transport: Transport, table: Table, known: KnownAgent | None, entry: AgentEntry, argv: tuple[str, ...]
) -> Driver:
    base: Table = {}
    if known is not None:
        base = {"env": known.env, "keep_env": known.keep_env, "home": known.home, "login": known.login}
        base |= {"home_readable": known.home_readable, "own_sandbox": known.own_sandbox}
    install = known.install if known is not None else ""
    merged = {**base, "install": f"Install it: {install}" if install else "", **table, **entry.details}
    merged |= {"name": entry.name, "argv": argv}
    if transport is Transport.ACP:
        acp = convert_driver(AcpAgent, merged, entry.name)
        changed = replace(acp, env={**acp.env, **entry.env}, keep_env=(*acp.keep_env, *entry.keep_env))
        return replace(changed, safe_mode=entry.mode or changed.safe_mode)
    if transport is Transport.STREAM:
        merged["kept_open"] = True
    if entry.command:
        merged["version_args"] = ()  # a person's own command may not support it
        if any("{prompt}" in text for text in argv):
            merged["prompt_args"] = entry.details.get("prompt_args", ())
    command = convert_driver(OneShotAgent, merged, entry.name)
    changed_command = replace(command, env={**command.env, **entry.env}, keep_env=(*command.keep_env, *entry.keep_env))
    return replace(changed_command, safe_mode=entry.mode or changed_command.safe_mode)


def convert_driver(kind: type[D], table: Table, name: str) -> D:
    """The fields of a driver as its value.

    Raises:
        InvalidInput: a field is unknown to it, of the wrong type, or does not fit the others.
    """
    strange = sorted(set(table) - {field.name for field in fields(kind)})
    if strange:
        text = f"agents.{name}.{strange[0]} means nothing to an agent that is driven like this."
        raise InvalidInput("setting_invalid", text, "Remove it, or set another transport; docs/agents.md has examples.")
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        text = f"The table agents.{name} is not right: {error}."
        raise InvalidInput("setting_invalid", text, "docs/agents.md has examples.") from error


def _with_env(driver: Driver, env: Mapping[str, str]) -> Driver:
    return replace(driver, env=env)


def _argv(table: Table) -> tuple[str, ...]:
    argv = table.get("argv")
    return tuple(map(str, argv)) if isinstance(argv, list) and argv else ("",)


def _server_use(known: KnownAgent | None, entry: AgentEntry) -> ModelServerUse | None:
    if not entry.use_model_server:
        return None
    if known is None or known.model_server is None:
        text = f"agents.{entry.name}.use_model_server: boocoder does not know how to point it at a model server."
        raise InvalidInput("model_server_not_for_agent", text, "Remove it, and set the agent's own variables in env.")
    return known.model_server


def no_server_text(plan: LaunchPlan) -> tuple[str, str]:
    """What is wrong with an agent that is to use a model server which is not set, and the cure."""
    name = plan.entry.model_server if plan.entry is not None else ""
    if name:
        text = f"agents.{plan.name}.use_model_server names {name}, but there is no table models.{name}."
        return text, "Add the table with its base_url, or correct the name."
    return f"agents.{plan.name}.use_model_server is set, but no model server is.", "Set models.base_url to its address."


def _no_command(name: str) -> InvalidInput:
    text = f"agents.{name} has no command, and boocoder knows no agent of that name."
    return InvalidInput("agent_command_missing", text, "Add command = [...], or see `boocoder agents` for known names.")


def _about(name: str, known: KnownAgent | None, entry: AgentEntry | None, transport: Transport) -> AgentInfo:
    details = entry.details if entry is not None else {}
    return AgentInfo(
        name=name,
        backend="opencode" if transport is Transport.SERVER else name if transport is Transport.BUILTIN else transport,
        state=AgentState.LOADING,
        title=known.title if known is not None else name,
        transport=transport,
        install=str(details.get("install", "")) or (known.install if known is not None else ""),
        login=str(details.get("login", "")) or (known.login if known is not None else ""),
    )
