"""Builds the environment of a child from an allow-list; nothing secret of ours passes unless named."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

_NAMES = frozenset(
    {
        *("HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"),
        *("COLORTERM", "NVM_DIR", "VIRTUAL_ENV"),
    }
)
_DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"  # what a login without a profile has


def agent_environment(extra: Mapping[str, str] = {}, *, keep: Iterable[str] = ()) -> dict[str, str]:
    """The environment for a program that runs other people's code.

    Args:
        extra: values set on top, whatever their names.
        keep: names of our own environment that pass besides the allow-list, such as one agent's API key.

    Returns:
        PATH, home, locale, terminal, proxies, certificates and XDG folders of ours, what `keep` names, and `extra`.
    """
    names = _NAMES | frozenset(keep)
    kept = {name: value for name, value in os.environ.items() if name in names or name.startswith("LC_")}
    kept.setdefault("PATH", _DEFAULT_PATH)
    return {**kept, **extra}


_PERSONAL = (
    *("SSH_AUTH_SOCK", "SSH_AGENT_PID", "GIT_SSH", "GIT_SSH_COMMAND", "GNUPGHOME", "DBUS_SESSION_BUS_ADDRESS"),
    *("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GH_HOST", "GH_CONFIG_DIR"),
    *("GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN", "GITLAB_HOST", "GLAB_CONFIG_DIR"),
)


def person_environment(extra: Mapping[str, str] = {}) -> dict[str, str]:
    """The environment for a program that a person asked us to run as themselves, with what signs them in to a forge.

    Args:
        extra: values set on top.
    """
    return agent_environment(extra, keep=_PERSONAL)
