"""Faults of turns: odd updates, odd ends, odd permissions, deaths."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from typing import Any

from tests.fakes.acp.fault import StrikeTurn
from tests.fakes.acp.line_faults import MEGABYTE

ONCE = {"optionId": "yes", "name": "Yes", "kind": "allow_once"}


def said(text: Any, **more: Any) -> dict[str, Any]:
    """A piece of text as an update."""
    return {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}, **more}


def updates(*wanted: dict[str, Any]) -> StrikeTurn:
    """Send these updates first, then play the script."""

    async def strike(agent: Any, message: Any, performance: Any) -> bool:
        for update in wanted:
            agent.report(message["params"]["sessionId"], update)
        return False

    return strike


def ends_with(result: Any, text: str = "hello") -> StrikeTurn:
    """Say a text and answer with this."""

    async def strike(agent: Any, message: Any, performance: Any) -> bool:
        if text:
            await performance.say([text])
        agent.wire.answer(message, result)
        return True

    return strike


def answers_with(**fields: Any) -> StrikeTurn:
    """Say hello and send this as the answer."""

    async def strike(agent: Any, message: Any, performance: Any) -> bool:
        await performance.say(["hello"])
        agent.wire.send({"id": message["id"], **fields})
        return True

    return strike


def asks(id: str, options: list[dict[str, Any]], **call: Any) -> StrikeTurn:
    """Ask for permission, say the outcome, then play the script."""

    async def strike(agent: Any, message: Any, performance: Any) -> bool:
        outcome = await performance.ask_permission(id, options, **call)
        await performance.say([f"outcome {outcome.get('optionId', outcome['outcome'])} "])
        return False

    return strike


def tool(report: str, id: Any, /, **fields: Any) -> dict[str, Any]:
    """A report on a tool call."""
    return {"sessionUpdate": report, "toolCallId": id, **fields}


async def updates_after_result(agent: Any, message: Any, performance: Any) -> bool:
    """The last words come behind the answer."""
    await performance.say(["hello "])
    agent.wire.answer(message, {"stopReason": "end_turn"})
    await performance.say(["late"])
    return True


async def wrong_session(agent: Any, message: Any, performance: Any) -> bool:
    """Updates of a session that was never opened."""
    agent.report("somebody else", said("not for you "))
    return False


async def dies(agent: Any, message: Any, performance: Any) -> bool:
    """Killed in the middle of a turn."""
    await performance.say(["before"])
    os.kill(os.getpid(), signal.SIGKILL)
    return True


async def dies_holding_the_pipe(agent: Any, message: Any, performance: Any) -> bool:
    """Ends while a grandchild holds its output open."""
    await performance.say(["before"])
    subprocess.Popen(["sleep", "60"], start_new_session=True)
    sys.stderr.write("the pipe is held\n")
    sys.stderr.flush()
    os._exit(9)


async def forks_a_daemon(agent: Any, message: Any, performance: Any) -> bool:
    """Leaves a process in another session whose parent has ended."""
    script = "import os,time\nif os.fork() == 0:\n os.setsid()\n if os.fork() == 0:\n  time.sleep(600)\n os._exit(0)"
    subprocess.run([sys.executable, "-c", script], check=True)
    return False


async def closes_stdout(agent: Any, message: Any, performance: Any) -> bool:
    """Lives on without an output."""
    await performance.say(["before"])
    os.close(1)
    await asyncio.sleep(600)
    return True


async def many_deltas(agent: Any, message: Any, performance: Any) -> bool:
    """100,000 pieces of one character."""
    session_id = message["params"]["sessionId"]
    for _ in range(100_000):
        agent.report(session_id, said("x"))
    agent.wire.answer(message, {"stopReason": "end_turn"})
    return True


async def cumulative(agent: Any, message: Any, performance: Any) -> bool:
    """Every piece is the whole text so far."""
    text = "".join(f"w{number} " for number in range(40))
    for end in range(3, len(text) + 1, 3):
        agent.report(message["params"]["sessionId"], said(text[:end]))
    agent.wire.answer(message, {"stopReason": "end_turn"})
    return True


async def drips(agent: Any, message: Any, performance: Any) -> bool:
    """A word at a time, slowly."""
    for number in range(20):
        await performance.say([f"w{number} "])
        await asyncio.sleep(0.05)
    agent.wire.answer(message, {"stopReason": "end_turn"})
    return True


async def long_line(agent: Any, message: Any, performance: Any) -> bool:
    """One update of 40 MB."""
    block = {"type": "content", "content": {"type": "text", "text": "y" * (40 * MEGABYTE)}}
    report = tool("tool_call", "big", title="big", status="completed", content=[block])
    agent.report(message["params"]["sessionId"], report)
    return False


async def terminal_output(agent: Any, message: Any, performance: Any) -> bool:
    """Output of a terminal of the agent's own, in _meta."""
    id = message["params"]["sessionId"]
    info = {"terminal_info": {"terminal_id": "t"}}
    agent.report(
        id,
        tool(
            "tool_call", "t", kind="execute", title="ls", content=[{"type": "terminal", "terminalId": "t"}], _meta=info
        ),
    )
    for piece in ("one\n", "two\n"):
        agent.report(id, tool("tool_call_update", "t", _meta={"terminal_output": {"terminal_id": "t", "data": piece}}))
    ended = {"terminal_exit": {"terminal_id": "t", "exit_code": 4, "signal": None}}
    agent.report(id, tool("tool_call_update", "t", status="completed", _meta=ended))
    return False


