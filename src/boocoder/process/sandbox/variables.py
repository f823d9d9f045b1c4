"""Changes a command's environment for its sandbox: no names of hidden sockets, no settings that fail inside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from boocoder.process.sandbox.build_caches import BuildCache

_HIDDEN_SOCKETS = ("XDG_RUNTIME_DIR", "SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS", "DOCKER_HOST")
# A person's key is out of reach, and a commit that git cannot sign is no commit (git-config(1), "GIT_CONFIG_COUNT").
_UNSIGNED = ("commit.gpgSign", "tag.gpgSign", "push.gpgSign")


def variables_inside(
    env: Mapping[str, str], *, temporary: str = "", caches: Iterable[BuildCache] = ()
) -> dict[str, str]:
    """The environment of a command in its sandbox.

    Args:
        env: outside.
        temporary: TMPDIR; "" leaves it unset.
        caches: build caches that are no mounts and have to be named.
    """
    inside = {name: value for name, value in env.items() if name not in _HIDDEN_SOCKETS and name != "TMPDIR"}
    if temporary:
        inside["TMPDIR"] = temporary
    for cache in caches:
        if cache.variable:
            inside[cache.variable] = str(cache.source)
    return _without_signing(inside)


def _without_signing(env: dict[str, str]) -> dict[str, str]:
    text = env.get("GIT_CONFIG_COUNT", "0")
    first = int(text) if text.isdecimal() else 0
    for number, key in enumerate(_UNSIGNED, start=first):
        env[f"GIT_CONFIG_KEY_{number}"] = key
        env[f"GIT_CONFIG_VALUE_{number}"] = "false"
    env["GIT_CONFIG_COUNT"] = str(first + len(_UNSIGNED))
    return env
