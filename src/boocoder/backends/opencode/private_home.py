"""The private folders, config and environment of our opencode server. Writes files below its state folder only.

opencode keeps its sessions, caches and config in XDG folders; ours are private, so that no other opencode of the
person shares a database with us and nothing of a repository's own config is obeyed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from boocoder.backends.opencode.models import default_model
from boocoder.backends.opencode.settings import PROVIDER_ID, ModelProvider, OpenCodeSettings

_PLUGIN = "@opencode-ai/plugin"
_CONFIG_NAMES = ("opencode.jsonc", "opencode.json", "config.json")
_NO_KEY = "none"  # the bundled SDK insists on a key; servers without keys ignore it

Json = dict[str, object]

# Measured: with these no name outside loopback is looked up. OPENCODE_DISABLE_MODELS_FETCH and _PURE are apart,
# because a person's own providers need the catalogue, and their own plugins are theirs to run.
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
    "OPENCODE_PURE": "1",
}


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """A person's own login and global config of opencode, as far as they exist."""

    auth: Path | None = None
    config: Path | None = None

    @property
    def any(self) -> bool:
        """Whether there is anything."""
        return self.auth is not None or self.config is not None


def find_own_files(settings: OpenCodeSettings) -> OwnFiles:
    """Look for the person's own files where settings or opencode's habit put them."""
    if not settings.use_own_config:
        return OwnFiles()
    data = settings.own_data_dir or Path.home() / ".local" / "share" / "opencode"
    config = settings.own_config_dir or Path.home() / ".config" / "opencode"
    auth = data / "auth.json"
    configs = [config / name for name in _CONFIG_NAMES if (config / name).is_file()]
    return OwnFiles(auth if auth.is_file() else None, configs[0] if configs else None)


def config_content(provider: ModelProvider | None, own: OwnFiles) -> Json:
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
        "permission": {"edit": "allow", "bash": "allow", "external_directory": "ask", "doom_loop": "ask"},
        "agent": {"plan": {"permission": {"edit": "deny", "bash": "ask"}}},
    }
    model = default_model(provider)
    if provider is None or model is None:
        return content
    options: Json = {"baseURL": provider.base_url}
    if not provider.api_key:
        options["apiKey"] = _NO_KEY
    offered = dict.fromkeys((*provider.models, model.removeprefix(f"{PROVIDER_ID}/")))
    models: Json = {name: {"name": name} for name in offered}
    content["provider"] = {
        PROVIDER_ID: {
            "name": PROVIDER_ID,
            "npm": "@ai-sdk/openai-compatible",
            "options": options,
            "models": models,
        }
    }
    content |= {"model": model, "small_model": model}
    if not own.any:
        content["enabled_providers"] = [PROVIDER_ID]
    return content


class PrivateHome:
    """The server's folders below one state folder.

    Args:
        state_dir: ours alone; sessions live in it, so it must outlast the server.
        provider: the model server to offer, if any.
        settings: whether and where to find the person's own files.
    """

    def __init__(self, *, state_dir: Path, provider: ModelProvider | None, settings: OpenCodeSettings) -> None:
        self._root = state_dir
        self._provider = provider
        self._settings = settings

    def offer(self, provider: ModelProvider | None) -> None:
        """The model server to offer from the next start on."""
        self._provider = provider

    @property
    def lacks_models(self) -> bool:
        """Whether a model server was promised, none of its models is known, and the person has no other."""
        promised = self._provider is not None and not self._provider.models
        return promised and not find_own_files(self._settings).any

    @property
    def neutral(self) -> Path:
        """An empty directory for calls that belong to no worktree."""
        return self._root / "neutral"

    def prepare(self, password: str) -> dict[str, str]:
        """Write the folders and files and return the environment that the server needs on top of ours.

        Args:
            password: what the server is to demand of its callers.
        """
        own = find_own_files(self._settings)
        for folder in ("data/opencode", "config/opencode/node_modules", "state", "cache", "neutral"):
            (self._root / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        self._stop_plugin_install()
        self._write_auth(own)
        env = {
            "XDG_DATA_HOME": str(self._root / "data"),
            "XDG_CONFIG_HOME": str(self._root / "config"),
            "XDG_STATE_HOME": str(self._root / "state"),
            "XDG_CACHE_HOME": str(self._root / "cache"),
            "OPENCODE_SERVER_PASSWORD": password,
            "OPENCODE_CONFIG_CONTENT": msgspec.json.encode(config_content(self._provider, own)).decode(),
            **_QUIET,
        }
        if own.config is not None:
            env["OPENCODE_CONFIG"] = str(own.config)
        if not own.any and self._provider is not None:
            env |= _OWN_ONLY
        return env

    def _stop_plugin_install(self) -> None:
        # opencode installs its plugin package into every config folder unless a lock file says that it is there.
        folder = self._root / "config" / "opencode"
        wanted = {_PLUGIN: "*"}
        lock: Json = {"name": "opencode", "lockfileVersion": 3, "packages": {"": {"dependencies": wanted}}}
        _write_private(folder / "package.json", msgspec.json.encode({"dependencies": wanted}))
        _write_private(folder / "package-lock.json", msgspec.json.encode(lock))

    def _write_auth(self, own: OwnFiles) -> None:
        logins: dict[str, object] = {}
        if own.auth is not None:
            try:
                logins = msgspec.json.decode(own.auth.read_bytes(), type=dict[str, object])
            except (OSError, msgspec.DecodeError):
                logins = {}
        if self._provider is not None and self._provider.api_key:
            logins[PROVIDER_ID] = {"type": "api", "key": self._provider.api_key}
        _write_private(self._root / "data" / "opencode" / "auth.json", msgspec.json.encode(logins))


def _write_private(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
