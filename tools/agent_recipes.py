"""How each real agent is put on a scripted model: its command, its files and its environment in a HOME of its own.

For tests and the benchmark. It writes below the HOME that it is given and installs what is missing.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.install_agents import InstallError, install_agent

SMALL, LARGE = "scripted-small", "scripted-large"
PROMPT = "{prompt}"  # where the prompt goes in the arguments of a one-shot run


@dataclass(frozen=True)
class Recipe:
    """One agent.

    Args:
        name: as tasks call it.
        program: of EVERY_AGENT, what is installed.
        prepare: writes its files into a HOME and gives its environment, for the model's address without /v1.
        args: behind the program, so that it speaks ACP; none for opencode's server.
        one_shot: arguments of the agent's own run of one prompt, which prints text as soon as it can.
    """

    name: str
    program: str
    prepare: Callable[[Path, str], dict[str, str]]
    args: tuple[str, ...] = ()
    one_shot: tuple[str, ...] = ()

    def environment(self, home: Path, root_url: str) -> dict[str, str]:
        """What is set for it; its files are written."""
        return {**places(home), **self.prepare(home, root_url)}

    def table(self, home: Path, root_url: str, *, own_home: bool = True) -> str:
        """Its table of boocoder's settings file.

        Args:
            own_home: False for an agent that shares the home directory of the service, as a person's do.
        """
        command = json.dumps((*install_agent(self.program), *self.args))
        chosen = self.environment(home, root_url) if own_home else self.prepare(home, root_url)
        env = ", ".join(f"{name} = {json.dumps(value)}" for name, value in chosen.items())
        return f"[agents.{self.name}]\ncommand = {command}\nenv = {{ {env} }}\n"

    def one_shot_command(self, prompt: str) -> tuple[str, ...]:
        """The agent's own program with one prompt."""
        launch = (str(_claude_program()),) if self.program == "claude" else install_agent(self.program)
        return (*launch, *(prompt if arg == PROMPT else arg for arg in self.one_shot))


def places(home: Path) -> dict[str, str]:
    """The environment that keeps an agent's files in a HOME of its own."""
    folders = {"CONFIG": ".config", "DATA": ".local/share", "STATE": ".local/state", "CACHE": ".cache"}
    return {"HOME": str(home), **{f"XDG_{name}_HOME": str(home / folder) for name, folder in folders.items()}}


def _claude_program() -> Path:
    """The claude that its ACP adapter has brought."""
    modules = Path(install_agent("claude")[-1]).parents[3]
    machine = "arm64" if platform.machine().lower() in ("aarch64", "arm64") else "x64"
    folder = modules / "@anthropic-ai"
    for libc in ("", "-musl"):
        program = folder / f"claude-agent-sdk-{sys.platform}-{machine}{libc}" / "claude"
        if program.is_file():
            return program
    raise InstallError(f"The ACP adapter of claude has brought no claude for this machine; looked in {folder}.")


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def _goose(home: Path, root_url: str) -> dict[str, str]:
    _write(home / ".config" / "goose" / "config.yaml", "GOOSE_TELEMETRY_ENABLED: false\n")
    provider = {"GOOSE_PROVIDER": "openai", "GOOSE_MODEL": SMALL, "OPENAI_HOST": root_url, "OPENAI_API_KEY": "x"}
    return {**provider, "GOOSE_DISABLE_KEYRING": "1"}


def _qwen(home: Path, root_url: str) -> dict[str, str]:
    quiet = {"privacy": {"usageStatisticsEnabled": False}, "general": {"enableAutoUpdate": False}}
    _write(home / ".qwen" / "settings.json", {"security": {"auth": {"selectedType": "openai"}}, **quiet})
    model = {"OPENAI_BASE_URL": f"{root_url}/v1", "OPENAI_API_KEY": "x", "OPENAI_MODEL": SMALL}
    return {**model, "QWEN_CODE_NO_RELAUNCH": "true"}


