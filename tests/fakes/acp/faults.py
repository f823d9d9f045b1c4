"""The ways in which the fake agent breaks, by name: at its start, with its sessions, and around a prompt."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from boocoder.scripted_model.script import parse
from tests.fakes.acp.fault import Fault, Strike, StrikeTurn
from tests.fakes.acp.line_faults import LINES
from tests.fakes.acp.turn_faults import TURNS

if TYPE_CHECKING:
    from tests.fakes.acp.agent import Agent
    from tests.fakes.acp.performance import Performance
    from tests.fakes.acp.wire import Json

RUNNING = "until test -e go; do sleep 0.05; done; echo over >> ran.txt"
SECRET_WORDS = "the fake has a reason to die"


def die(code: int) -> None:
    """End with words on stderr."""
    sys.stderr.write(f"{SECRET_WORDS}\n")
    sys.stderr.flush()
    os._exit(code)


class AtStart(Fault):
    """Strikes before anything is read."""

    async def at_start(self, agent: Agent) -> None:
        match self.name:
            case "exit-before-initialize":
                die(7)
            case "garbage-start":
                agent.wire.raw(b'Welcome!\n\n\x1b[32mready\x1b[0m\n42\nnull\n"x"\n[]\n[1]\n\xff\xfe\n')
            case "stderr-at-start":
                os.write(2, b"noise\n" * 100_000)


class AtMethod(Fault):
    """Strikes when one method is called."""

    async def on_message(self, agent: Agent, message: Json) -> bool:
        wanted, strike = AT_METHOD[self.name]
        if message["method"] != wanted:
            return False
        strike(agent, message)
        return True


def hello(**changed: Any) -> Strike:
    """Answer initialize with other values."""
    return lambda agent, message: agent.wire.answer(message, {**agent.hello(), **changed})


def error(code: Any, text: str, data: Any = None) -> Strike:
    """Answer with an error."""
    return lambda agent, message: agent.wire.error(message, code, text, data)


def answer(result: Any) -> Strike:
    """Answer with this."""
    return lambda agent, message: agent.wire.answer(message, result)


def silence(agent: Agent, message: Json) -> None:
    """Never answer."""


def with_servers(strike: Strike) -> Strike:
    """Strike at a new session that has MCP servers, and open any other."""

    def at_new(agent: Agent, message: Json) -> None:
        if message["params"]["mcpServers"]:
            strike(agent, message)
        else:
            agent.new_session(message, message["params"])

    return at_new


def late_replay(agent: Agent, message: Json) -> None:
    """Answer session/load at once and replay afterwards, with a command list in between."""
    session_id = message["params"]["sessionId"]
    agent.sessions[session_id] = session = agent.stored(message["params"])
    agent.wire.answer(message, session.told())

    async def replay() -> None:
        for update in session.replay:
            await asyncio.sleep(0.05)
            agent.report(session_id, update)

    agent.keep(replay())


def load_nothing(agent: Agent, message: Json) -> None:
    """Say that a session was loaded and replay nothing."""
    session = agent.blank(message["params"])
    agent.wire.answer(message, session.told())


def lie_about_mode(agent: Agent, message: Json) -> None:
    """Answer a set option with success and the old value."""
    agent.wire.answer(message, agent.sessions[message["params"]["sessionId"]].told())


def only_empty(agent: Agent, message: Json) -> None:
    """Answer a set option with {} and do nothing."""
    agent.wire.answer(message, {})


AT_METHOD: dict[str, tuple[str, Strike]] = {
    "no-initialize-answer": ("initialize", silence),
    "initialize-error": ("initialize", error(-32602, "Invalid params", {"expected": "2"})),
    "initialize-null": ("initialize", answer(None)),
    "initialize-list": ("initialize", answer([1, 2])),
    "protocol-echo": ("initialize", hello(protocolVersion=999)),
    "protocol-text": ("initialize", hello(protocolVersion="one")),
    "capabilities-odd": ("initialize", hello(agentCapabilities=[True], agentInfo="me")),
    "exit-at-initialize": ("initialize", lambda *_: die(9)),
    "new-login": ("session/new", error(-32000, "Authentication required")),
    "new-error": ("session/new", error(-32603, "Internal error", "disk full")),
    "new-null": ("session/new", answer(None)),
    "new-id-number": ("session/new", answer({"sessionId": 42})),
    "new-hangs": ("session/new", silence),
    "servers-refused": ("session/new", with_servers(error(-32602, "Invalid params", "no such server"))),
    "servers-hang": ("session/new", with_servers(silence)),
    "exit-at-new": ("session/new", lambda *_: die(11)),
    "load-fails": ("session/load", error(-32603, "cannot load")),
    "load-hangs": ("session/load", silence),
    "load-dies": ("session/load", lambda *_: die(13)),
    "load-without-replay": ("session/load", load_nothing),
    "replay-late": ("session/load", late_replay),
    "resume-login": ("session/resume", error(-32000, "Authentication required")),
    "mode-lies": ("session/set_config_option", lie_about_mode),
    "mode-empty": ("session/set_config_option", only_empty),
    "mode-error": ("session/set_config_option", error(-32602, "no such value")),
    "prompt-login": ("session/prompt", error(-32000, "Authentication required")),
    "prompt-code-400": ("session/prompt", error(400, "Bad request", None)),
    "prompt-code-text": ("session/prompt", error("-31002", "rate limit", "429 slow down")),
    "prompt-error-empty": (
        "session/prompt",
        lambda agent, message: agent.wire.send({"id": message["id"], "error": {}}),
    ),
    "prompt-error-string": (
        "session/prompt",
        lambda agent, message: agent.wire.send({"id": message["id"], "error": "no"}),
    ),
    "prompt-session-gone": ("session/prompt", error(-32002, "Resource not found")),
    "prompt-silence": ("session/prompt", silence),
    "result-null": ("session/prompt", answer(None)),
    "exit-at-prompt": ("session/prompt", lambda *_: die(3)),
}


class TurnFault(Fault):
    """Strikes in a turn."""

    async def in_turn(self, agent: Agent, message: Json, performance: Any) -> bool:
        strike: StrikeTurn = {**TURNS, **LINES}[self.name]
        return await strike(agent, message, performance)


class AtCancel(Fault):
    """Strikes when the turn is cancelled."""

    async def on_message(self, agent: Agent, message: Json) -> bool:
        if message["method"] != "session/cancel":
            return False
        session_id = message["params"]["sessionId"]
        task, performance = agent.turns[session_id]
        match self.name:
            case "cancel-ignored":
                return True
            case "cancel-dies":
                die(5)
            case "cancel-leaves-child":
                subprocess.Popen(["sleep", "60"], start_new_session=True)
            case "permission-after-cancel":
                agent.keep(self.ask_late(agent, performance, task))
                return True
        return False

    async def ask_late(self, agent: Agent, performance: Any, task: asyncio.Task[None]) -> None:
        """Ask once more, and stop when that is answered."""
        await performance.ask_permission("late", [{"optionId": "yes", "name": "Yes", "kind": "allow_once"}])
        task.cancel()

    async def in_turn(self, agent: Agent, message: Json, performance: Any) -> bool:
        if self.name != "cancel-error":
            return False
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            agent.wire.error(message, -32603, "Internal error")
        return True


class RunsAgain(Fault):
    """Ignores a cancel; in another process it first runs again what was cut off, and says "done" instead of the prompt.

    With the name "runs-again-asking" it asks before that.
    """

    async def on_message(self, agent: Agent, message: Json) -> bool:
        return bool(message["method"] == "session/cancel")

    async def in_turn(self, agent: Agent, message: Json, performance: Performance) -> bool:
        left = agent.store / "left-unfinished"
        if not left.exists():
            left.write_text(RUNNING)
            await performance.play(parse(f"[[say begun]][[bash {RUNNING}]]"))
            return False
        verb = "permission bash|" if self.name == "runs-again-asking" else "bash "
        await performance.play(parse(f"[[{verb}{left.read_text()}]]"))
        await performance.say(["done"])
        agent.wire.answer(message, {"stopReason": "end_turn"})
        return True


class StopsReading(Fault):
    """Opens a session and reads no more."""

    async def on_message(self, agent: Agent, message: Json) -> bool:
        if message["method"] == "session/new":
            agent.new_session(message, message["params"])
            signal.pause()
        return False


_START = ("exit-before-initialize", "garbage-start", "stderr-at-start")
_CANCEL = ("cancel-ignored", "cancel-dies", "cancel-error", "cancel-leaves-child", "permission-after-cancel")

FAULTS: dict[str, type[Fault]] = {
    **dict.fromkeys(("none", "crlf", "string-ids", "models-late"), Fault),
    **dict.fromkeys(_START, AtStart),
    **dict.fromkeys(AT_METHOD, AtMethod),
    **dict.fromkeys([*TURNS, *LINES], TurnFault),
    **dict.fromkeys(_CANCEL, AtCancel),
    **dict.fromkeys(("runs-again", "runs-again-asking"), RunsAgain),
    "stops-reading": StopsReading,
}
