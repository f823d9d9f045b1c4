"""The backends that the contract suite runs against; a new backend adds its case here."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from tools.install_agents import install_opencode

from boocoder.backends.acp.backend import AcpBackend
from boocoder.backends.acp.settings import AcpAgent, AcpSettings
from boocoder.backends.base import Backend
from boocoder.backends.native.backend import NativeBackend
from boocoder.backends.native.limits import NativeLimits
from boocoder.backends.opencode.backend import OpenCodeBackend
from boocoder.backends.opencode.settings import ModelProvider, OpenCodeSettings
from boocoder.backends.scripted.backend import ScriptedBackend
from boocoder.model_servers.server import ModelServer
from boocoder.model_servers.server_models import ServerModels
from boocoder.process.host import ProcessHost
from boocoder.scripted_model.server import DEFAULT_MODELS, ScriptedModel
from tests.contract.case import BackendCase
from tests.contract.oneshot_cases import oneshot_case, stream_case
from tests.fixtures.processes import running_host
from tests.paths import FAKES

ACP_FAKE = FAKES / "acp_agent.py"

_QUESTION = (
    '{"questions": [{"question": "Which one?", "header": "Pick", "options": '
    '[{"label": "A", "description": "the first"}, {"label": "B", "description": "the second"}]}]}'
)


@asynccontextmanager
async def scripted_case(directory: Path) -> AsyncIterator[BackendCase]:
    """The scripted backend; it dies by a directive of its script."""
    host = ProcessHost(state_dir=directory / "host", instance="contract")

    async def make() -> Backend:
        backend = ScriptedBackend(state_dir=directory / "store", processes=host)
        await backend.start()
        return backend

    async def kill_agent() -> None:
        """The script's own [[crash]] has done it."""

    case = BackendCase(
        name="scripted",
        make=make,
        permission_prompt="[[permission bash|echo yes > asked.txt]]",
        question_prompt="[[question Which one?|A; B]]",
        kill_agent=kill_agent,
        crash_prompt="[[say before]][[crash]]",
        directory=directory / "worktrees",
    )
    await host.start()
    case.backend = await case.make()
    try:
        yield case
    finally:
        await case.backend.stop()
        await host.stop()


@asynccontextmanager
async def opencode_case(directory: Path) -> AsyncIterator[BackendCase]:
    """The real opencode, driven by the scripted model; it dies by kill -9 of its server."""
    host = ProcessHost(state_dir=directory / "host", instance="contract")

    async def make() -> Backend:
        backend = OpenCodeBackend(
            host=host,
            program=install_opencode(),
            state_dir=directory / "store",
            providers=(ModelProvider(model.base_url, DEFAULT_MODELS),),
            settings=OpenCodeSettings(use_own_config=False),
        )
        await backend.start()
        return backend

    async def kill_agent() -> None:
        assert isinstance(case.backend, OpenCodeBackend)
        process = case.backend.server.process
        assert process is not None
        os.kill(process.child.pid, signal.SIGKILL)

    case = BackendCase(
        name="opencode",
        make=make,
        permission_prompt="[[read /etc/hostname]]",
        question_prompt=f"[[tool question|{_QUESTION}]]",
        kill_agent=kill_agent,
        crash_prompt="[[say before]][[hang]]",
        directory=directory / "worktrees",
    )
    async with ScriptedModel() as model:
        await host.start()
        case.backend = await case.make()
        try:
            yield case
        finally:
            await case.backend.stop()
            await host.stop()


@asynccontextmanager
async def acp_case(directory: Path) -> AsyncIterator[BackendCase]:
    """The ACP backend on a fake agent that plays the prompt; it dies by kill -9."""
    host = ProcessHost(state_dir=directory / "host", instance="contract")
    agent = AcpAgent("acp", (sys.executable, str(ACP_FAKE), "--store", str(directory / "conversations")))

    async def make() -> Backend:
        backend = AcpBackend(host=host, agent=agent, state_dir=directory / "state", settings=AcpSettings())
        await backend.start()
        return backend

    async def kill_agent() -> None:
        assert isinstance(case.backend, AcpBackend)
        for process in case.backend.pool.processes():
            if process.usable:
                os.kill(process.child.pid, signal.SIGKILL)

    case = BackendCase(
        name="acp",
        make=make,
        permission_prompt="[[permission bash|echo yes > asked.txt]]",
        question_prompt="[[question Which one?|A; B]]",
        kill_agent=kill_agent,
        crash_prompt="[[say before]][[hang]]",
        directory=directory / "worktrees",
        waiting_agents=lambda: [
            process.child.pid
            for process in (case.backend.pool.processes() if isinstance(case.backend, AcpBackend) else ())
        ],
    )
    await host.start()
    case.backend = await case.make()
    try:
        yield case
    finally:
        await case.backend.stop()
        await host.stop()


@asynccontextmanager
async def native_case(directory: Path) -> AsyncIterator[BackendCase]:
    """The native agent, driven by the scripted model; it has no process, so its model dies instead."""

    async def make() -> Backend:
        backend = NativeBackend(
            servers=(ServerModels(ModelServer(base_url=model.base_url)),),
            state_dir=directory / "store",
            limits=NativeLimits(retry_first_s=0.02),
            processes=processes,
        )
        await backend.start()
        return backend

    async def kill_agent() -> None:
        await model.stop()
        await model.start()

    case = BackendCase(
        name="native",
        make=make,
        permission_prompt="[[read /etc/hostname]]",
        question_prompt='[[tool ask|{"question": "Which one?", "choices": ["A", "B"]}]]',
        kill_agent=kill_agent,
        crash_prompt="[[say before]][[hang]]",
        death_code="model_stream_cut",
        directory=directory / "worktrees",
    )
    async with ScriptedModel() as model, running_host(directory) as processes:
        case.backend = await case.make()
        try:
            yield case
        finally:
            await case.backend.stop()


CASES: Mapping[str, Callable[[Path], AbstractAsyncContextManager[BackendCase]]] = {
    "acp": acp_case,
    "native": native_case,
    "oneshot": oneshot_case,
    "opencode": opencode_case,
    "scripted": scripted_case,
    "stream": stream_case,
}

CANNOT_ASK = frozenset({"oneshot"})
"""Backends whose agents run without anybody to ask."""
