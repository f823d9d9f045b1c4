"""Escapes from both sandboxes: nothing is read that is hidden, and nothing changes outside of the worktree."""

from __future__ import annotations

import hashlib
import os
import random
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost
from boocoder.process.run import ProcessResult
from boocoder.process.sandbox.profile import SandboxMechanism, SandboxProfile, SandboxUse
from boocoder.process.sandbox.sandbox import Sandbox, SandboxPolicy
from boocoder.process.sandbox.support import SandboxSupport, find_support
from boocoder.process.supervised_run import run_supervised
from tests.attack.escapes import CANARY, READS, WRITES

SECRETS = (".ssh/id_ed25519", ".aws/credentials", ".git-credentials", ".netrc", ".other-agent/auth.json")
# What docs/security.md says to be open: a pathname socket is not hidden by Landlock before ABI 9.
OPEN = {
    SandboxMechanism.BUBBLEWRAP: {"abstract socket"},  # the network namespace is shared
    SandboxMechanism.LANDLOCK: {"container socket", "command line of the service"},
}


@dataclass
class World:
    """A person's home with secrets, boocoder's data, a repository and a process to attack."""

    root: Path
    victim: subprocess.Popen[bytes]
    abstract: str

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def data(self) -> Path:
        return self.home / ".local/share/boocoder"

    @property
    def worktree(self) -> Path:
        return self.data / "worktrees" / "mine"

    @property
    def project(self) -> Path:
        return self.home / "src" / "project"

    def fill(self, command: str, sleep: str = "0") -> str:
        """The command with the names of this world."""
        return command.format(
            home=self.home,
            data=self.data,
            worktree=self.worktree,
            project=self.project,
            pid=self.victim.pid,
            socket=self.root / "run" / "docker.sock",
            abstract=self.abstract,
            sleep=sleep,
        )

    def fingerprint(self) -> dict[str, str]:
        """All files but the worktree's."""
        files = [path for path in self.root.rglob("*") if path.is_file() and not path.is_relative_to(self.worktree)]
        watched = [*files, *(Path(name) for name in ("/etc/cron.d/boocoder-attack", "/etc/boocoder-attack"))]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in watched if path.is_file()}


def make_world(root: Path) -> None:
    """Homes, secrets, repository, sessions."""
    home = root / "home"
    data = home / ".local/share/boocoder"
    for name in (*SECRETS, ".bash_history", ".mozilla/firefox/logins.json"):
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"https://person:{CANARY}@example.org\n")
    (home / ".bashrc").write_text("# theirs\n")
    (home / ".local/bin").mkdir(parents=True)
    (home / ".gitconfig").write_text(
        "[user]\n\tname = A Person\n\temail = person@example.org\n[credential]\n\thelper = store\n"
    )
    for name in (
        "token",
        "pg18.pgpass",
        "agents/native/turns/a.jsonl",
        "worktrees/other/secret.txt",
        "shadows/p/config",
    ):
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{CANARY}\n")
    project = home / "src" / "project"
    project.mkdir(parents=True)
    (project / "app.py").write_text("print(1)\n")
    environment = {**os.environ, "HOME": str(home)}
    for argv in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "Begin")):
        subprocess.run(("git", *argv), cwd=project, check=True, env=environment)
    _make_session(data, project, environment)
    (root / "run").mkdir()


def _make_session(data: Path, project: Path, environment: dict[str, str]) -> None:
    """A worktree whose git directory is in the shadow repository and borrows the person's objects."""
    worktree, git_dir, store = (
        data / "worktrees/mine",
        data / "shadows/p/sessions/mine",
        data / "shadows/p/user-objects",
    )
    shutil.copytree(project / ".git/objects", store)
    head = subprocess.run(("git", "rev-parse", "main"), cwd=project, capture_output=True, text=True, check=True).stdout
    worktree.mkdir()
    git_dir.parent.mkdir(parents=True)
    (data / "shadows/p/config").write_text("[core]\n")
    subprocess.run(("git", "init", "-q", f"--separate-git-dir={git_dir}"), cwd=worktree, check=True, env=environment)
    (git_dir / "objects/info/alternates").write_text(f"{store}\n")
    subprocess.run(("git", "checkout", "-q", "--detach", head.strip()), cwd=worktree, check=True, env=environment)


