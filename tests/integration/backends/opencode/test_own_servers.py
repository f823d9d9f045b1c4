"""The real opencode with a server for each session: none sees another's worktree, and a sandbox takes the network."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.backends.opencode.settings import OpenCodeSettings
from boocoder.events.agent_event import AgentSessionOpened
from boocoder.model.turn import Completed, ResumeStep
from boocoder.process.sandbox.network.allowed_hosts import allowed_hosts
from boocoder.process.sandbox.profile import SandboxMechanism, SandboxProfile
from boocoder.process.sandbox.sandbox import Sandbox, SandboxPolicy
from boocoder.scripted_model.server import ScriptedModel
from tests.fixtures.opencode import OpenCodeDesk, running_opencode
from tests.waiting import until

pytestmark = pytest.mark.opencode

OWN = OpenCodeSettings(use_own_config=False, own_server=lambda _: True, own_servers_idle=1, sweep_s=0.05)


async def test_a_server_of_its_own_reaches_its_worktree_alone_and_no_network(
    tmp_path: Path, opencode_program: Path
) -> None:
    async with ScriptedModel() as model:
        hosts = allowed_hosts([model.base_url.removeprefix("http://").partition("/")[0]])
        policy = SandboxPolicy(SandboxProfile.NETWORK, hosts=hosts)
        sandbox = Sandbox(policy=policy, home=Path.home(), data_dir=tmp_path / "data")
        await sandbox.start()
        if sandbox.support.mechanism is not SandboxMechanism.BUBBLEWRAP:
            pytest.skip(sandbox.support.reason)
        running = running_opencode(opencode_program, tmp_path / "data", model.base_url, OWN, sandbox=sandbox)
        async with running as backend:
            desk = OpenCodeDesk(backend, model, opencode_program, tmp_path / "data")
            one, two = desk.worktree("one"), desk.worktree("two")
            (two / "secret.txt").write_text("of the other session\n")
            spy = (
                f"[[bash cat {two}/secret.txt; ls {tmp_path}/data/opencode/sessions/two; echo mine > mine.txt; "
                "cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep -a PASSWORD=[^x]; "
                "python3 -c 'import socket; socket.create_connection((\"192.0.2.1\", 80), 3)' 2>&1 | tail -1]]"
            )
            port, outcome = await desk.run(spy, one)
            assert outcome == Completed()
            said = port.final_tools[0].output
            assert "of the other session" not in said and "PASSWORD=" not in said and "unreachable" in said
            assert (one / "mine.txt").read_text() == "mine\n"
            session = port.agent_session
            assert backend.server.starts == 0 and list(backend.own_servers) == [one]

            port, outcome = await desk.run("[[say hello]]", two)
            assert outcome == Completed() and port.text == "hello"
            await until(lambda: list(backend.own_servers) == [two])  # the one idle longest ended

            port, outcome = await desk.run("[[recall]]", one, agent_session=session)
            assert outcome == Completed() and port.of(AgentSessionOpened)[0].step is ResumeStep.RESUMED
            await backend.forget(one)
            assert one not in backend.own_servers


async def test_no_server_of_its_own_is_started_for_a_worktree_made_ahead(
    tmp_path: Path, opencode_program: Path
) -> None:
    async with running_opencode(opencode_program, tmp_path / "data", "http://127.0.0.1:9", OWN) as backend:
        await backend.warm(tmp_path)
        assert backend.own_servers == {}
        assert backend.server.starts == 0
