"""Changes a command's environment for its sandbox: no names of hidden sockets, no settings that fail inside."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from boocoder.process.sandbox.build_caches import BuildCache

_HIDDEN_SOCKETS = ("XDG_RUNTIME_DIR", "SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS", "DOCKER_HOST")
# A person's key is out of reach, and a commit that git cannot sign is no commit (git-config(1), "GIT_CONFIG_COUNT").
_UNSIGNED = ("commit.gpgSign", "tag.gpgSign", "push.gpgSign")


def variables_inside(
    env: Mapping[str, str],
    *,
    temporary: str = "",
    caches: Iterable[BuildCache] = (),
    git_identity: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The environment of a command in its sandbox.

    Args:
        env: outside.
        temporary: TMPDIR; "" leaves it unset.
        caches: build caches that are no mounts and have to be named.
        git_identity: settings of git that stay where the person's are hidden; None where they are not.
    """
    inside = {name: value for name, value in env.items() if name not in _HIDDEN_SOCKETS and name != "TMPDIR"}
    if temporary:
        inside["TMPDIR"] = temporary
    for cache in caches:
        if cache.variable:
            inside[cache.variable] = str(cache.source)
    if git_identity is not None:
        inside["GIT_CONFIG_GLOBAL"] = os.devnull  # git ends at a file that it may not read
    return _with_git_settings(inside, {**(git_identity or {}), **dict.fromkeys(_UNSIGNED, "false")})


def _with_git_settings(env: dict[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    text = env.get("GIT_CONFIG_COUNT", "0")
    first = int(text) if text.isdecimal() else 0
    for number, (key, value) in enumerate(settings.items(), start=first):
        env[f"GIT_CONFIG_KEY_{number}"] = key
        env[f"GIT_CONFIG_VALUE_{number}"] = value
    env["GIT_CONFIG_COUNT"] = str(first + len(settings))
    return env
