"""Checks that a command is there and asks it for its version."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from boocoder.backends.oneshot.settings import OneShotAgent
from boocoder.errors import ProcessError, sentences
from boocoder.model.agent import AgentInfo, AgentState, Transport
from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost
from boocoder.process.supervised_run import run_supervised

_VERSION = re.compile(r"\d+(?:\.\d+)+[\w.+-]*")
_MISSING = ("program_missing", "program_not_executable")
_MAX_BYTES = 256 * 1024


async def probe_agent(
    host: ProcessHost, agent: OneShotAgent, backend: str, *, directory: Path, timeout_s: float
) -> AgentInfo:
    """Ask the program for its version; never raises.

    Args:
        host: starts it.
        agent: whom to ask.
        backend: our driver's name.
        directory: a neutral one to run it in.
        timeout_s: the program is killed after so many seconds.
    """
    info = AgentInfo(
        name=agent.name,
        backend=backend,
        state=AgentState.READY,
        version="unknown",
        program=agent.argv[0],
        models=agent.models,
        modes=agent.modes,
        thinking=agent.thinking,
        default_mode=agent.safe_mode or None,
        transport=Transport.STREAM if agent.kept_open else Transport.ONESHOT,
        tried=True,
        install=agent.install,
        login=agent.login,
    )
    if not agent.version_args:
        return info
    argv = (agent.argv[0], *agent.version_args)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        environment = agent_environment(agent.env, keep=agent.keep_env)
        question = Command(argv, directory, environment, agent.sandbox_use())
        result = await run_supervised(host, question, timeout_s=timeout_s, max_bytes=_MAX_BYTES)
    except ProcessError as error:
        missing = error.code in _MISSING
        state = AgentState.UNAVAILABLE if missing else AgentState.ERROR
        cure = agent.install if missing and agent.install else error.cure
        return replace(info, state=state, reason=error.text, cure=cure, version="")
    except OSError as error:
        return replace(info, state=AgentState.ERROR, reason=f"{directory} cannot be made: {error}", version="")
    said = result.stdout.decode("utf-8", "replace")
    if result.returncode:
        words = (result.stderr.strip() or said.strip())[-500:]
        reason = sentences(f"`{' '.join(argv)}` ended with {result.returncode}.", words)
        return replace(info, state=AgentState.ERROR, reason=reason, cure="Run it by hand to see why.", version="")
    found = _VERSION.search(said) or _VERSION.search(result.stderr)
    return replace(info, version=found.group().rstrip(".-+") if found else "unknown")
