"""Model server checks of `boocoder doctor`: each server that is set, and what will not work well with its models."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from boocoder.cli.doctor.checks import Check
from boocoder.config.settings import Settings
from boocoder.errors import Unavailable
from boocoder.model_servers.discovery import find_servers
from boocoder.model_servers.facts import ModelFacts
from boocoder.model_servers.found_server import FoundServer
from boocoder.model_servers.server_models import ServerModels

MODELS_SHOWN = 8

AskedServer = tuple[ServerModels, Unavailable | None]
"""A server with what it said, or why it said nothing."""


async def ask_model_servers(settings: Settings) -> list[AskedServer]:
    """Ask every server that is set for its models."""
    return list(await asyncio.gather(*(_ask(ServerModels(server)) for server in settings.model_servers)))


async def _ask(known: ServerModels) -> AskedServer:
    try:
        await known.refresh()
    except Unavailable as error:
        return known, error
    finally:
        await known.close()
    return known, None


async def check_found_servers(settings: Settings) -> list[Check]:
    """A line for each server on its usual port that is not used, with what makes boocoder use it."""
    return [_offer(found) for found in await find_servers(settings.model_servers, places=settings.usual_places)]


def _offer(found: FoundServer) -> Check:
    models = ", ".join(found.models[:MODELS_SHOWN]) or "no model"
    said = f"{found.kind} runs at {found.base_url} ({models}) and is not used"
    cure = f"To use it, add to the settings file: {found.settings_text}"
    return Check("found", True, said, cure, needed=False)


def check_model_servers(asked: Sequence[AskedServer]) -> list[Check]:
    """A line for each server, and one for each of its models that has a warning."""
    if not asked:
        return [Check("model server", True, "none set; agents use their own models", needed=False)]
    return [check for known, error in asked for check in _check(known, error)]


def _check(known: ServerModels, error: Unavailable | None) -> list[Check]:
    server = known.server
    name = f"model server {server.name}".rstrip()
    if error is not None:
        return [Check(name, False, error.text, error.cure, needed=False)]
    if not known.rows:
        return [Check(name, False, f"{server.base_url} lists no model.", "Load one.", needed=False)]
    facts = known.all_facts()
    if server.default and known.resolve(server.default) is None:
        said = f"{server.base_url} has no model {server.default}."
        labels = ", ".join(one.label for one in facts[:MODELS_SHOWN])
        return [Check(name, False, said, f"Set {server.setting}.default to one of: {labels}", needed=False)]
    more = f" and {len(facts) - MODELS_SHOWN} more" if len(facts) > MODELS_SHOWN else ""
    said = f"{server.base_url}: {', '.join(map(_sized, facts[:MODELS_SHOWN]))}{more}"
    return [Check(name, True, said), *(_warning(one) for one in facts if one.warning)]


def _sized(facts: ModelFacts) -> str:
    return f"{facts.label} ({facts.context_tokens:,} tokens)" if facts.context_tokens else facts.label


def _warning(facts: ModelFacts) -> Check:
    return Check("model", False, facts.warning, facts.cure, needed=False)
