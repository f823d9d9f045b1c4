"""An agent session that cannot be resumed gets the conversation so far, also while the service keeps running."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.fakes.acp.harness import FAKE as ACP_FAKE
from tests.fakes.oneshot.harness import FAKE as ONESHOT_FAKE
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import Installation, MakeInstallation
from tests.invariants import processes_of
from tests.waiting import until

Lines = list[dict[str, object]]


def started(installation: MakeInstallation, dsn: str, agent: str) -> Installation:
    """A service with one agent called fake, as its settings file describes it."""
    made = installation({"BOOCODER_DATABASE_URL": dsn})
    config = made.home / ".config" / "boocoder" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f"[agents.fake]\n{agent}")
    made.start()
    return made


def command(fake: Path, *args: str) -> str:
    return f"command = {json.dumps([sys.executable, str(fake), *args])}\n"


def run(service: Installation, directory: Path, *args: str) -> Lines:
    done = service.run("run", *args, "--agent", "fake", "--json", cwd=directory)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def answer(lines: Lines) -> str:
    live = [str(line["text"]) for line in lines if line["type"] == "delta" and "seq" not in line]
    return "".join(live or [str(line["text"]) for line in lines if line["type"] == "delta"])


def notices(lines: Lines) -> list[str]:
    return [str(line["code"]) for line in lines if line["type"] == "notice"]


def test_a_oneshot_agent_that_cannot_resume_knows_the_chat_in_every_turn(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    settings = 'transport = "oneshot"\nformat = "plain"\nresume_args = []\nnew_session_args = []\n'
    service = started(installation, dsn, command(ONESHOT_FAKE, "--plain") + settings)
    project = repository().path
    first = run(service, project, "My colour is teal")
    session = str(first[0]["session_id"])[:8]
    for prompt in ("My number is seven", "What do you know?"):
        later = run(service, project, prompt, "--session", session)
        assert "session_handed_over" in notices(later)
        assert "Here is the conversation of this workspace so far" in answer(later)  # the fake repeats a beginning


async def test_an_acp_agent_whose_process_died_is_told_the_chat(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    service = started(installation, dsn, command(ACP_FAKE, "--without", "resume", "--without", "load"))
    project = repository().path
    first = run(service, project, "[[say teal]]")
    session = str(first[0]["session_id"])[:8]
    agents = [process for process in processes_of(service.data_dir) if str(ACP_FAKE) in process.cmdline()]
    assert agents
    for process in agents:
        process.kill()
    await until(lambda: not any(process.is_running() and process.status() != "zombie" for process in agents))
    second = run(service, project, "[[recall]]", "--session", session)
    assert "session_handed_over" in notices(second)
    assert "teal" in answer(second)
