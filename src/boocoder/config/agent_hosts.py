"""The hosts that agents may connect to with the sandbox profile `files+network`."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from boocoder.config.settings import Settings
from boocoder.process.sandbox.network.allowed_hosts import AllowedHosts, allowed_hosts
from boocoder.process.sandbox.profile import SandboxProfile


def agent_hosts(settings: Settings) -> AllowedHosts:
    """What the settings name; with `files+network` also the model servers, and boocoder where agents may start tasks.

    Raises:
        InvalidInput: sandbox_host_unclear, an entry of `sandbox.hosts` names no host.
    """
    named = settings.sandbox.hosts
    if settings.sandbox.profile != SandboxProfile.NETWORK:
        return allowed_hosts(named)
    own = [f"localhost:{settings.port}"] if settings.delegation.enabled and settings.port else []
    return allowed_hosts((*named, *_model_servers(settings), *own))


def _model_servers(settings: Settings) -> Iterator[str]:
    for server in settings.model_servers:
        try:
            url = urlsplit(server.base_url)
            port = url.port or (443 if url.scheme == "https" else 80)
        except ValueError:  # nothing can be reached there
            continue
        if url.hostname:
            host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
            yield f"{host}:{port}"
