"""docs/acp.md names every known agent, failure and notice as the code has them, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from boocoder.backends.acp.settings import AcpAgent, AcpSettings
from boocoder.backends.shared.usage_meaning import UsageMeaning
from boocoder.catalog.known_agents import known_agents
from boocoder.catalog.launch_plan import known_driver
from boocoder.model.agent import Transport
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "acp.md").read_text("utf-8")
SHARED = {"host_stopped", "host_died", "agent_silent", "lease_lost", "prompt_not_received"}  # of every backend
MEANINGS = {
    UsageMeaning.TURN: "whole turn",
    UsageMeaning.LAST_CALL: "last model call",
    UsageMeaning.CUMULATIVE: "whole session",
}


def section(title: str) -> str:
    """One section of the page."""
    return PAGE.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def listed(title: str) -> set[str]:
    """The codes in the first column of a section's table."""
    rows = re.findall(r"^\| (`[^|]+) \|", section(title), re.MULTILINE)
    return {code for row in rows for code in re.findall(r"`(\w+)`", row)}


def calls() -> Iterator[ast.Call]:
    """Every call in the backend's code."""
    backends = ROOT / "src" / "boocoder" / "backends"
    names = ("error_messages", "outcomes", "approvals/rerun_watch", "session_setup")
    shared = [backends / "shared" / f"{name}.py" for name in names]
    for path in (*(backends / "acp").rglob("*.py"), *shared, backends / "prompt_images.py"):
        yield from (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))


def codes(makers: set[str]) -> set[str]:
    """The first argument of every call of these, where it is a plain text."""
    found = set()
    for call in calls():
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        if name in makers and call.args and isinstance(call.args[0], ast.Constant):
            found.add(str(call.args[0].value))
    return found


def row(agent: AcpAgent) -> str:
    modes = " | ".join(f"`{mode}`" if mode else "" for mode in (agent.safe_mode, agent.free_mode))
    return f"| `{agent.name}` | `{' '.join(agent.argv)}` | {modes} | {MEANINGS[agent.usage]} | `{agent.login}` |"


def test_every_known_agent_has_its_row() -> None:
    rows = [line for line in section("Known agents").splitlines() if line.startswith("| `")]
    drivers = [known_driver(one, Transport.ACP) for one in known_agents().values() if Transport.ACP in one.tables]
    assert rows == [row(driver) for driver in drivers if isinstance(driver, AcpAgent)]


def test_every_failure_is_listed() -> None:
    made = codes({"TurnError", "BackendError", "__init__"})
    made |= {"agent_model_unknown", "agent_mode_unknown", "agent_model_refused", "agent_mode_refused"}  # f-strings
    assert listed("Names of failures") == made - SHARED


def test_every_notice_is_listed() -> None:
    assert listed("Notices") == codes({"Notice", "_once"}) - {"images_not_seen"}  # ACP agents decide that by themselves


def test_the_numbers_are_those_of_the_code() -> None:
    settings = AcpSettings()
    text = section("What to expect") + section("Names of failures")
    assert f"after {settings.idle_s / 60:.0f} minutes" in text
    assert f"{settings.budget_bytes / 1024**3:.0f} GiB" in text
    assert f"after {settings.cancel_grace_s:.0f} seconds" in text
    limits = (settings.start_timeout_s, settings.open_timeout_s, settings.request_timeout_s)
    assert all(f"{limit:.0f} s" in text for limit in limits)
