"""Plays the script of one prompt: text, tools that really work in the session's directory, permissions, questions."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from boocoder.scripted_model.script import Directive, Verb, counted_words, parse, recall_text, words
from tests.fakes.acp.wire import Json, Wire

HANG_S = 600.0
OPTIONS = [
    {"optionId": "always", "name": "Always", "kind": "allow_always"},
    {"optionId": "yes", "name": "Once", "kind": "allow_once"},
    {"optionId": "no", "name": "No", "kind": "reject_once"},
]


class PromptFailed(Exception):
    """The prompt is answered with an error."""


class Performance:
    """One turn.

    Args:
        wire: to the client.
        session_id, cwd: the session.
        prompts: all prompts of the conversation.
        report: sends an update of the session.
    """

    def __init__(
        self, *, wire: Wire, session_id: str, cwd: Path, prompts: list[str], report: Callable[[Json], None]
    ) -> None:
        self._wire = wire
        self._session_id = session_id
        self._cwd = cwd
        self._prompts = prompts
        self._report = report
        self._steps: deque[Directive] = deque()
        self._over = False
        self._delay_s = 0.0
        self._calls = 0
        self.input_tokens = 100
        self.output_tokens = 0
        self.command: asyncio.subprocess.Process | None = None

    async def play(self, steps: tuple[Directive, ...]) -> None:
        """Do all steps, and those of messages that come meanwhile."""
        self._steps.extend(steps)
        while self._steps:
            await self._do(self._steps.popleft())
        self._over = True

    def steer(self, text: str) -> bool:
        """Do the steps of a message before the rest; False if nothing is left to be done."""
        if self._over:
            return False
        self._prompts.append(text)
        self._steps.extendleft(reversed(parse(text)))
        return True

    async def _do(self, step: Directive) -> None:
        match step.verb:
            case Verb.SAY | Verb.THINK | Verb.TOKENS | Verb.RECALL:
                await self._speak(step)
            case Verb.DELAY:
                self._delay_s = step.number
            case Verb.SLEEP | Verb.HANG | Verb.STUBBORN:
                await asyncio.sleep(step.number if step.verb is Verb.SLEEP else HANG_S)
            case Verb.USAGE:
                self.input_tokens = int(step.number)
            case Verb.FAIL:
                raise PromptFailed(f"Internal error: API Error: {step.argument} scripted failure")
            case Verb.DROP | Verb.CUT:
                raise PromptFailed("Internal error: the model's stream was cut")
            case Verb.CRASH:
                os._exit(70)
            case _:
                await self._use_tool(step)

    async def _speak(self, step: Directive) -> None:
        match step.verb:
            case Verb.THINK:
                await self.say(words(step.argument), "agent_thought_chunk")
            case Verb.TOKENS:
                await self.say(counted_words(int(step.number)))
            case Verb.RECALL:
                await self.say([recall_text(self._prompts)])
            case _:
                await self.say(words(step.argument))

    async def say(self, pieces: list[str], kind: str = "agent_message_chunk") -> None:
        """Send pieces of text."""
        for piece in pieces:
            self.output_tokens += 1
            self._report({"sessionUpdate": kind, "content": {"type": "text", "text": piece}})
            await asyncio.sleep(self._delay_s)

    async def _use_tool(self, step: Directive) -> None:
        match step.verb:
            case Verb.PLAN:
                states = ["in_progress"] + ["pending"] * len(step.listed())
                entries = [
                    {"content": text, "priority": "medium", "status": state}
                    for text, state in zip(step.listed(), states, strict=False)
                ]
                self._report({"sessionUpdate": "plan", "entries": entries})
            case Verb.WRITE | Verb.EDIT | Verb.READ:
                self._use_file(step)
            case Verb.BASH:
                await self._bash(
                    self.begin("bash", "execute", step.argument, {"command": step.argument}), step.argument
                )
            case Verb.PERMISSION:
                await self._permission(step)
            case Verb.QUESTION:
                await self._question(step)
            case Verb.TOOL:
                name, text = step.split(2)
                self.update(self.begin(name.strip(), "other", name, {"text": text}), "completed", "done")
            case _:
                await self.say([f"({step.verb} is not played)"])

    def begin(self, name: str, kind: str, title: str, given: Json, **more: Any) -> str:
        """Announce a tool call."""
        self._calls += 1
        id = f"call-{len(self._prompts)}-{self._calls}"
        head = {"toolCallId": id, "name": name, "kind": kind, "title": title.splitlines()[0], "status": "pending"}
        self._report({"sessionUpdate": "tool_call", **head, "rawInput": given, **more})
        return id

    def update(self, id: str, status: str, text: str | None = None, **more: Any) -> None:
        """Report on a tool call."""
        content = [] if text is None else [{"type": "content", "content": {"type": "text", "text": text}}]
        fields = {"content": content + more.pop("content", [])} if content or "content" in more else {}
        self._report({"sessionUpdate": "tool_call_update", "toolCallId": id, "status": status, **fields, **more})

    def _use_file(self, step: Directive) -> None:
        path, first, second = (part.strip() if place == 0 else part for place, part in enumerate(step.split(3)))
        kind = "read" if step.verb is Verb.READ else "edit"
        given = {"path": path, "content": first} if step.verb is Verb.WRITE else {"path": path}
        id = self.begin(step.verb.value, kind, f"{step.verb} {path}", given, locations=[{"path": path}])
        self.update(id, "in_progress")
        target = self._cwd / path
        try:
            if step.verb is Verb.READ:
                self.update(id, "completed", target.read_text())
                return
            old = target.read_text() if target.exists() else None
            new = (old or "").replace(first, second, 1) if step.verb is Verb.EDIT else step.argument.split("|", 1)[1]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(new)
        except OSError as error:
            self.update(id, "failed", str(error))
            return
        diff = {"type": "diff", "path": str(target), "oldText": old, "newText": new}
        self.update(id, "completed", "done", content=[diff])

    async def _bash(self, id: str, command: str) -> None:
        self.update(id, "in_progress")
        self.command = await asyncio.create_subprocess_exec(
            *("bash", "-c", command),
            cwd=self._cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        output, _ = await self.command.communicate()
        code = self.command.returncode
        self.command = None
        self.update(id, "completed", output.decode("utf-8", "replace"), rawOutput={"exit_code": code})

    def end_command(self) -> None:
        """Kill the command that runs."""
        if self.command is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.command.pid, signal.SIGKILL)

    async def ask_permission(self, id: str, options: list[Json], **more: Any) -> Json:
        """Ask; the outcome."""
        call = {"toolCallId": id, **more}
        params = {"sessionId": self._session_id, "toolCall": call, "options": options}
        answer = await self._wire.ask("session/request_permission", params)
        outcome: Json = answer["result"]["outcome"]
        return outcome

    async def _permission(self, step: Directive) -> None:
        tool, argument = (part.strip() for part in step.split(2))
        kind = "execute" if tool == "bash" else "other"
        id = self.begin(tool, kind, argument or tool, {"command": argument})
        outcome = await self.ask_permission(id, OPTIONS, title=argument or tool, status="pending")
        if outcome.get("optionId") != "yes":
            self.update(id, "failed", "refused")
        elif tool == "bash":
            await self._bash(id, argument)
        else:
            self.update(id, "completed", "granted")

    async def _question(self, step: Directive) -> None:
        text, choices = step.split(2)
        field = {"type": "string", "title": "Pick", "enum": [choice.strip() for choice in choices.split(";")]}
        schema = {"type": "object", "properties": {"pick": field}, "required": ["pick"]}
        params = {"sessionId": self._session_id, "mode": "form", "message": text.strip(), "requestedSchema": schema}
        answer = (await self._wire.ask("elicitation/create", params))["result"]
        await self.say([f"answer: {answer.get('content', {}).get('pick', 'dismissed')} "])
