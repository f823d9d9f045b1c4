"""Builds the command line and environment of a turn from the agent's description."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from boocoder.backends.oneshot.settings import OneShotAgent
from boocoder.backends.shared.session_setup import hash_config
from boocoder.model.turn import TurnRequest

_PLACE = re.compile(r"\{(prompt|model|mode|thinking|session|worktree|mcp_file)\}")


def mode_of(agent: OneShotAgent, request: TurnRequest) -> str:
    """The agent's own name of the mode that a turn runs in, "" for its default."""
    if request.mode == "yolo" and agent.free_mode:
        return agent.free_mode
    return request.mode or agent.safe_mode


def command_line(
    agent: OneShotAgent,
    request: TurnRequest,
    *,
    session_args: Iterable[str],
    session: str,
    prompt: str,
    mcp_file: Path | None = None,
) -> tuple[str, ...]:
    """The whole command of a turn, or of a kept-open session.

    Args:
        session_args: the agent's arguments that name a new session or the one to go on with.
        session: replaces {session}.
        prompt: replaces {prompt}; a kept-open agent has none on its command line.
        mcp_file: replaces {mcp_file}; None where the session has no MCP servers.
    """
    mode = mode_of(agent, request)
    named = (
        *(agent.model_args if request.model else ()),
        *(agent.mode_args if mode else ()),
        *(agent.thinking_args if request.thinking else ()),
        *(agent.mcp_args if mcp_file is not None else ()),
    )
    values = {**_values(request, session, mode), "prompt": prompt, "mcp_file": str(mcp_file or "")}
    last = () if agent.kept_open else agent.prompt_args
    return tuple(_fill(text, values) for text in (*agent.argv, *named, *session_args, *last))


def environment(agent: OneShotAgent, request: TurnRequest, *, session: str) -> Mapping[str, str]:
    """Variables added to the agent's usual environment."""
    values = _values(request, session, mode_of(agent, request))
    return {name: _fill(text, values) for name, text in agent.env.items()}


def config_hash(agent: OneShotAgent, worktree: Path) -> str:
    """What a session cannot survive a change of: agent, command, how it reads, and directory."""
    parts = ("oneshot-1", agent.name, agent.format, *agent.argv, *agent.resume_args, str(worktree))
    return hash_config(*parts)


def _values(request: TurnRequest, session: str, mode: str) -> dict[str, str]:
    return {
        "model": request.model or "",
        "mode": mode,
        "thinking": request.thinking or "",
        "session": session,
        "worktree": str(request.worktree),
    }


def _fill(text: str, values: Mapping[str, str]) -> str:
    """One pass, so that a placeholder inside a prompt stays what it is."""
    return _PLACE.sub(lambda found: values.get(found.group(1), found.group(0)), text)
