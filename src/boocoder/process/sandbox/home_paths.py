"""Names the paths of a home directory that a sandboxed process may see: programs, harmless settings, its own state."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

log = logging.getLogger(__name__)

# Relative to the home directory: compilers, interpreters and version managers. They hold programs, no credentials.
TOOLCHAINS = (
    *(".asdf", ".bun", ".deno", ".dotnet", ".fnm", ".ghcup", ".goenv", ".jenv", ".local/pipx", ".nodenv", ".nvm"),
    *(".npm-global", ".pyenv", ".rbenv", ".rustup", ".sdkman", ".volta", ".yarn"),
    *(".cargo/bin", ".cargo/env", "go/bin"),
    *(".local/bin", ".local/lib", ".local/share/fnm", ".local/share/mise", ".local/share/pipx", ".local/share/pnpm"),
    *(".local/share/uv", ".local/share/virtualenv", ".cache/ms-playwright", ".cache/puppeteer", ".cache/node"),
)
# A person's name and habits in git; hidden but for the name where one of them holds a credential.
GIT_SETTINGS = (".config/git/config", ".gitconfig")  # the second overrides the first
GIT_FILES = (
    *(".gitignore", ".gitignore_global", ".gitattributes", ".gitmessage"),
    *(".config/git/ignore", ".config/git/attributes"),
)
# Where packages come from. A file that holds a credential stays hidden.
PACKAGE_SETTINGS = (
    *(".npmrc", ".yarnrc", ".yarnrc.yml", ".bunfig.toml", ".config/pip/pip.conf", ".pip/pip.conf", ".condarc"),
    *(".config/uv/uv.toml", ".config/go/env", ".m2/settings.xml", ".gemrc", ".bundle/config", ".cargo/config.toml"),
)
# Variables of the environment that name an installation, or certificates.
_INSTALLATIONS = (
    *("ANDROID_HOME", "CONDA_PREFIX", "DOTNET_ROOT", "GOROOT", "GRADLE_HOME", "JAVA_HOME", "JDK_HOME", "M2_HOME"),
    *("MAVEN_HOME", "NVM_DIR", "PYENV_ROOT", "RBENV_ROOT", "RUSTUP_HOME", "SDKMAN_DIR", "VIRTUAL_ENV", "VOLTA_HOME"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)
_CREDENTIAL = re.compile(
    rb"auth|token|passw|secret|credential|://[^/\s]+@|/t/[^/\s]+/|bundle_\w+: *\"?[^\"\s/]+:[^\"\s]", re.IGNORECASE
)
# Of git's settings: an address with a password, or a token for a name; a header; a key of a password but core.askPass.
_GIT_CREDENTIAL = re.compile(
    rb"://[^/\s\"@]*:[^/\s\"@]*@|://[^/\s\"@]{20,}@|extraheader|\b(?!askpass\b)\w*(?:pass\w*|token|secret)\s*=",
    re.IGNORECASE,
)
_USER_SECTION = re.compile(r"^[ \t]*\[user\](.*?)(?=^[ \t]*\[|\Z)", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_IDENTITY = re.compile(r"^[ \t]*(name|email)[ \t]*=[ \t]*\"?(.*?)\"?[ \t]*$", re.IGNORECASE | re.MULTILINE)
_SETTINGS_MAX_BYTES = 65_536
# XDG base directories: https://specifications.freedesktop.org/basedir-spec/latest/
_XDG = {
    ".config/": "XDG_CONFIG_HOME",
    ".local/share/": "XDG_DATA_HOME",
    ".local/state/": "XDG_STATE_HOME",
    ".cache/": "XDG_CACHE_HOME",
}


def shared_home_paths(home: Path, env: Mapping[str, str]) -> Iterator[Path]:
    """What every process may read of a home directory: toolchains, git's settings, package settings without secrets.

    Args:
        home: the person's home directory.
        env: of the process.
    """
    for entry in (*TOOLCHAINS, *GIT_FILES):
        yield home_path(entry, home, env)
    for entry in PACKAGE_SETTINGS:
        path = home_path(entry, home, env)
        if not _holds(path, _CREDENTIAL):
            yield path
    if git_identity(home, env) is None:
        yield from (home_path(entry, home, env) for entry in GIT_SETTINGS)
    for name in _INSTALLATIONS:
        if env.get(name, "").startswith("/"):
            yield Path(env[name])


def git_identity(home: Path, env: Mapping[str, str]) -> dict[str, str] | None:
    """A person's name and address, as settings of git, where git's settings are hidden; None where they can be read."""
    paths = [home_path(entry, home, env) for entry in GIT_SETTINGS]
    if not any(_holds(path, _GIT_CREDENTIAL) for path in paths):
        return None
    texts = [_content(path).decode("utf-8", "replace") for path in paths if os.access(path, os.R_OK)]
    sections = (section[1] for text in texts for section in _USER_SECTION.finditer(text))
    return {f"user.{key.lower()}": value for section in sections for key, value in _IDENTITY.findall(section)}


def home_path(entry: str, home: Path, env: Mapping[str, str]) -> Path:
    """The place of a path that is relative to the home directory, where the XDG variables have moved it."""
    for prefix, variable in _XDG.items():
        if entry.startswith(prefix) and env.get(variable, "").startswith("/"):
            return Path(env[variable]) / entry.removeprefix(prefix)
    return home / entry


def is_below(path: Path, roots: Iterable[Path]) -> bool:
    """Whether a path is one of the roots, or below one. `Path.is_relative_to` takes five times as long."""
    text = f"{path}/"
    return any(text.startswith(f"{root}/") for root in roots)


def make_home_entries(home: Path, env: Mapping[str, str], entries: Iterable[str]) -> None:
    """Make the missing directories among an agent's own paths, so that what it writes there lasts.

    One that cannot be made, as in a read-only home directory, is left out.
    """
    for entry in entries:
        path = home_path(entry, home, env)
        try:
            if entry.endswith("/"):
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            log.warning("an agent's own directory cannot be made", extra={"path": str(path), "reason": str(error)})


def _holds(path: Path, credential: re.Pattern[bytes]) -> bool:
    """Whether a settings file may hold a credential; one that cannot be read, or is too long, counts."""
    try:
        content = _content(path)
    except OSError:
        return os.path.lexists(path)
    return credential.search(content) is not None or len(content) > _SETTINGS_MAX_BYTES


def _content(path: Path) -> bytes:
    """The beginning of a file, one byte more than is looked at."""
    with path.open("rb") as file:
        return file.read(_SETTINGS_MAX_BYTES + 1)
