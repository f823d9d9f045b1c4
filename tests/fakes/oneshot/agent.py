"""The fake's two lives: one prompt from the command line, or prompts as lines until its input ends."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from boocoder.scripted_model.script import parse
from tests.fakes.oneshot.faults import FAULTS, Fault
from tests.fakes.oneshot.performance import Performance, PromptFailed
from tests.fakes.oneshot.wire import Json, Wire, complain


class ScriptedMemory:
    """The prompts of a conversation, kept in a file.

    Args:
        directory: where.
        id: the conversation.
    """

    def __init__(self, directory: Path, id: str) -> None:
        self.path = directory / f"{id}.json"

    def known(self) -> bool:
        """Whether the conversation exists."""
        return self.path.exists()

    def add(self, prompt: str) -> list[str]:
        """Remember a prompt; all of them."""
        prompts = [*(json.loads(self.path.read_text()) if self.known() else []), prompt]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(prompts))
        return prompts


class Agent:
    """One process of the fake.

    Args:
        wire: where it prints.
        memory: of its conversation.
        fault: how it breaks.
        asks: whether somebody is there to be asked.
    """

    def __init__(self, *, wire: Wire, memory: ScriptedMemory, fault: Fault, asks: bool) -> None:
        self._wire = wire
        self._memory = memory
        self._fault = fault
        self._asks = asks
        self._cost = 0.0
        self._turn: asyncio.Task[None] | None = None
        self._performance: Performance | None = None
        self._interrupted = False

    async def turn(self, prompt: str) -> int:
        """Play one prompt; the exit code."""
        performance = Performance(wire=self._wire, prompts=self._memory.add(prompt), asks=self._asks)
        self._performance = performance
        self._fault.before_turn(self._wire)
        error = ""
        try:
            await performance.play(parse(prompt))
        except PromptFailed as failure:
            error = str(failure)
        except asyncio.CancelledError:
            performance.end_command()
            error = "interrupted"
        self._cost += 0.01
        usage = {"input_tokens": performance.input_tokens, "output_tokens": performance.output_tokens}
        result: Json = {
            "type": "result",
            "subtype": "success" if not error or error.startswith("API") else "error_during_execution",
            "is_error": bool(error),
            "result": error or performance.last_text,
            "usage": usage,
            "total_cost_usd": self._cost,
        }
        return self._fault.tell_result(self._wire, result, 1 if error else 0)

    async def serve(self) -> int:
        """Take prompts as lines."""
        self._fault.at_start(self._wire)
        reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            with suppress(ValueError):
                await self._take(json.loads(line))
        if self._turn is not None:
            self._turn.cancel()
            await asyncio.gather(self._turn, return_exceptions=True)
        return 0

    async def _take(self, message: Json) -> None:
        match message.get("type"):
            case "user":
                text, *images = message["message"]["content"]
                seen = "".join(f"[[say {one['source']['media_type']} {len(one['source']['data'])}]]" for one in images)
                self._turn = asyncio.create_task(self._quiet_turn(text["text"] + seen))
            case "control_response":
                self._wire.answered(message["response"])
            case "control_request":
                self._control(message["request_id"], message["request"]["subtype"])

    async def _quiet_turn(self, prompt: str) -> None:
        await self.turn(prompt)

    def _control(self, id: str, subtype: str) -> None:
        response = self._fault.control(self._wire, subtype)
        if response is None:
            return
        self._wire.send({"type": "control_response", "response": {"request_id": id, **response}})
        if subtype == "interrupt" and self._turn is not None:
            self._turn.cancel()


def main(arguments: list[str]) -> int:
    """Do what the module says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", action="version", version="fake 1.2.3")
    parser.add_argument("--store", type=Path, default=Path("conversations"))
    parser.add_argument("--fault", default="none")
    parser.add_argument("--new")
    parser.add_argument("--resume")
    parser.add_argument("--model")
    parser.add_argument("--mcp-config", type=Path)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("prompt", nargs="?")
    options = parser.parse_args(arguments)
    if options.fault == "list":
        print("\n".join(sorted(FAULTS)))
        return 0
    fault = FAULTS[options.fault]()
    id = options.resume or options.new or str(uuid4())
    memory = ScriptedMemory(options.store, id)
    fault.at_launch(resumed=options.resume is not None)
    if options.resume and not memory.known():
        complain(f"No conversation found with session ID: {id}")
        return 1
    if options.mcp_config is not None:
        memory.add(options.mcp_config.read_text())
    if options.plain:
        prompts = memory.add(options.prompt)
        return fault.plain(prompts)
    wire = Wire(id)
    agent = Agent(wire=wire, memory=memory, fault=fault, asks=options.prompt is None)
    if options.prompt is None:
        return asyncio.run(agent.serve())
    prompt = sys.stdin.read() if options.prompt == "-" else options.prompt
    return asyncio.run(agent.turn(prompt))
