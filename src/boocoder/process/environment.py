"""Builds the environment of a child from an allow-list; secrets pass only when named."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from boocoder.process.privacy import is_secret_name

_NAMES = frozenset(
    {
        *("HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"),
        *("COLORTERM", "NVM_DIR", "VIRTUAL_ENV"),
        # Where toolchains are; without them a project that builds for its person does not build for an agent.
        *("ANDROID_HOME", "BUN_INSTALL", "CARGO_HOME", "CONDA_PREFIX", "DENO_DIR", "DOTNET_ROOT", "GOBIN", "GOPATH"),
        *("GOROOT", "GRADLE_HOME", "JAVA_HOME", "JDK_HOME", "M2_HOME", "MAVEN_HOME", "NODE_PATH", "PNPM_HOME"),
        *("PYENV_ROOT", "RBENV_ROOT", "RUSTUP_HOME", "SDKMAN_DIR", "VOLTA_HOME", "LD_LIBRARY_PATH", "PKG_CONFIG_PATH"),
    }
)
_DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"  # what a login without a profile has


def agent_environment(extra: Mapping[str, str] = {}, *, keep: Iterable[str] = ()) -> dict[str, str]:
    """The environment for a program that runs other people's code.

    Args:
        extra: values set on top, whatever their names.
        keep: further variables of our own environment to pass on, such as an agent's API key.

    Returns:
        PATH, home, locale, terminal, proxies, certificates, XDG folders, what `keep` names, and `extra`.
    """
    names = _NAMES | frozenset(keep)
    kept = {name: value for name, value in os.environ.items() if name in names or name.startswith("LC_")}
    kept.setdefault("PATH", _DEFAULT_PATH)
    return {**kept, **extra}


def chosen_environment(keep: Iterable[str], given: Iterable[str]) -> dict[str, str]:
    """The additional variables that a person has set for all agents and project commands.

    Args:
        keep: names of our own environment.
        given: entries `NAME=value`.
    """
    kept = {name: os.environ[name] for name in keep if name in os.environ}
    return {**kept, **{name: value for name, _, value in (entry.partition("=") for entry in given) if name}}


def own_secrets() -> Iterator[str]:
    """The values of our own environment that look like secrets."""
    return secret_values(os.environ)


def secret_values(environment: Mapping[str, str]) -> Iterator[str]:
    """The values that look like secrets by the names of their variables; of a URL its password.

    Authors, paths and values with white space are no secrets, whatever their variables are called.
    """
    for name, value in environment.items():
        if not is_secret_name(name) or "AUTHOR" in name.upper() or len(value.split()) != 1:
            continue
        if "://" in value:
            yield urlsplit(value).password or ""
        elif not value.startswith("/"):
            yield value


_PERSONAL = (
    *("SSH_AUTH_SOCK", "SSH_AGENT_PID", "GIT_SSH", "GIT_SSH_COMMAND", "GNUPGHOME", "DBUS_SESSION_BUS_ADDRESS"),
    *("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GH_HOST", "GH_CONFIG_DIR"),
    *("GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN", "GITLAB_HOST", "GLAB_CONFIG_DIR"),
)


def person_environment(extra: Mapping[str, str] = {}) -> dict[str, str]:
    """The environment for a program that runs on behalf of a person, including their forge credentials.

    Args:
        extra: values set on top.
    """
    return agent_environment(extra, keep=_PERSONAL)
