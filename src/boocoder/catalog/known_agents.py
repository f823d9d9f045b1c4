"""The agents that boocoder knows, read from the files in `agents/`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib import resources

import msgspec

from boocoder.model.agent import Transport


class Identify(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to identify a program; a name on PATH is no proof.

    Args:
        args: for the question.
        expect: regular expression that the answer matches.
        version: regular expression whose first group is the version.
        version_args: for the version, where the first answer does not hold it.
    """

    args: tuple[str, ...]
    expect: str
    version: str
    version_args: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if re.compile(self.version).groups != 1:
            raise ValueError("version needs one group")
        re.compile(self.expect)


class ModelServerUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an agent is pointed at a server with an OpenAI-compatible API.

    Args:
        env: variables; {base_url} is its address with /v1, {host} without, {api_key} its key, {model} the default.
        model_prefix: prefix of the server's model ids in this agent's.
    """

    env: Mapping[str, str]
    model_prefix: str = ""


class RuleNames(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The files with words that an agent reads by itself, as `tests/agents` measures it with the real one.

    Args:
        project: groups of patterns relative to the worktree; of a group the first that is there is read.
        person: groups of patterns relative to the home directory.
        above: patterns that are read in every directory above the worktree as well.
    """

    project: tuple[tuple[str, ...], ...] = ()
    person: tuple[tuple[str, ...], ...] = ()
    above: tuple[str, ...] = ()


Table = dict[str, object]


class KnownAgent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file: a product and how it may be driven.

    Args:
        name: what a person calls it; also the name in tasks and settings.
        title: as its maker writes it.
        order: agents with lower numbers are listed, and taken by tasks that name none, first.
        install, login: commands for a person.
        keep_env: variables that pass from boocoder's environment, such as its API key.
        runs: paths of a repository that it runs or obeys (plugins, hooks, MCP servers, agents, settings), as
            `worktrees.trust` reads them.
        rules: files with words that it reads by itself; None where nobody has measured it.
        home: paths below the home directory that it writes: its login and state; a directory ends in a slash.
        home_readable: paths below the home directory that it reads: rules and settings of the person.
        own_files: ignore patterns, as in a `.gitignore`, of what it keeps of its own in a worktree.
        own_sandbox: it confines its own commands, which needs user namespaces.
        env: added to the usual environment.
        folders: where its installer puts it in addition to the usual places, relative to the home directory.
        package: npm package whose platform packages hold the program itself.
        builtin: whether it is part of boocoder.
        only_named: it is the program of another agent, driven otherwise: offered only where the settings name it.
        identify: by program.
        model_server: how to point it at one; None if it cannot be by its environment.
        server, acp, stream, oneshot: the fields of the drivers that it has.
    """

    name: str
    title: str
    order: int
    install: str = ""
    login: str = ""
    keep_env: tuple[str, ...] = ()
    home: tuple[str, ...] = ()
    home_readable: tuple[str, ...] = ()
    own_sandbox: bool = False
    runs: tuple[str, ...] = ()
    own_files: tuple[str, ...] = ()
    rules: RuleNames | None = None
    env: Mapping[str, str] = {}
    folders: tuple[str, ...] = ()
    package: str = ""
    builtin: bool = False
    only_named: bool = False
    identify: Mapping[str, Identify] = {}
    model_server: ModelServerUse | None = None
    server: Table | None = None
    acp: Table | None = None
    stream: Table | None = None
    oneshot: Table | None = None

    @property
    def tables(self) -> dict[Transport, Table]:
        """Its drivers' fields, in the order in which they are preferred."""
        every = {
            Transport.SERVER: self.server,
            Transport.ACP: self.acp,
            Transport.STREAM: self.stream,
            Transport.ONESHOT: self.oneshot,
        }
        return {transport: table for transport, table in every.items() if table is not None}


def known_agents() -> dict[str, KnownAgent]:
    """Every agent that boocoder knows, by name, in order.

    Raises:
        ValueError: one of the files is wrong; the text names it.
    """
    found = [
        _read(file.name, file.read_text("utf-8"))
        for file in resources.files("boocoder.catalog").joinpath("agents").iterdir()
        if file.name.endswith(".toml")
    ]
    return {agent.name: agent for agent in sorted(found, key=lambda agent: (agent.order, agent.name))}


def _read(name: str, text: str) -> KnownAgent:
    try:
        agent = msgspec.convert(tomllib.loads(text), KnownAgent)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"{name}: {error}") from error
    if name != f"{agent.name}.toml":
        raise ValueError(f"{name} is the file of {agent.name}")
    return agent
