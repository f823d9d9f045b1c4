"""Builds the report of rule files: what each agent of the settings reads, and where."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from boocoder.app.agent_host import AgentHost
from boocoder.app.agents import NATIVE, OPENCODE, SCRIPTED, agent_choices
from boocoder.backends.native.context import project_rules
from boocoder.backends.opencode import rules as opencode_rules
from boocoder.catalog.known_agents import KnownAgent
from boocoder.catalog.rule_readers import ReadRules, agents_home, own_rules
from boocoder.catalog.session_rules import SessionRuleReport
from boocoder.config.opencode_server import has_own_opencode
from boocoder.config.settings import Settings
from boocoder.db.core.pool import Database
from boocoder.model.agent_entry import AgentEntry
from boocoder.process.sandbox.home_paths import home_path
from boocoder.worktrees.trust.project_trust import ProjectTrust


def build_rule_report(
    settings: Settings, database: Database, trust: ProjectTrust, agent_host: AgentHost
) -> SessionRuleReport:
    """The report over every agent that may be offered."""
    readers: dict[str, ReadRules] = {
        NATIVE: project_rules.rule_files_in_use,
        OPENCODE: _opencode(settings),
        SCRIPTED: lambda _: [],
    }
    visible: dict[str, tuple[Path, ...]] = {}
    for known, entry in agent_choices(settings):
        if known is not None and known.rules is not None:
            readers[known.name], visible[known.name] = _by_itself(settings, known, entry)
    return SessionRuleReport(
        database=database,
        trust=trust,
        readers=readers,
        visible=visible,
        every_session=frozenset({OPENCODE}),
        own_server=partial(has_own_opencode, settings),
        driver=lambda name: next((one.backend for one in agent_host.agents.known() if one.name == name), ""),
        sandbox=agent_host.sandbox,
    )


def _opencode(settings: Settings) -> ReadRules:
    facts = settings.surroundings
    own = facts.config_home / "opencode" if settings.agents.opencode.use_own_config else None
    return partial(opencode_rules.rule_files_in_use, own_config=own, home=facts.home)


def _by_itself(settings: Settings, known: KnownAgent, entry: AgentEntry | None) -> tuple[ReadRules, tuple[Path, ...]]:
    """An agent's reader, and its own paths below the home directory."""
    assert known.rules is not None
    facts = settings.surroundings
    env = {**known.env, **(entry.env if entry is not None else {})}
    home, config_home = agents_home(env, home=facts.home, config_home=facts.config_home)
    moved = {"XDG_CONFIG_HOME": str(config_home)}
    seen = tuple(home_path(name, facts.home, moved) for name in (*known.home, *known.home_readable))
    return own_rules(known.rules, home=home, config_home=config_home), seen if home == facts.home else (home,)
