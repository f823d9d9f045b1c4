"""Tables [agents.<name>]: what is read, what is refused, and how the agent is driven for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.app.agents import agent_choices
from boocoder.backends.acp.settings import AcpAgent
from boocoder.backends.oneshot.settings import OneShotAgent
from boocoder.backends.shared.usage_meaning import UsageMeaning
from boocoder.catalog.launch_plan import LaunchPlan, make_plan
from boocoder.catalog.model_server import ModelServerConnection
from boocoder.catalog.programs import Programs
from boocoder.config.load import load_settings
from boocoder.config.settings import Settings
from boocoder.errors import InvalidInput
from boocoder.model.agent import AgentInfo, AgentState, Transport
from boocoder.model.agent_entry import AgentEntry

SERVER = ModelServerConnection(base_url="http://m:1/v1/", api_key="k", models=("a", "b"))


def load(tmp_path: Path, text: str) -> Settings:
    """The settings of a file; programs are searched in tmp_path alone."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    environ = {"BOOCODER_CONFIG": str(path), "HOME": str(tmp_path), "PATH": str(tmp_path)}
    return load_settings(environ=environ)


def plans(tmp_path: Path, text: str) -> dict[str, LaunchPlan | AgentInfo]:
    """How the agents of a settings file would be driven."""
    programs = Programs(str(tmp_path), tmp_path)
    made = [make_plan(known, entry, programs) for known, entry in agent_choices(load(tmp_path, text))]
    return {plan.name: plan for plan in made}


def planned(tmp_path: Path, text: str, name: str) -> LaunchPlan:
    """One whose program is there."""
    plan = plans(tmp_path, text)[name]
    assert isinstance(plan, LaunchPlan), plan
    return plan


def absent(tmp_path: Path, text: str, name: str) -> AgentInfo:
    """One that cannot be driven."""
    info = plans(tmp_path, text)[name]
    assert isinstance(info, AgentInfo), info
    return info


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
    assert settings.more_agents == (AgentEntry("mine", True, ("my-agent", "--acp"), {"KEY": "x"}, ("TOKEN",)),)
    assert "'x'" not in repr(settings)


def test_agents_with_settings_of_their_own_stay_what_they_are(tmp_path: Path) -> None:
    settings = load(tmp_path, "[agents.opencode]\nenabled = false\n[agents.goose]\nenabled = true\n")
    assert not settings.agents.opencode.enabled
    assert [entry.name for entry in settings.more_agents] == ["goose"]


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
        ('[agents.mine]\ntransport = "server"', "setting_invalid", ["agents.mine.transport", "acp, stream, oneshot"]),
        ("[agents.mine]\nsilence_timeout_s = -1", "setting_invalid", ["agents.mine.silence_timeout_s", "86400"]),
        ("[agents.mine]\nsilence_timeout_s = true", "setting_invalid", ["agents.mine.silence_timeout_s"]),
        ("[agents.mine]\nown_files = '/.mine/'", "setting_invalid", ["agents.mine.own_files", "ignore patterns"]),
        *(
            (f"[agents.mine]\nown_files = ['{pattern}']", "setting_invalid", ["agents.mine.own_files"])
            for pattern in ("", "/", "*", "/**/", "!kept", "# words")
        ),
        ("[agents.mine]\nown_files = ['a\\nb']".replace("'", '"'), "setting_invalid", ["agents.mine.own_files"]),
        ("[agents.mine]\nprompt_args = 'x'", "setting_invalid", ["agents.mine.prompt_args", "a list of texts"]),
        ("[agents.mine]\nkept_open = 1", "setting_invalid", ["agents.mine.kept_open", "true or false"]),
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


def test_every_key_is_read(tmp_path: Path) -> None:
    text = """[agents.mine]
command = ["x"]
transport = "oneshot"
silence_timeout_s = 20
own_files = ["/.mine/"]
model = "m"
mode = "plan"
use_model_server = true
format = "plain"
prompt_args = ["--say", "{prompt}"]
kept_open = false
"""
    (entry,) = load(tmp_path, text).more_agents
    assert (entry.transport, entry.silence_timeout_s, entry.model) == (Transport.ONESHOT, 20.0, "m")
    assert (entry.mode, entry.use_model_server, entry.own_files) == ("plan", True, ("/.mine/",))
    assert entry.details == {"format": "plain", "prompt_args": ("--say", "{prompt}"), "kept_open": False}


def test_a_known_agent_needs_no_table(tmp_path: Path) -> None:
    found = program(tmp_path, "goose")
    plan = planned(tmp_path, "", "goose")
    assert isinstance(plan.driver, AcpAgent)
    assert plan.driver.argv == (str(found), "acp")
    assert plan.driver.usage is UsageMeaning.LAST_CALL
    assert plan.identify is not None and plan.about.program == str(found)


def test_a_known_agents_table_adds_to_it(tmp_path: Path) -> None:
    program(tmp_path, "goose")
    text = '[agents.goose]\nenv = { GOOSE_MODEL = "m" }\nkeep_env = ["MORE"]\nmode = "chat"\n'
    driver = planned(tmp_path, text, "goose").driver
    assert isinstance(driver, AcpAgent)
    assert driver.env["GOOSE_MODEL"] == "m"
    assert {"MORE", "GOOSE_PROVIDER"} <= set(driver.keep_env)
    assert driver.safe_mode == "chat"


