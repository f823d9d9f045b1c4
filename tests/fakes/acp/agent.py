"""The fake agent: sessions with a store, modes and models, prompts one at a time; faults are mixed in by name."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from boocoder.scripted_model.script import Verb, parse
from tests.fakes.acp.faults import FAULTS, Fault
from tests.fakes.acp.performance import Performance, PromptFailed
from tests.fakes.acp.wire import Json, Wire

MODES = ["ask", "plan", "free"]
MODELS = ["scripted-small", "scripted-large"]
EFFORTS = ["low", "high"]


class Session:
    """One conversation, kept in a file."""

    def __init__(self, store: Path, id: str, cwd: str) -> None:
        self.path = store / f"{id}.json"
        self.id = id
        self.cwd = cwd
        self.prompts: list[str] = []
        self.replay: list[Json] = []
        self.models = MODELS
        self.options = {"mode": MODES[0], "model": MODELS[0], "effort": EFFORTS[0]}

    def save(self) -> None:
        """Write it down."""
        fresh = self.path.with_suffix(".new")  # it may be killed while it writes
        fresh.write_text(json.dumps({"cwd": self.cwd, "prompts": self.prompts, "replay": self.replay}))
        fresh.replace(self.path)

    def load(self) -> bool:
        """Read it; returns whether the session exists."""
        if not self.path.exists():
            return False
        kept = json.loads(self.path.read_text())
        self.prompts, self.replay = kept["prompts"], kept["replay"]
        return True

    def told(self) -> Json:
        """Modes and config options."""
        choices = {"model": self.models, "mode": MODES, "effort": EFFORTS}
        categories = {"model": "model", "mode": "mode", "effort": "thought_level"}
        return {
            "configOptions": [
                {
                    "id": id,
                    "name": id,
                    "category": categories[id],
                    "type": "select",
                    "currentValue": self.options[id],
                    "options": [{"value": value, "name": value} for value in values],
                }
                for id, values in choices.items()
            ]
        }


class Agent:
    """All state of one fake."""

    def __init__(self, *, fault: Fault, store: Path, without: list[str]) -> None:
        self.fault = fault
        self.store = store
        self.without = without
        self.ignore_cwd = False
        self.wire = Wire(ending=b"\r\n" if fault.name == "crlf" else b"\n", string_ids=fault.name == "string-ids")
        self.sessions: dict[str, Session] = {}
        self.turns: dict[str, tuple[asyncio.Task[None], Performance]] = {}
        self.stubborn = False
        self.background: set[asyncio.Task[None]] = set()

    async def serve(self) -> int:
        """Answer until the input ends."""
        self.store.mkdir(parents=True, exist_ok=True)
        await self.fault.at_start(self)
        reader = await self.wire.lines()
        while line := await reader.readline():
            message = json.loads(line)
            if "method" not in message:
                self.wire.take_answer(message)
            elif not await self.fault.on_message(self, message):
                self.keep(self.dispatch(message))
        return 0

    def keep(self, work: Any) -> asyncio.Task[None]:
        """Run work beside the reading."""
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)
        return task

    async def dispatch(self, message: Json) -> None:
        """One request or notification."""
        params = message.get("params", {})
        match message["method"]:
            case "initialize":
                self.wire.answer(message, self.hello())
            case "session/new":
                self.new_session(message, params)
            case "session/load" | "session/resume":
                self.reopen(message, params)
            case "session/list":
                listed = [{"sessionId": path.stem} for path in self.store.glob("*.json")]
                self.wire.answer(message, {"sessions": listed})
            case "session/close" | "session/delete":
                self.wire.answer(message, {})
            case "session/set_config_option":
                session = self.sessions[params["sessionId"]]
                session.options[params["configId"]] = params["value"]
                self.wire.answer(message, session.told())
            case "session/prompt":
                self.begin_turn(message, params)
            case "_session/steering":
                self.steer(message, params)
            case "session/cancel":
                self.cancel(params["sessionId"])
            case _:
                self.wire.error(message, -32601, "Method not found")

    def hello(self) -> Json:
        """The answer to initialize."""
        offered: Json = {name: {} for name in ("list", "close", "resume") if name not in self.without}
        return {
            "protocolVersion": 1,
            "agentCapabilities": {
                "loadSession": "load" not in self.without,
                "sessionCapabilities": offered,
                "promptCapabilities": {"image": "images" not in self.without},
                "mcpCapabilities": {"http": "mcp-http" not in self.without},
            },
            "agentInfo": {"name": "fake", "version": "1.2.3"},
            "authMethods": [],
            "_meta": {"steering": {"supported": "steering" not in self.without}},
        }

    def cwd_of(self, params: Json) -> str:
        """Where a session works; some agents take their process's own directory."""
        return str(Path.cwd()) if self.ignore_cwd else params["cwd"]

    def new_session(self, message: Json, params: Json) -> None:
        """session/new"""
        session = Session(self.store, str(uuid.uuid4()), self.cwd_of(params))
        self.sessions[session.id] = session
        self.note_servers(params)
        if self.fault.name == "models-late" and len(self.sessions) == 1:
            session.models = MODELS[:1]
        session.save()
        self.wire.answer(message, {"sessionId": session.id, **session.told()})
        commands = [{"name": "review", "description": "Review the change"}]
        self.report(session.id, {"sessionUpdate": "available_commands_update", "availableCommands": commands})

    def note_servers(self, params: Json) -> None:
        """Write down the MCP servers that a session was opened with."""
        with (self.store / "mcp-servers.jsonl").open("a") as file:
            file.write(json.dumps(params["mcpServers"]) + "\n")

    def blank(self, params: Json) -> Session:
        """A session of this id that nothing is known of."""
        session = self.sessions[params["sessionId"]] = Session(self.store, params["sessionId"], self.cwd_of(params))
        return session

    def stored(self, params: Json) -> Session:
        """A session of this id as it was kept."""
        session = self.blank(params)
        session.load()
        return session

    def reopen(self, message: Json, params: Json) -> None:
        """session/load and session/resume"""
        session = Session(self.store, params["sessionId"], self.cwd_of(params))
        if not session.load():
            self.wire.error(message, -32002, "Resource not found", {"sessionId": params["sessionId"]})
            return
        self.sessions[session.id] = session
        self.note_servers(params)
        if message["method"] == "session/load":
            for update in session.replay:
                self.report(session.id, update)
        self.wire.answer(message, session.told())

    def report(self, session_id: str, update: Json) -> None:
        """Send an update."""
        self.wire.send({"method": "session/update", "params": {"sessionId": session_id, "update": update}})

    def begin_turn(self, message: Json, params: Json) -> None:
        """session/prompt"""
        session = self.sessions.get(params["sessionId"])
        if session is None:
            self.wire.error(message, -32002, "Resource not found", {"sessionId": params["sessionId"]})
            return
        prompt = "".join(block.get("text", "") for block in params["prompt"])
        session.prompts.append(prompt)
        with (self.store / "prompts.jsonl").open("a") as file:
            file.write(json.dumps(params["prompt"]) + "\n")
        self.remember(session, "user_message_chunk", prompt)
        session.save()
        heard: list[str] = []

        def report(update: Json) -> None:
            if update["sessionUpdate"] == "agent_message_chunk":
                heard.append(update["content"].get("text", ""))
            self.report(session.id, update)

        performance = Performance(
            wire=self.wire, session_id=session.id, cwd=Path(session.cwd), prompts=session.prompts, report=report
        )
        work = self.turn(message, session, performance, prompt, heard)
        self.turns[session.id] = (self.keep(work), performance)

    async def turn(
        self, message: Json, session: Session, performance: Performance, prompt: str, heard: list[str]
    ) -> None:
        """One prompt to its answer."""
        steps = parse(prompt)
        self.stubborn = any(step.verb is Verb.STUBBORN for step in steps)
        try:
            if await self.fault.in_turn(self, message, performance):
                return
            await performance.play(steps)
        except PromptFailed as error:
            self.wire.error(message, -32603, str(error))
        except asyncio.CancelledError:
            performance.end_command()
            self.wire.answer(message, {"stopReason": "cancelled"})
        else:
            used = performance.input_tokens + performance.output_tokens
            self.report(session.id, {"sessionUpdate": "usage_update", "used": used, "size": 200_000})
            counts = {"inputTokens": performance.input_tokens, "outputTokens": performance.output_tokens}
            self.wire.answer(message, {"stopReason": "end_turn", "usage": {**counts, "totalTokens": used}})
        finally:
            self.remember(session, "agent_message_chunk", "".join(heard))
            session.save()

    def steer(self, message: Json, params: Json) -> None:
        """_session/steering"""
        running = self.turns.get(params["sessionId"])
        text = "".join(block.get("text", "") for block in params["prompt"])
        if running is not None and not running[0].done() and running[1].steer(text):
            self.wire.answer(message, {"outcome": "injected"})
        else:
            self.wire.answer(message, {"outcome": "promptRequired", "reason": "noRunningTurn"})

    def remember(self, session: Session, kind: str, text: str) -> None:
        """Keep a text for a later load."""
        session.replay.append({"sessionUpdate": kind, "content": {"type": "text", "text": text}})

    def cancel(self, session_id: str) -> None:
        """session/cancel"""
        running = self.turns.get(session_id)
        if running is not None and not self.stubborn:
            asyncio.get_running_loop().call_soon(running[0].cancel)  # a task that never began would not answer


def main(arguments: list[str]) -> int:
    """Run the fake."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fault", default="none")
    parser.add_argument("--store", type=Path, default=None)
    parser.add_argument("--ignore-cwd", action="store_true")
    parser.add_argument("--without", action="append", default=[])
    chosen = parser.parse_args(arguments)
    if chosen.fault == "list":
        print("\n".join(sorted(FAULTS)))
        return 0
    agent = Agent(
        fault=FAULTS[chosen.fault](chosen.fault), store=chosen.store or Path.cwd() / "store", without=chosen.without
    )
    agent.ignore_cwd = chosen.ignore_cwd
    with suppress(BrokenPipeError, KeyboardInterrupt):
        code = asyncio.run(agent.serve())
        sys.stderr.flush()
        os._exit(code)
    return 1
