"""The filter of system calls in both sandboxes: what it refuses, and that ordinary programs run."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path

import pytest

from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost
from boocoder.process.sandbox.profile import SandboxMechanism, SandboxProfile, SandboxUse
from boocoder.process.sandbox.sandbox import Sandbox, SandboxPolicy
from boocoder.process.sandbox.support import find_support
from boocoder.process.sandbox.system_calls import system_call_filter
from boocoder.process.supervised_run import run_supervised

EPERM, ENOSYS = 1, 38
TRIES = """
import ctypes, json, os, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
def tried(*arguments):
    ctypes.set_errno(0)
    libc.syscall(*(ctypes.c_long(one) for one in arguments))
    return ctypes.get_errno()
thread = threading.Thread(target=len, args=("x",)); thread.start(); thread.join()
found = {
    "keyctl": libc.syscall(ctypes.c_long(NUMBERS["keyctl"]), 0, -3, 1) and ctypes.get_errno(),
    "bpf": tried(NUMBERS["bpf"], 0, 0, 0),
    "io_uring": tried(425, 1, 0),
    "perf": tried(NUMBERS["perf"], 0, 0, -1, -1, 0),
    "clone3": tried(435, 0, 0),
    "namespace": tried(NUMBERS["unshare"], 0x10000000),
    "mount": tried(NUMBERS["mount"], 0, 0, 0, 0, 0),
    "typing": tried(NUMBERS["ioctl"], 0, 0x5412, 0),
    "ioctl": tried(NUMBERS["ioctl"], 0, 0x5401, 0),
}
print(json.dumps(found))
"""
NUMBERS = {
    "x86_64": {"keyctl": 250, "bpf": 321, "perf": 298, "unshare": 272, "mount": 165, "ioctl": 16},
    "aarch64": {"keyctl": 219, "bpf": 280, "perf": 241, "unshare": 97, "mount": 40, "ioctl": 29},
}


@pytest.mark.parametrize("mechanism", [SandboxMechanism.BUBBLEWRAP, SandboxMechanism.LANDLOCK])
async def test_system_calls_that_no_agent_needs_are_refused(tmp_path: Path, mechanism: SandboxMechanism) -> None:
    support = await find_support(() if mechanism is SandboxMechanism.LANDLOCK else None)
    numbers = NUMBERS.get(platform.machine())
    if support.mechanism is not mechanism or numbers is None or not system_call_filter():
        pytest.skip(f"no {mechanism} with a filter here: {support.reason}")
    sandbox = Sandbox(
        policy=SandboxPolicy(SandboxProfile.FILES), home=tmp_path, data_dir=tmp_path / "data", support=support
    )
    host = ProcessHost(state_dir=tmp_path / "host", instance="calls", sandbox=sandbox)
    await host.start()
    try:
        code = f"NUMBERS = {numbers}\n{TRIES}"
        command = Command((sys.executable, "-c", code), tmp_path, agent_environment(), SandboxUse("native", tmp_path))
        done = await run_supervised(host, command, timeout_s=60)
    finally:
        await host.stop()
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("ioctl") not in (EPERM, ENOSYS)
    assert found.pop("clone3") == ENOSYS
    assert set(found.values()) == {EPERM}, found


def test_a_filter_is_made_for_known_machines() -> None:
    assert system_call_filter(machine="mips64") == b""
    for machine in NUMBERS:
        whole, open_to_namespaces = (
            system_call_filter(machine=machine, namespaces=allowed) for allowed in (False, True)
        )
        assert len(whole) % 8 == 0 and len(open_to_namespaces) < len(whole) < 8 * 4096
