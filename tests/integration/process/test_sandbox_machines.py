"""Machines that lack this or that, for root and for a normal user: each has the best that works, and says why.

The normal user is made by a user namespace: an identity without any right of root's. What a machine lacks is pretended.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from boocoder.process.sandbox.profile import SandboxMechanism
from boocoder.process.sandbox.support import bwrap_programs, find_support

PROGRAM = """
import asyncio, os, sys
from pathlib import Path
from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost
from boocoder.process.sandbox.profile import SandboxUse
from boocoder.process.sandbox.sandbox import Sandbox, SandboxPolicy
from boocoder.process.sandbox.support import find_support
from boocoder.process.supervised_run import run_supervised

async def main(root, lacks):
    found = await find_support(user_namespaces="namespaces" not in lacks, landlock="landlock" not in lacks)
    sandbox = Sandbox(policy=SandboxPolicy(), home=root / "home", data_dir=root / "home/data", support=found)
    host = ProcessHost(state_dir=root / "host", instance="machine", sandbox=sandbox)
    await host.start()
    use = SandboxUse("native", root / "tree")
    command = Command(("cat", str(root / "home/secret")), root / "tree", agent_environment(), use)
    done = await run_supervised(host, command, timeout_s=120)
    await host.stop()
    read = "read" if done.returncode == 0 else "hidden"
    told = "told" if found.reason and found.cure else "best"
    print(os.geteuid(), found.mechanism, sandbox.profile_of(use), read, told)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
"""
BUBBLEWRAP, LANDLOCK, NONE = "bubblewrap files hidden best", "landlock files hidden told", "none off read told"
USER = 1000


def as_user() -> list[str]:
    """What starts a program as a user who may do nothing that root may."""
    return [str(bwrap_programs()[0]), "--dev-bind", "/", "/", "--unshare-user", "--uid", f"{USER}", "--gid", f"{USER}"]


@pytest.mark.parametrize(
    ("lacks", "for_root", "for_user"),
    [
        ((), BUBBLEWRAP, BUBBLEWRAP),
        (("namespaces",), BUBBLEWRAP, LANDLOCK),  # root needs no user namespace
        (("landlock",), BUBBLEWRAP, BUBBLEWRAP),
        (("namespaces", "landlock"), BUBBLEWRAP, NONE),
    ],
    ids=lambda value: "+".join(value) or "nothing" if isinstance(value, tuple) else "",
)
async def test_each_machine_and_user_has_the_best_that_works(
    lacks: tuple[str, ...], for_root: str, for_user: str, tmp_path: Path
) -> None:
    found = await find_support()
    assert found.mechanism is SandboxMechanism.BUBBLEWRAP, f"the tests need one: {found.reason} {found.cure}"
    own = os.geteuid()
    users = [(own, [], for_root if own == 0 else for_user), (USER, as_user(), for_user)]
    for uid, prefix, wanted in users:
        place = tmp_path / str(uid)
        for folder in ("tree", "home/data"):
            (place / folder).mkdir(parents=True, exist_ok=True)
        (place / "home/secret").write_text("secret\n")
        environment = {"PATH": os.environ["PATH"], "HOME": str(place / "home")}
        argv = [*prefix, sys.executable, "-c", PROGRAM, str(place), *lacks]
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
        assert done.stdout.strip() == f"{uid} {wanted}", done.stderr[-2000:]
