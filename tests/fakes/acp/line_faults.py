"""Faults of single lines: noise between messages, odd JSON, odd answers. The turn goes on around them."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from tests.fakes.acp.fault import StrikeTurn

MEGABYTE = 1024 * 1024


def raw(data: bytes) -> StrikeTurn:
    """Write these bytes first, then play the script."""

    async def strike(agent: Any, message: Any, performance: Any) -> bool:
        agent.wire.raw(data)
        return False

    return strike


def chunk(session_id: str, text: str) -> dict[str, Any]:
    """A piece of text as a message."""
    update = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}
    return {"jsonrpc": "2.0", "method": "session/update", "params": {"sessionId": session_id, "update": update}}


def around(write: Any) -> StrikeTurn:
    """Write what a function of the session's id makes, then play the script."""

    async def strike(agent: Any, message: Any, performance: Any) -> bool:
        agent.wire.raw(write(message["params"]["sessionId"]))
        return False

    return strike


async def slow_bytes(agent: Any, message: Any, performance: Any) -> bool:
    """Send a line byte by byte, with UTF-8 cut in its middle."""
    line = json.dumps(chunk(message["params"]["sessionId"], "grüß "), ensure_ascii=False).encode() + b"\n"
    for place in range(len(line)):
        agent.wire.raw(line[place : place + 1])
        if place % 16 == 0:
            await asyncio.sleep(0.001)
    return False


async def stderr_flood(agent: Any, message: Any, performance: Any) -> bool:
    """5 MB of stderr in the middle of a turn."""
    for _ in range(80):
        os.write(2, b"x" * 65_000 + b"\n")
    return False


async def duplicate_answer(agent: Any, message: Any, performance: Any) -> bool:
    """Answer the prompt twice."""
    await performance.say(["hello"])
    agent.wire.answer(message, {"stopReason": "end_turn"})
    agent.wire.answer(message, {"stopReason": "refusal"})
    return True


async def unknown_requests(agent: Any, message: Any, performance: Any) -> bool:
    """Call methods that no client has, with ids of every kind; each must be refused with -32601."""
    answers = [
        await agent.wire.ask(method, {"sessionId": message["params"]["sessionId"], "path": "/etc/passwd"})
        for method in ("fs/read_text_file", "fs/write_text_file", "terminal/create", "craft/drainMidTurnQueue", "_x")
    ]
    codes = {answer["error"]["code"] for answer in answers}
    await performance.say([f"codes {codes} "])
    return False


async def no_final_newline(agent: Any, message: Any, performance: Any) -> bool:
    """Answer without a newline, then end the output."""
    await performance.say(["hello"])
    agent.wire.raw(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {"stopReason": "end_turn"}}).encode())
    os._exit(0)


LINES: dict[str, StrikeTurn] = {
    "scalar-lines": raw(b'42\nnull\n"x"\n[]\n[1]\ntrue\n{}\n{"jsonrpc":"2.0"}\n'),
    "banner-lines": raw(b"warning: something\n\x1b[31merror\x1b[0m\n\n   \n"),
    "broken-json": raw(b'{"jsonrpc":"2.0","method":"session/update","params":{"sess\n'),
    "two-on-a-line": raw(b'{"jsonrpc":"2.0","method":"a"}{"jsonrpc":"2.0","method":"b"}\n'),
    "over-lines": raw(b'{"jsonrpc":"2.0",\n"method":"a"}\n'),
    "deep-json": raw(b'{"a":' * 200_000 + b"1" + b"}" * 200_000 + b"\n"),
    "line-too-long": raw(b'{"a":"' + b"x" * (65 * MEGABYTE) + b'"}\n'),
    "unknown-answers": raw(
        b'{"id":9999,"result":{}}\n{"id":"x","result":1}\n{"id":[1],"result":1}\n{"id":null,"error":{}}\n'
    ),
    "odd-numbers": raw(b'{"method":"x","params":{"n":1e999,"m":NaN,"i":123456789012345678901234567890}}\n'),
    "unknown-notifications": raw(
        b'{"method":"_auth/status_update","params":[]}\n{"method":"qwen/notify","params":null}\n'
    ),
    "invalid-utf8": around(lambda id: json.dumps(chunk(id, "A?B ")).encode().replace(b"?", b"\xff") + b"\n"),
    "batch": around(lambda id: json.dumps([chunk(id, "one "), chunk(id, "two ")]).encode() + b"\n"),
    "slow-bytes": slow_bytes,
    "stderr-flood": stderr_flood,
    "duplicate-answer": duplicate_answer,
    "unknown-requests": unknown_requests,
    "no-final-newline": no_final_newline,
}
