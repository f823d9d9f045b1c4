"""Agent checks of `boocoder doctor`: the version of each installed agent, and a line with the others."""

from __future__ import annotations

import asyncio

from boocoder.app.agents import agent_choices
from boocoder.catalog.identification import ask_alone, identify
from boocoder.catalog.launch_plan import LaunchPlan, make_plan, no_server_text
from boocoder.catalog.programs import Programs
from boocoder.cli.doctor.checks import Check
from boocoder.config.settings import Settings
from boocoder.errors import BoocoderError, Unavailable
from boocoder.model.agent import AgentInfo, AgentState, Transport

ASKED_AT_ONCE = 2  # each may be a program of a second or two


async def check_agents(settings: Settings, *, has_models: bool) -> list[Check]:
    """Each agent that is installed, those that are not, and that at least one can be used.

    Args:
        settings: of the service.
        has_models: whether a model server lists any model now.
    """
    programs = Programs(settings.surroundings.search_path, settings.surroundings.home)
    plans = [make_plan(known, entry, programs) for known, entry in agent_choices(settings)]
    named = {entry.name for entry in settings.more_agents}
    gate = asyncio.Semaphore(ASKED_AT_ONCE)
    found = [plan for plan in plans if isinstance(plan, LaunchPlan)]
    checks = list(await asyncio.gather(*(_check(plan, settings, gate, has_models=has_models) for plan in found)))
    broken = [plan for plan in plans if isinstance(plan, AgentInfo)]
    unexpected = [info for info in broken if info.state is AgentState.ERROR or info.name in named]
    checks += [Check(f"agent {info.name}", False, info.reason, info.cure, needed=False) for info in unexpected]
    missing = [info.name for info in broken if info not in unexpected]
    if missing:
        cure = "`boocoder agents show NAME` says how to install one."
        checks.append(Check("other agents", True, f"not installed: {', '.join(missing)}", cure, needed=False))
    if not any(check.ok for check in checks if check.name.startswith("agent ")):
        checks.append(Check("agents", False, "No agent can be used.", "Install or enable one."))
    return checks


async def _check(plan: LaunchPlan, settings: Settings, gate: asyncio.Semaphore, *, has_models: bool) -> Check:
    name = f"agent {plan.name}"
    if plan.transport is Transport.BUILTIN:
        return _check_builtin(plan, settings, has_models=has_models)
    server = plan.entry.model_server if plan.entry is not None else ""
    if plan.server_use is not None and not any(one.name == server or not server for one in settings.model_servers):
        return Check(name, False, *no_server_text(plan), needed=False)
    if plan.program is None or plan.identify is None:
        return Check(name, True, f"{plan.transport} at {plan.program}")
    env = plan.driver.env if plan.driver is not None else {}
    try:
        async with gate:
            version = await identify(plan.program, plan.identify, ask_alone, env=env)
    except Unavailable as error:
        cure = f"Install it: {plan.about.install}" if plan.about.install else error.cure
        return Check(name, False, error.text, cure, needed=False)
    except BoocoderError as error:
        return Check(name, False, error.text, error.cure or "Reinstall it.", needed=False)
    return Check(name, True, f"{version} ({plan.transport}) at {plan.program}")


def _check_builtin(plan: LaunchPlan, settings: Settings, *, has_models: bool) -> Check:
    name = f"agent {plan.name}"
    if plan.name != "native":
        return Check(name, True, "built in")
    if has_models:
        return Check(name, True, "built in; it works with the model server")
    if settings.model_servers:
        return Check(name, False, "built in; it has no model, see the model server above", needed=False)
    cure = "Start a model server and set models.base_url to its address."
    return Check(name, False, "no model server is configured", cure, needed=False)
