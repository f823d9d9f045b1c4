"""The private folders, configuration and environment of boocoder's opencode server.

opencode keeps its sessions, caches and configuration in XDG folders. Private ones keep the person's own opencode out
of the server's database, and a repository's configuration out of the server.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from boocoder.backends.opencode.mcp_servers import mcp_content
from boocoder.backends.opencode.models import default_model
from boocoder.backends.opencode.rules import copy_own_words
from boocoder.backends.opencode.server.provider_config import provider_content
from boocoder.backends.opencode.settings import ModelProvider, OpenCodeSettings
from boocoder.model.mcp_server import McpServer
from boocoder.process.sandbox.profile import SandboxUse

_PLUGIN = "@opencode-ai/plugin"
_CONFIG_NAMES = ("opencode.jsonc", "opencode.json", "config.json")
HIDE_PASSWORD = Path(__file__).with_name("hide_password.js")
PASSWORD_VARIABLE = "OPENCODE_SERVER_PASSWORD"  # noqa: S105 -- its name

Json = dict[str, object]

# Measured: with these no name outside loopback is looked up. OPENCODE_DISABLE_MODELS_FETCH is apart,
# because a person's own providers need the catalogue. OPENCODE_PURE would keep our own plugin out.
_QUIET = {
    "OPENCODE_DISABLE_PROJECT_CONFIG": "1",
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_SHARE": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_EMBEDDED_WEB_UI": "1",
}
_OWN_ONLY = {
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
}


@dataclass(frozen=True, slots=True)
class UserConfigFiles:
    """A person's own login and global config of opencode, as far as they exist."""

    auth: Path | None = None
    config: Path | None = None

    @property
    def any(self) -> bool:
        """Whether there is anything."""
        return self.auth is not None or self.config is not None


def find_own_files(settings: OpenCodeSettings) -> UserConfigFiles:
    """Look for the person's own files where settings or opencode's habit put them."""
    if not settings.use_own_config:
        return UserConfigFiles()
    data = settings.own_data_dir or Path.home() / ".local" / "share" / "opencode"
    config = own_config_dir(settings)
    auth = data / "auth.json"
    configs = [config / name for name in _CONFIG_NAMES if (config / name).is_file()]
    return UserConfigFiles(auth if auth.is_file() else None, configs[0] if configs else None)


def own_config_dir(settings: OpenCodeSettings) -> Path:
    """The person's configuration folder of opencode, there or not."""
    return settings.own_config_dir or Path.home() / ".config" / "opencode"


def config_content(providers: Sequence[ModelProvider], own: UserConfigFiles) -> Json:
    """The config that our server gets; it beats every other per key.

    Edits and commands are allowed because the worktree is ours and every change is reviewed; leaving the worktree
    and repeating oneself are asked. What is allowed here beats what opencode forbids its planning agent, so edits are
    forbidden to it again, and commands, which can edit as well, are asked. `snapshot` is off because we take our own;
    it costs half of a warm turn.
    """
    content: Json = {
        "share": "disabled",
        "autoupdate": False,
        "snapshot": False,
        "lsp": False,
        "plugin": [HIDE_PASSWORD.as_uri()],
        "permission": {"edit": "allow", "bash": "allow", "external_directory": "ask", "doom_loop": "ask"},
        "agent": {"plan": {"permission": {"edit": "deny", "bash": "ask"}}},
    }
    model = default_model(providers)
    offered = {provider.id: provider_content(provider) for provider in providers if provider.offered}
    if model is None:
        return content
    content |= {"provider": offered, "model": str(model), "small_model": str(model)}
    if not own.any:
        content["enabled_providers"] = list(offered)
    return content


