"""Collects the secrets that this service knows, for everything that replaces them."""

from __future__ import annotations

from collections.abc import Iterator

from boocoder.api.auth import load_token
from boocoder.config.settings import Settings
from boocoder.events.redaction import Redactor
from boocoder.process.environment import chosen_environment, own_secrets, secret_values


def build_redactor(settings: Settings) -> Redactor:
    """What replaces the token of the data directory, keys of model servers, and what looks like a key elsewhere."""
    return Redactor(_known_secrets(settings))


def _known_secrets(settings: Settings) -> Iterator[str]:
    yield load_token(settings.data_dir)
    yield from own_secrets()
    yield from secret_values({"DATABASE_URL": settings.database_url})
    yield from secret_values(chosen_environment((), settings.environment.set))
    for server in settings.model_servers:
        yield server.api_key
    for entry in settings.more_agents:
        yield from secret_values(entry.env)