@contextmanager
def victims(root: Path) -> Iterator[World]:
    """A process of the same user with a secret in its environment, and two sockets that somebody serves."""
    code = f"import sys, time; sys.stdout.write('ready\\n'); sys.stdout.flush(); time.sleep(7200)  # {CANARY}"
    environment = {"SECRET_KEY": CANARY, "PATH": os.environ["PATH"]}
    victim = subprocess.Popen(
        (sys.executable, "-c", code), env=environment, stdout=subprocess.PIPE, cwd=root / "home/.local/share/boocoder"
    )
    abstract = f"boocoder-attack-{random.randint(0, 10**9)}"
    with socket.socket(socket.AF_UNIX) as path_socket, socket.socket(socket.AF_UNIX) as abstract_socket:
        path_socket.bind(str(root / "run" / "docker.sock"))
        abstract_socket.bind(f"\0{abstract}")
        for one in (path_socket, abstract_socket):
            one.listen(8)
        try:
            assert victim.stdout is not None and victim.stdout.readline()
            yield World(root, victim, abstract)
        finally:
            victim.kill()
            victim.wait()
            if victim.stdout is not None:
                victim.stdout.close()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with TemporaryDirectory(prefix="boo-attack-", dir="/tmp") as name:  # /tmp is hidden, memory is not
        root = Path(name)
        make_world(root)
        with victims(root) as made:
            yield made


MECHANISMS = [SandboxMechanism.BUBBLEWRAP, SandboxMechanism.LANDLOCK]


async def support_for(mechanism: SandboxMechanism) -> SandboxSupport:
    found = await find_support(() if mechanism is SandboxMechanism.LANDLOCK else None)
    if found.mechanism is not mechanism:
        pytest.skip(f"{mechanism} does not work here: {found.reason}")
    return found


@asynccontextmanager
async def confined(world: World, mechanism: SandboxMechanism) -> AsyncIterator[Attacker]:
    sandbox = Sandbox(
        policy=SandboxPolicy(SandboxProfile.FILES),
        home=world.home,
        data_dir=world.data,
        hidden=(world.root / "run",),
        support=await support_for(mechanism),
    )
    sandbox.register(world.worktree, world.project)
    host = ProcessHost(state_dir=world.root.parent / "host", instance=f"{mechanism}-{random.random()}", sandbox=sandbox)
    await host.start()
    try:
        yield Attacker(world, host)
    finally:
        await host.stop()


@dataclass
class Attacker:
    """Runs commands as an agent does."""

    world: World
    host: ProcessHost

    async def run(self, command: str) -> ProcessResult:
        """A command in the worktree, confined."""
        environment = agent_environment({"HOME": str(self.world.home)})
        use = SandboxUse("native", self.world.worktree)
        argv = ("bash", "-c", f"exec 2>&1\n{command}")
        return await run_supervised(self.host, Command(argv, self.world.worktree, environment, use), timeout_s=60)


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_nothing_hidden_is_read(world: World, mechanism: SandboxMechanism) -> None:
    succeeded = []
    async with confined(world, mechanism) as attacker:
        for name, command in READS.items():
            if name in OPEN[mechanism]:
                continue
            done = await attacker.run(world.fill(command))
            if "canary" in done.stdout.decode("utf-8", "replace").replace(command, ""):
                succeeded.append((name, done.stdout[-300:]))
    assert succeeded == []


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_nothing_changes_outside_of_the_worktree(world: World, mechanism: SandboxMechanism) -> None:
    sleep, changed = str(random.randint(100_000, 999_999)), []
    async with confined(world, mechanism) as attacker:
        await attacker.run("true")  # boocoder makes the build caches of a project for its first command
        before = world.fingerprint()
        pointer = (world.worktree / ".git").read_text()
        for name, command in WRITES.items():
            await attacker.run(world.fill(command, sleep))
            (world.worktree / ".git").write_text(pointer)
            after = world.fingerprint()
            if after != before:
                changed.append((name, sorted(set(after.items()) ^ set(before.items()))[:3]))
                before = after
            assert world.victim.poll() is None, f"{name} ended the service"
    assert changed == []
    assert not [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", sleep]]


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_real_work_is_not_hindered(world: World, mechanism: SandboxMechanism) -> None:
    python = shlex.quote(sys.executable)
    work = {
        "edit": f"echo 'print(2)  # {mechanism}' > app.py && cat app.py",
        "commit": "git add -A && git commit -qm Edit && git log --oneline | head -1",
        "python": "python3 -c 'print(6 * 7)'",
        "temporary files": 'f=$(mktemp) && echo x > "$f" && cat "$f"',
        "package installed": f"{python} -m venv env && env/bin/python -m pip --version",  # pip comes with Python
        "tests": "echo 'import unittest' > test_a.py && env/bin/python -m unittest test_a; [ $? -lt 6 ]",
        "removal": "rm -rf env test_a.py",  # other tests search the worktree
        "the person's checkout": f"cat {world.project}/app.py",
        "pipes and devices": "echo x > /dev/null; head -c 3 /dev/urandom | wc -c",
        "processes": "sleep 0.01 & wait; ps -e >/dev/null 2>&1 || true; echo done",
    }
    failed = []
    async with confined(world, mechanism) as attacker:
        for name, command in work.items():
            done = await attacker.run(command)
            if done.returncode != 0:
                failed.append((name, done))
    assert failed == []
