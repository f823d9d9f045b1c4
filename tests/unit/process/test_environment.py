"""What of our environment a child receives."""

from __future__ import annotations

import pytest

from boocoder.process.environment import agent_environment, chosen_environment

SECRETS = ("DATABASE_URL", "BOOCODER_TOKEN", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "GIT_DIR")


def test_secrets_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, "canary")
    assert "canary" not in agent_environment().values()


def test_what_a_program_needs_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PATH", "HOME", "LC_ALL", "HTTPS_PROXY", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, f"value of {name}")
    found = agent_environment()
    for name in ("PATH", "HOME", "LC_ALL", "HTTPS_PROXY", "SSL_CERT_FILE"):
        assert found[name] == f"value of {name}"


def test_named_and_extra_values_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "wanted")
    found = agent_environment({"HOME": "/elsewhere", "TOKEN": "given"}, keep=["ANTHROPIC_API_KEY", "NOT_SET"])
    assert found["ANTHROPIC_API_KEY"] == "wanted"
    assert (found["HOME"], found["TOKEN"]) == ("/elsewhere", "given")
    assert "NOT_SET" not in found


def test_there_is_always_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PATH", raising=False)
    assert agent_environment()["PATH"].startswith("/")


def test_toolchains_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", "/opt/java")
    assert agent_environment()["JAVA_HOME"] == "/opt/java"


def test_what_a_person_chose_is_kept_and_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOOL", "kept")
    found = chosen_environment(["MY_TOOL", "NOT_SET"], ["CI=1", "OPTIONS=-a=b", "=nameless"])
    assert found == {"MY_TOOL": "kept", "CI": "1", "OPTIONS": "-a=b"}