class ServerEnvironment:
    """The server's folders below one state folder.

    Args:
        state_dir: ours alone; sessions live in it, so it must outlast the server.
        providers: the model servers to offer.
        settings: whether and where to find the person's own files.
        mcp_servers: those that the person configured.
        every_session: whether the server serves all sessions.
        worktree: the only one that it serves otherwise; None for one that is only asked what it offers.
    """

    def __init__(
        self,
        *,
        state_dir: Path,
        providers: tuple[ModelProvider, ...],
        settings: OpenCodeSettings,
        mcp_servers: tuple[McpServer, ...] = (),
        every_session: bool = True,
        worktree: Path | None = None,
    ) -> None:
        self._mcp_servers = mcp_servers
        self._every_session = every_session
        self._worktree = worktree
        self._root = state_dir
        self._providers = providers
        self._settings = settings

    def offer(self, providers: tuple[ModelProvider, ...]) -> None:
        """The model servers to offer from the next start on."""
        self._providers = providers

    @property
    def lacks_models(self) -> bool:
        """Whether a model server was promised, none of its models is known, and the person has no other."""
        promised = self._providers and not any(provider.offered for provider in self._providers)
        return bool(promised) and not find_own_files(self._settings).any

    @property
    def neutral(self) -> Path:
        """An empty directory for calls that belong to no worktree."""
        return self._root / "neutral"

    def sandbox_use(self) -> SandboxUse:
        """What the server needs: its private folders, its worktrees, the person's own files to read."""
        own = find_own_files(self._settings)
        files = (path for path in (own.auth, own.config, Path.home() / ".opencode") if path is not None)
        readable = (HIDE_PASSWORD, *files)
        return SandboxUse(
            "opencode",
            self._worktree,
            every_session=self._every_session,
            writable=(self._root,),
            readable=readable,
            serves=True,
        )

    def prepare(self, password: str) -> dict[str, str]:
        """Write the folders and files and return the environment that the server needs on top of the inherited one.

        Args:
            password: what the server is to demand of its callers.
        """
        own = find_own_files(self._settings)
        for folder in ("data/opencode", "config/opencode/node_modules", "state", "cache", "neutral"):
            (self._root / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        self._stop_plugin_install()
        if self._settings.use_own_config:
            copy_own_words(own_config_dir(self._settings), self._root / "config" / "opencode")
        self._write_auth(own)
        self._write_servers()
        env = {
            "XDG_DATA_HOME": str(self._root / "data"),
            "XDG_CONFIG_HOME": str(self._root / "config"),
            "XDG_STATE_HOME": str(self._root / "state"),
            "XDG_CACHE_HOME": str(self._root / "cache"),
            PASSWORD_VARIABLE: password,
            "OPENCODE_CONFIG_CONTENT": msgspec.json.encode(config_content(self._providers, own)).decode(),
            **_QUIET,
        }
        if own.config is not None:
            env["OPENCODE_CONFIG"] = str(own.config)
        if not own.any and self._providers:
            env |= _OWN_ONLY
        return env

    def _stop_plugin_install(self) -> None:
        # opencode installs its plugin package into every config folder unless a lock file says that it is there.
        folder = self._root / "config" / "opencode"
        wanted = {_PLUGIN: "*"}
        lock: Json = {"name": "opencode", "lockfileVersion": 3, "packages": {"": {"dependencies": wanted}}}
        _write_private(folder / "package.json", msgspec.json.encode({"dependencies": wanted}))
        _write_private(folder / "package-lock.json", msgspec.json.encode(lock))

    def _write_servers(self) -> None:
        """The MCP servers stand in the private global configuration: a command can read opencode's environment."""
        content: Json = {"$schema": "https://opencode.ai/config.json", "mcp": mcp_content(self._mcp_servers)}
        _write_private(self._root / "config" / "opencode" / "opencode.json", msgspec.json.encode(content))

    def _write_auth(self, own: UserConfigFiles) -> None:
        logins: dict[str, object] = {}
        if own.auth is not None:
            try:
                logins = msgspec.json.decode(own.auth.read_bytes(), type=dict[str, object])
            except (OSError, msgspec.DecodeError):
                logins = {}
        for provider in self._providers:
            if provider.api_key:
                logins[provider.id] = {"type": "api", "key": provider.api_key}
        _write_private(self._root / "data" / "opencode" / "auth.json", msgspec.json.encode(logins))


def _write_private(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