def _claude(home: Path, root_url: str) -> dict[str, str]:
    home.mkdir(parents=True, exist_ok=True)
    model = {"ANTHROPIC_BASE_URL": root_url, "ANTHROPIC_API_KEY": "x", "ANTHROPIC_MODEL": SMALL}
    quiet = ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_TELEMETRY", "DISABLE_AUTOUPDATER", "IS_SANDBOX")
    return {**model, "ANTHROPIC_SMALL_FAST_MODEL": SMALL, **dict.fromkeys(quiet, "1")}


def _opencode(home: Path, root_url: str) -> dict[str, str]:
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": f"{root_url}/v1", "apiKey": "x"},
        "models": {SMALL: {}, LARGE: {}},
    }
    small = f"scripted/{SMALL}"
    content: dict[str, object] = {"provider": {"scripted": provider}, "model": small, "small_model": small}
    content |= {"autoupdate": False, "share": "disabled", "permission": {"bash": "ask"}}
    _write(home / ".config" / "opencode" / "opencode.json", content)
    return {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1"}


def _codex(home: Path, root_url: str) -> dict[str, str]:
    table = f'base_url = "{root_url}/v1"\nname = "scripted"\nenv_key = "OPENAI_API_KEY"\nwire_api = "responses"\n'
    settings = f'model = "{SMALL}"\nmodel_provider = "scripted"\n[analytics]\nenabled = false\n'
    _write(home / ".codex" / "config.toml", f"{settings}[model_providers.scripted]\n{table}")
    return {"OPENAI_API_KEY": "x", "MODEL_PROVIDER": "scripted", "NO_BROWSER": "1"}


def _gemini(home: Path, root_url: str) -> dict[str, str]:
    security = {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": False}}
    _write(home / ".gemini" / "settings.json", {"security": security, "privacy": {"usageStatisticsEnabled": False}})
    model = {"GEMINI_API_KEY": "x", "GOOGLE_GEMINI_BASE_URL": root_url, "GEMINI_MODEL": SMALL}
    return {**model, "GEMINI_CLI_NO_RELAUNCH": "true"}


def _copilot(home: Path, root_url: str) -> dict[str, str]:
    home.mkdir(parents=True, exist_ok=True)
    provider = {"BASE_URL": f"{root_url}/v1", "TYPE": "openai", "API_KEY": "x"}
    model = {f"COPILOT_PROVIDER_{name}": value for name, value in provider.items()}
    return {**model, "COPILOT_MODEL": SMALL, "COPILOT_OFFLINE": "true", "COPILOT_AUTO_UPDATE": "false"}


_STREAM_JSON = ("stream-json", "--include-partial-messages")
OPENCODE = Recipe("opencode", "opencode", _opencode, one_shot=("run", PROMPT))
OPENCODE_ACP = Recipe("opencode-acp", "opencode", _opencode, ("acp",), one_shot=("run", PROMPT))
GOOSE = Recipe("goose", "goose", _goose, ("acp",), one_shot=("run", "--no-session", "-q", "-t", PROMPT))
QWEN = Recipe("qwen", "qwen", _qwen, ("--acp",), one_shot=("-p", PROMPT, "-o", *_STREAM_JSON))
CLAUDE = Recipe("claude", "claude", _claude, one_shot=("-p", "--output-format", *_STREAM_JSON, "--verbose", PROMPT))
CODEX = Recipe("codex", "codex", _codex)
GEMINI = Recipe("gemini", "gemini", _gemini, ("--acp",), one_shot=("-p", PROMPT, "-o", "stream-json"))
COPILOT = Recipe("copilot", "copilot", _copilot, ("--acp",), one_shot=("-p", PROMPT, "--output-format", "json"))
EVERY_RECIPE = (OPENCODE, OPENCODE_ACP, GOOSE, QWEN, CLAUDE)
