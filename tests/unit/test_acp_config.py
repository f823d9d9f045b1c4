"""Tables [agents.<name>] of ACP agents: what is read, what is refused, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.acp_set import acp_backends
from boocoder.backends.acp.backend import AcpBackend
from boocoder.backends.acp.known import KNOWN_ACP_AGENTS
from boocoder.backends.acp.settings import UsageMeaning
from boocoder.config import Settings, load_settings
from boocoder.config_acp import AcpEntry
from boocoder.errors import InvalidInput
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.process.host import ProcessHost


def load(tmp_path: Path, text: str) -> Settings:
    """The settings of a file; programs are searched in tmp_path alone."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    environ = {"BOOCODER_CONFIG": str(path), "HOME": str(tmp_path), "PATH": str(tmp_path)}
    return load_settings(environ=environ)


def build(tmp_path: Path, text: str) -> dict[str, AcpBackend | AgentInfo]:
    """What the service would have of them."""
    host = ProcessHost(state_dir=tmp_path / "host", instance="config")
    return dict(acp_backends(load(tmp_path, text), host))


def program(tmp_path: Path, name: str) -> Path:
    """An executable file on the path."""
    path = tmp_path / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_three_lines_are_an_agent(tmp_path: Path) -> None:
    settings = load(
        tmp_path, '[agents.mine]\ncommand = ["my-agent", "--acp"]\nenv = { KEY = "x" }\nkeep_env = ["TOKEN"]\n'
    )
    assert settings.acp == (AcpEntry("mine", True, ("my-agent", "--acp"), {"KEY": "x"}, ("TOKEN",)),)
    assert "'x'" not in repr(settings)


def test_agents_with_settings_of_their_own_stay_what_they_are(tmp_path: Path) -> None:
    settings = load(tmp_path, "[agents.opencode]\nenabled = false\n[agents.goose]\nenabled = true\n")
    assert not settings.agents.opencode.enabled
    assert [entry.name for entry in settings.acp] == ["goose"]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('[agents.mine]\ncommand = "x"', "setting_invalid", ["agents.mine.command", "line 2", "a list of texts"]),
        ("[agents.mine]\ncommand = []", "setting_invalid", ["agents.mine.command"]),
        ('[agents.mine]\ncommand = ["x", 1]', "setting_invalid", ["agents.mine.command"]),
        ("[agents.mine]\nenabled = 1", "setting_invalid", ["agents.mine.enabled", "true or false"]),
        ('[agents.mine]\nenv = ["A=b"]', "setting_invalid", ["agents.mine.env"]),
        ("[agents.mine]\nenv = { A = 1 }", "setting_invalid", ["agents.mine.env"]),
        ('[agents.mine]\nkeep_env = ["A\\u0000"]', "setting_invalid", ["agents.mine.keep_env"]),
        ('[agents.mine]\ncomand = ["x"]', "setting_unknown", ["agents.mine.comand"]),
        ('[agents.opencode]\ncommand = ["x"]', "setting_unknown", ["agents.opencode.command"]),
        ('[agents."My Agent"]\ncommand = ["x"]', "setting_unknown", ["My Agent"]),
        ("agents.mine = 3", "setting_unknown", ["agents.mine"]),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, code: str, words: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, text)
    assert caught.value.code == code
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_known_agent_needs_no_command(tmp_path: Path) -> None:
    found = program(tmp_path, "goose")
    backend = build(tmp_path, '[agents.goose]\nenv = { GOOSE_MODEL = "m" }\n')["goose"]
    assert isinstance(backend, AcpBackend)
    assert backend.agent.argv == (str(found), "acp")
    assert backend.agent.usage is UsageMeaning.LAST_CALL
    assert backend.agent.env["GOOSE_MODEL"] == "m"


def test_a_path_of_ones_own(tmp_path: Path) -> None:
    own = program(tmp_path, "own agent")
    backend = build(tmp_path, f'[agents.mine]\ncommand = ["{own}", "serve"]\n')["mine"]
    assert isinstance(backend, AcpBackend)
    assert backend.agent.argv == (str(own), "serve")


@pytest.mark.parametrize(
    ("text", "state", "words"),
    [
        ("[agents.goose]\nenabled = true", AgentState.UNAVAILABLE, ["goose is not installed", "installer"]),
        ('[agents.mine]\ncommand = ["nowhere"]', AgentState.UNAVAILABLE, ["nowhere", "agents.mine.command"]),
        ('[agents.mine]\ncommand = ["/nowhere/x"]', AgentState.ERROR, ["/nowhere/x", "not an executable"]),
        ("[agents.mine]\nenabled = true", AgentState.ERROR, ["agents.mine has no command", "goose, "]),
    ],
)
def test_what_cannot_be_driven_says_why(tmp_path: Path, text: str, state: AgentState, words: list[str]) -> None:
    (info,) = build(tmp_path, text).values()
    assert isinstance(info, AgentInfo)
    assert (info.state, info.backend) == (state, "acp")
    assert all(word in f"{info.reason} {info.cure}" for word in words), info


def test_a_disabled_agent_is_not_there(tmp_path: Path) -> None:
    assert build(tmp_path, '[agents.mine]\nenabled = false\ncommand = ["x"]\n') == {}


def test_what_is_known_is_whole() -> None:
    assert {"goose", "opencode-acp", "qwen", "gemini", "claude", "codex", "kimi", "mistral-vibe", "copilot"} == set(
        KNOWN_ACP_AGENTS
    )
    for name, agent in KNOWN_ACP_AGENTS.items():
        assert (agent.name, bool(agent.install), bool(agent.login)) == (name, True, True)
        assert not {variable for variable in agent.env if "KEY" in variable}