_BACK = [
    tool("tool_call_update", "b", status=status)
    for status in ("in_progress", "pending", "completed", "in_progress", "failed")
]
_PARENT = {"claudeCode": {"parentToolUseId": "task"}}

TURNS: dict[str, StrikeTurn] = {
    "unknown-update": updates({"sessionUpdate": "hologram", "x": 1}, {"sessionUpdate": 7}, {}),
    "odd-updates": updates(
        said(None), said(7), {"sessionUpdate": "agent_message_chunk"}, {"sessionUpdate": "plan", "entries": [1]}
    ),
    "empty-chunks": updates(said(""), said(""), said("")),
    "echo": updates({"sessionUpdate": "user_message_chunk", "content": {"type": "text", "text": "you said this"}}),
    "pictures": updates(
        {"sessionUpdate": "agent_message_chunk", "content": {"type": "image", "data": "AA==", "mimeType": "image/png"}}
    ),
    "surrogate-halves": updates(said("A\ud83d"), said("\ude00B ")),
    "lone-surrogate": updates(said("A\ud800B ")),
    "nul-text": updates(said("A\u0000B ")),
    "duplicate-deltas": updates(said("twice "), said("twice ")),
    "cumulative": cumulative,
    "many-deltas": many_deltas,
    "drips": drips,
    "long-line": long_line,
    "negative-usage": updates(
        {"sessionUpdate": "usage_update", "used": -5, "size": 0, "cost": {"amount": -1, "currency": "USD"}}
    ),
    "usage-odd": ends_with(
        {"stopReason": "end_turn", "usage": {"inputTokens": -3, "outputTokens": 1e30, "totalTokens": "many"}}
    ),
    "update-before-call": updates(tool("tool_call_update", "early", status="completed", title="early")),
    "call-twice": updates(
        tool("tool_call", "c", title="Terminal", rawInput={}),
        tool("tool_call", "c", title="ls", kind="execute", status="completed"),
    ),
    "status-backwards": updates(tool("tool_call", "b", title="ls"), *_BACK),
    "never-ends": updates(tool("tool_call", "n", title="ls", status="in_progress")),
    "tool-without-id": updates(tool("tool_call", None, title="ls"), {"sessionUpdate": "tool_call"}),
    "tool-id-number": updates(tool("tool_call", 7, title="ls", status="completed")),
    "tool-odd-fields": updates(
        tool("tool_call", "o", title=5, kind="magic", status="later", content="text", locations=[1, {"path": 3}])
    ),
    "terminal-output": terminal_output,
    "sub-agent": updates(
        tool("tool_call", "task", title="Task", status="in_progress"),
        said("from below ", _meta=_PARENT),
        tool("tool_call", "sub", title="ls", status="completed", _meta=_PARENT),
    ),
    "mode-changes": updates(
        {"sessionUpdate": "current_mode_update", "currentModeId": "plan"},
        {"sessionUpdate": "current_mode_update", "currentModeId": "free"},
    ),
    "wrong-session": wrong_session,
    "updates-after-result": updates_after_result,
    "empty-turn": ends_with({"stopReason": "end_turn"}, text=""),
    "no-stop-reason": ends_with({}),
    "unknown-stop-reason": ends_with({"stopReason": "tired"}),
    "stop-reason-number": ends_with({"stopReason": 3}),
    "max-tokens": ends_with({"stopReason": "max_tokens"}),
    "max-turn-requests": ends_with({"stopReason": "max_turn_requests"}),
    "refusal": ends_with({"stopReason": "refusal"}),
    "cancelled-unasked": ends_with({"stopReason": "cancelled"}),
    "result-list": ends_with([1]),
    "result-and-error": answers_with(result={"stopReason": "end_turn"}, error={"code": -32603, "message": "both"}),
    "result-and-null-error": answers_with(result={"stopReason": "end_turn"}, error=None),
    "permission-without-options": asks("p", []),
    "permission-with-1000-options": asks(
        "p", [{**ONCE, "optionId": f"no-{n}", "kind": "reject_once"} for n in range(999)] + [ONCE]
    ),
    "permission-without-allow": asks("p", [{**ONCE, "kind": "reject_once"}]),
    "permission-only-always": asks("p", [{**ONCE, "optionId": "always", "kind": "allow_always"}]),
    "permission-odd-options": asks(
        "p", [{}, {"optionId": 3, "kind": "allow_once"}, {"optionId": "x", "kind": "maybe"}, ONCE, ONCE]
    ),
    "permission-without-call": asks("", [ONCE]),
    "permission-only-id": asks("only", [ONCE]),
    "killed-mid-turn": dies,
    "dies-holding-the-pipe": dies_holding_the_pipe,
    "forks-a-daemon": forks_a_daemon,
    "closes-stdout": closes_stdout,
}
