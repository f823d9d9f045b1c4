"""How each real agent is put on the scripted model: its command, its files, its environment, and its habits."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.install_agents import install_agent

SMALL, LARGE = "scripted-small", "scripted-large"
READ_OUTSIDE = "[[say before]] [[read {outside}]] [[write asked.txt|yes]] [[say after]]"
RUN_COMMAND = "[[say before]] [[bash echo yes > asked.txt]] [[say after]]"


@dataclass(frozen=True)
class Recipe:
    """One agent.

    Args:
        name: as tasks call it.
        program: of EVERY_AGENT, what is installed.
        prepare: writes its files into a HOME of its own and gives its environment, for the model's address without /v1.
        args: behind the program, so that it speaks ACP.
        remembers: how it takes a conversation up in a new process.
        asks: a script of which it asks for a permission in its careful mode; `{outside}` is a file out of the worktree.
        free: the mode in which it asks for nothing, "" where it asks for nothing anyway.
        bound: a mode in which it writes no file.
        larger: what the larger scripted model is called there, "" if it offers one model only.
        one_shot: the arguments of its own run of one prompt, which stands in place of `{prompt}`.
    """

    name: str
    program: str
    prepare: Callable[[Path, str], dict[str, str]]
    args: tuple[str, ...] = ()
    remembers: str = "session_resumed"
    asks: str = RUN_COMMAND
    free: str = "yolo"
    bound: str = "plan"
    larger: str = ""
    one_shot: tuple[str, ...] = ()

    def command(self) -> tuple[str, ...]:
        """The program with what makes it speak ACP; installed first if it is not there."""
        return (*install_agent(self.program), *self.args)

    def table(self, home: Path, root_url: str) -> str:
        """Its table of the settings file."""
        env = {**places(home), **self.prepare(home, root_url)}
        inline = ", ".join(f"{name} = {json.dumps(value)}" for name, value in env.items())
        return f"[agents.{self.name}]\ncommand = {json.dumps(self.command())}\nenv = {{ {inline} }}\n"


def places(home: Path) -> dict[str, str]:
    """The environment that keeps an agent's files in a HOME of its own."""
    folders = {"CONFIG": ".config", "DATA": ".local/share", "STATE": ".local/state", "CACHE": ".cache"}
    return {"HOME": str(home), **{f"XDG_{name}_HOME": str(home / folder) for name, folder in folders.items()}}


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


def _claude(_home: Path, root_url: str) -> dict[str, str]:
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


_LARGER = f"scripted/{LARGE}"
_RUN = ("run", "{prompt}")
OPENCODE = Recipe("opencode", "opencode", _opencode, asks=READ_OUTSIDE, free="", larger=LARGE, one_shot=_RUN)
OPENCODE_ACP = Recipe("opencode-acp", "opencode", _opencode, ("acp",), free="", larger=_LARGER, one_shot=_RUN)
GOOSE = Recipe(
    name="goose",
    program="goose",
    prepare=_goose,
    args=("acp",),
    remembers="session_loaded",
    bound="chat",
    larger=LARGE,
    one_shot=("run", "--no-session", "-q", "-t", "{prompt}"),
)
QWEN = Recipe("qwen", "qwen", _qwen, ("--acp",), one_shot=("-p", "{prompt}"))
CLAUDE = Recipe("claude", "claude", _claude, one_shot=("-p", "{prompt}"))
EVERY_RECIPE = (OPENCODE, OPENCODE_ACP, GOOSE, QWEN, CLAUDE)