def test_a_path_of_ones_own_is_believed(tmp_path: Path) -> None:
    own = program(tmp_path, "own agent")
    plan = planned(tmp_path, f'[agents.goose]\ncommand = ["{own}", "serve"]\n', "goose")
    assert isinstance(plan.driver, AcpAgent) and plan.driver.argv == (str(own), "serve")
    assert plan.driver.usage is UsageMeaning.LAST_CALL
    assert plan.identify is None


@pytest.mark.parametrize(
    ("keys", "transport", "prompt_args"),
    [
        ('command = ["x", "--acp"]', Transport.ACP, None),
        ('command = ["x", "--say", "{prompt}"]', Transport.ONESHOT, ()),
        ('command = ["x"]\ntransport = "oneshot"', Transport.ONESHOT, ("{prompt}",)),
        ('command = ["x"]\nprompt = "stdin"', Transport.ONESHOT, ("{prompt}",)),
        ('command = ["x"]\nformat = "plain"', Transport.ONESHOT, ("{prompt}",)),
        ('command = ["x"]\nkept_open = true\nformat = "claude"', Transport.STREAM, ("{prompt}",)),
    ],
)
def test_three_lines_say_how_it_is_driven(
    tmp_path: Path, keys: str, transport: Transport, prompt_args: tuple[str, ...] | None
) -> None:
    program(tmp_path, "x")
    plan = planned(tmp_path, f"[agents.mine]\n{keys}\n", "mine")
    assert plan.transport is transport and plan.about.transport is transport
    assert getattr(plan.driver, "prompt_args", None) == prompt_args
    assert isinstance(plan.driver, AcpAgent if transport is Transport.ACP else OneShotAgent)
    assert getattr(plan.driver, "kept_open", False) is (transport is Transport.STREAM)


@pytest.mark.parametrize(
    ("name", "text", "state", "words"),
    [
        ("goose", "[agents.goose]\nenabled = true", AgentState.UNAVAILABLE, ["goose is not installed", "installer"]),
        ("qwen", "", AgentState.UNAVAILABLE, ["qwen is not installed", "npm install -g @qwen-code/qwen-code"]),
        ("mine", '[agents.mine]\ncommand = ["nowhere"]', AgentState.UNAVAILABLE, ["nowhere", "agents.mine.command"]),
        ("mine", '[agents.mine]\ncommand = ["/nowhere/x"]', AgentState.ERROR, ["/nowhere/x", "not an executable"]),
        ("mine", "[agents.mine]\nenabled = true", AgentState.ERROR, ["agents.mine has no command", "command = "]),
        (
            "mine",
            '[agents.mine]\ncommand = ["x"]\ntransport = "acp"\nprompt_args = ["{prompt}"]',
            AgentState.ERROR,
            ["agents.mine.prompt_args means nothing", "transport"],
        ),
        ("mine", '[agents.mine]\ncommand = ["x"]\nprompt_args = ["y"]', AgentState.ERROR, ["never gets its prompt"]),
        ("mine", '[agents.mine]\ncommand = ["x"]\nusage = "odd"', AgentState.ERROR, ["agents.mine", "odd"]),
        ("mine", '[agents.mine]\ncommand = ["x"]\nuse_model_server = true', AgentState.ERROR, ["use_model_server"]),
        ("goose", '[agents.goose]\ntransport = "stream"', AgentState.ERROR, ["agents.goose.transport", "acp"]),
        (
            "opencode",
            '[agents.opencode]\nprogram = "/nowhere/oc"',
            AgentState.ERROR,
            ["agents.opencode.program", "/nowhere/oc"],
        ),
    ],
)
def test_what_cannot_be_driven_says_why(
    tmp_path: Path, name: str, text: str, state: AgentState, words: list[str]
) -> None:
    program(tmp_path, "x")
    info = absent(tmp_path, text, name)
    assert info.state is state and info.cure
    assert all(word in f"{info.reason} {info.cure}" for word in words), info


def test_a_disabled_agent_is_not_there(tmp_path: Path) -> None:
    text = '[agents.mine]\nenabled = false\ncommand = ["x"]\n[agents.goose]\nenabled = false\n'
    assert not {"mine", "goose", "scripted"} & set(plans(tmp_path, text))


def test_an_agent_is_pointed_at_the_model_server_only_if_it_is_said(tmp_path: Path) -> None:
    program(tmp_path, "goose")
    driver = planned(tmp_path, "", "goose").pointed_at(SERVER)
    assert isinstance(driver, AcpAgent) and not driver.env
    text = '[agents.goose]\nuse_model_server = true\nenv = { GOOSE_MODEL = "mine" }\n'
    driver = planned(tmp_path, text, "goose").pointed_at(SERVER)
    assert isinstance(driver, AcpAgent)
    assert driver.env == {
        "GOOSE_PROVIDER": "openai",
        "GOOSE_MODEL": "mine",
        "OPENAI_HOST": "http://m:1",
        "OPENAI_API_KEY": "k",
    }


def test_a_model_that_is_not_known_yet_is_not_named(tmp_path: Path) -> None:
    program(tmp_path, "qwen")
    plan = planned(tmp_path, "[agents.qwen]\nuse_model_server = true\n", "qwen")
    bare = plan.pointed_at(ModelServerConnection(base_url="http://m/v1"))
    assert isinstance(bare, AcpAgent) and "OPENAI_MODEL" not in bare.env
    assert bare.env["OPENAI_BASE_URL"] == "http://m/v1"
    driver = plan.pointed_at(SERVER)
    assert isinstance(driver, AcpAgent) and driver.env["OPENAI_MODEL"] == "a"
