"""Every escape tried by real agents behind the service: none succeeds, and the same agents do ordinary work."""

from __future__ import annotations

import base64
import hashlib
import random
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from boocoder.events import frames
from boocoder.scripted_model.server import ScriptedModel
from tests.acceptance.approvals.asking import rule
from tests.agents import habits
from tests.agents.real import Real, settings_of
from tests.attack.escapes import CANARY, READS, WRITES
from tests.attack.test_sandbox_escapes import OPEN, World, make_world, victims
from tests.fixtures.postgres import fresh_database
from tests.fixtures.program.sandbox import support
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1800)]

ONE_SHOT = '[agents.once]\ncommand = ["bash", "-c", "bash ./{prompt}"]\n'
STAYS: list[str] = []  # seconds that processes sleep which agents have left
TURN_S = 800.0  # of a machine whose cores are all busy; 20 s on an idle one
AGENTS = ("native", "opencode", "qwen", "once")
# It would end the agent itself, so that nothing behind it ran; the process host's test tries it.
ALONE = {"signal to everybody"}
WATCHED = (
    *(".ssh", ".aws", ".git-credentials", ".netrc", ".bashrc", ".bash_history", ".gitconfig", ".mozilla", ".profile"),
    *(".other-agent", "nested", "src", ".local/bin", ".config/systemd", ".config/autostart"),
)


class ServiceWorld(World):
    """The world of a running service: its data, its token, its process."""

    service: Installation
    tree: Path

    @property
    def data(self) -> Path:
        return self.service.data_dir

    @property
    def worktree(self) -> Path:
        return self.tree

    def fill(self, command: str, sleep: str = "0") -> str:
        """As for a test's own world; the data directory has a space in its name."""
        return super().fill(command, sleep).replace(str(self.data), str(self.data).replace(" ", "\\ "))

    def fingerprint(self) -> dict[str, str]:
        """What no agent may change."""
        roots = [self.home / name for name in WATCHED] + [self.data / "token", self.data / "worktrees/other"]
        files = [file for root in roots for file in (root, *root.rglob("*")) if file.is_file()]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def attacked(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: str, template_database: str
) -> AsyncIterator[tuple[Real, ServiceWorld]]:
    """A service with agents, in a home full of secrets."""
    root = tmp_path_factory.mktemp("attacked")
    make_world(root)
    home = root / "home"
    project = Repository(home / "src" / "project")
    async with fresh_database(postgres_server, template_database) as dsn, ScriptedModel() as model:
        chosen = {"BOOCODER_AGENTS_OPENCODE_SERVER": "session"}  # a shared one sees every session's worktree
        service = Installation(home, {"BOOCODER_DATABASE_URL": dsn, "BOOCODER_DRAIN_S": "1", **chosen})
        settings_of([habits.OPENCODE.recipe, habits.QWEN.recipe], service, model)
        config = home / ".config" / "boocoder" / "config.toml"
        config.write_text(f"{config.read_text()}\n{ONE_SHOT}")
        real = Real(service, model, project, dsn)
        await real.start()
        with victims(root) as world:
            made = ServiceWorld(world.root, world.victim, world.abstract)
            made.service = service
            for name in ("worktrees/other/secret.txt", "agents/native/turns/a.jsonl"):
                (made.data / name).parent.mkdir(parents=True, exist_ok=True)
                (made.data / name).write_text(f"{CANARY}\n")
            try:
                yield real, made
            finally:
                service.stop()
                assert sleeping() == set()


def sleeping(seconds: str = "") -> set[int]:
    """Processes that an agent has left: a warm agent keeps those of its tools, which are shown, and end with it."""
    wanted = [["sleep", one] for one in ([seconds] if seconds else STAYS)]
    return {process.pid for process in psutil.process_iter(["cmdline"]) if process.info["cmdline"] in wanted}


def script_of(world: ServiceWorld, attempts: dict[str, str], sleep: str) -> str:
    """A shell script that tries all of them, each on its own, and writes what they say to `said.txt`."""
    lines = ["pointer=$(cat .git)"]
    for name, command in attempts.items():
        packed = base64.b64encode(world.fill(command, sleep).encode()).decode()
        lines += [
            f"echo {shlex.quote(f'== {name}')} >> said.txt",
            f'timeout -k 1 60 bash -c "$(echo {packed} | base64 -d)" >> said.txt 2>&1 </dev/null',
            "printf '%s\\n' \"$pointer\" > .git",
        ]
    return "\n".join([*lines, "echo tried all"])


WORK = f"""set -e
echo 'print(2)' > app.py
printf 'import unittest\\nclass T(unittest.TestCase):\\n    def test(self): self.assertEqual(1, 1)\\n' > test_a.py
python3 -m unittest test_a
git add -A && git commit -qm Edit && git log --oneline | head -1
f=$(mktemp) && echo x > "$f" && cat "$f"
{shlex.quote(sys.executable)} -m venv env && env/bin/python -m pip --version
cat {{project}}/app.py
rm -rf env
echo worked > worked.txt
"""


@asynccontextmanager
async def turn_of(real: Real, agent: str) -> AsyncIterator[tuple[Path, frames.TurnEndedFrame]]:
    """Have an agent run the project's script; its worktree, and how the turn ended."""
    async with real.desk() as desk:
        prompt = "run.sh" if agent == "once" else "[[bash bash ./run.sh]] [[say done]]"
        created = await desk.queue(prompt, agent=agent, **({"mode": "yolo"} if agent == "qwen" else {}))
        end = (await desk.follow(created, timeout_s=TURN_S))[-1]
        assert isinstance(end, frames.TurnEndedFrame)
        yield real.worktree(created), end


@pytest.mark.parametrize("agent", AGENTS)
async def test_no_agent_gets_out_and_each_does_its_work(attacked: tuple[Real, ServiceWorld], agent: str) -> None:
    real, world = attacked
    mechanism = support().mechanism
    if mechanism not in OPEN:
        pytest.skip(support().reason)
    async with real.desk() as desk:
        await rule(desk.client, "allow", "*", "*")
    world.tree = world.data / "worktrees" / "*"
    attempts = {name: one for name, one in {**READS, **WRITES}.items() if name not in OPEN[mechanism] | ALONE}
    assert len(attempts) >= 40
    sleep = str(random.randint(100_000, 999_999))
    STAYS.append(sleep)
    token = (world.data / "token").read_text().strip()
    real.project.write("run.sh", script_of(world, attempts, sleep))
    real.project.commit("Attack")
    before = world.fingerprint()
    async with turn_of(real, agent) as (worktree, end):
        assert end.outcome == "completed", end
        said = (worktree / "said.txt").read_text("utf-8", "replace")
    tried = dict(part.partition("\n")[::2] for part in said.split("== ")[1:])
    assert tried.keys() == attempts.keys()
    assert {name: one for name, one in tried.items() if "canary" in one or token in one} == {}
    assert world.victim.poll() is None and real.service.pid in {one.pid for one in real.processes()}
    assert world.fingerprint() == before
    assert sleeping(sleep) <= {process.pid for process in real.processes()}, "out of custody"
    real.project.write("run.sh", WORK.format(project=world.project))
    real.project.commit("Work")
    async with turn_of(real, agent) as (worktree, end):
        assert end.outcome == "completed", end
        assert (worktree / "worked.txt").read_text() == "worked\n", end
