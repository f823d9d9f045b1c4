"""Plays the script of one prompt in stream-json: text, tools that really work in the directory, permissions."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

from boocoder.scripted_model.script import Directive, Verb, counted_words, recall_text, words
from tests.fakes.oneshot.wire import Json, Wire

HANG_S = 600.0


class PromptFailed(Exception):
    """The turn ends with an error."""


class Performance:
    """One turn.

    Args:
        wire: where it is printed.
        prompts: all prompts of the conversation.
        asks: whether somebody is there to be asked.
    """

    def __init__(self, *, wire: Wire, prompts: list[str], asks: bool) -> None:
        self._wire = wire
        self._prompts = prompts
        self._asks = asks
        self._delay_s = 0.0
        self._calls = 0
        self.input_tokens = 100
        self.output_tokens = 0
        self.last_text = ""
        self.command: asyncio.subprocess.Process | None = None

    async def play(self, steps: tuple[Directive, ...]) -> None:
        """Do all steps."""
        self._wire.send({"type": "system", "subtype": "init", "cwd": str(Path.cwd())})
        for step in steps:
            await self._do(step)

    async def _do(self, step: Directive) -> None:
        match step.verb:
            case Verb.SAY:
                await self.say(words(step.argument))
            case Verb.THINK:
                await self.say(words(step.argument), "thinking")
            case Verb.TOKENS:
                await self.say(counted_words(int(step.number)))
            case Verb.RECALL:
                await self.say([recall_text(self._prompts)])
            case Verb.DELAY:
                self._delay_s = step.number
            case Verb.SLEEP | Verb.HANG | Verb.STUBBORN:
                await asyncio.sleep(step.number if step.verb is Verb.SLEEP else HANG_S)
            case Verb.USAGE:
                self.input_tokens = int(step.number)
            case Verb.FAIL:
                raise PromptFailed(f"API Error: {step.argument} scripted failure")
            case Verb.CRASH:
                os._exit(70)
            case _:
                await self._use_tool(step)

    async def say(self, pieces: list[str], kind: str = "text") -> None:
        """Print a block in pieces and then whole."""
        usage = {"input_tokens": self.input_tokens, "output_tokens": 1}
        self._wire.stream({"type": "message_start", "message": {"role": "assistant", "usage": usage}})
        self._wire.stream({"type": "content_block_start", "index": 0, "content_block": {"type": kind, kind: ""}})
        for piece in pieces:
            self.output_tokens += 1
            self._wire.stream({"type": "content_block_delta", "delta": {"type": f"{kind}_delta", kind: piece}})
            await asyncio.sleep(self._delay_s)
        self._whole({"type": kind, kind: "".join(pieces)})
        self.last_text = "".join(pieces)

    def _whole(self, *blocks: Json) -> None:
        message = {"role": "assistant", "content": list(blocks)}
        self._wire.send({"type": "assistant", "message": message, "parent_tool_use_id": None})

    async def _use_tool(self, step: Directive) -> None:
        match step.verb:
            case Verb.PLAN:
                states = ["in_progress"] + ["pending"] * len(step.listed())
                todos = [{"content": text, "status": state} for text, state in zip(step.listed(), states, strict=False)]
                self.end(self.begin("TodoWrite", {"todos": todos}), "done")
            case Verb.WRITE | Verb.EDIT | Verb.READ:
                self._use_file(step)
            case Verb.BASH:
                await self._bash(self.begin("Bash", {"command": step.argument}), step.argument)
            case Verb.PERMISSION:
                await self._permission(step)
            case Verb.QUESTION:
                await self._question(step)
            case _:
                await self.say([f"({step.verb} is not played)"])

    def begin(self, name: str, given: Json) -> str:
        """Announce a tool call."""
        self._calls += 1
        id = f"call-{len(self._prompts)}-{self._calls}"
        self._whole({"type": "tool_use", "id": id, "name": name, "input": given})
        return id

    def end(self, id: str, output: str, *, failed: bool = False) -> None:
        """Print a tool's result."""
        block = {"type": "tool_result", "tool_use_id": id, "content": output, "is_error": failed}
        message = {"role": "user", "content": [block]}
        self._wire.send({"type": "user", "message": message, "parent_tool_use_id": None})

    def _use_file(self, step: Directive) -> None:
        path, first, second = step.split(3)
        path = path.strip()
        name = {Verb.WRITE: "Write", Verb.EDIT: "Edit", Verb.READ: "Read"}[step.verb]
        more = {"content": first} if step.verb is Verb.WRITE else {}
        id = self.begin(name, {"file_path": path, **more})
        target = Path(path)
        try:
            if step.verb is Verb.READ:
                self.end(id, target.read_text())
                return
            old = target.read_text() if step.verb is Verb.EDIT else ""
            new = old.replace(first, second, 1) if step.verb is Verb.EDIT else step.argument.split("|", 1)[1]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(new)
            self.end(id, "done")
        except OSError as error:
            self.end(id, str(error), failed=True)

    async def _bash(self, id: str, command: str) -> None:
        self.command = await asyncio.create_subprocess_exec(
            *("bash", "-c", command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        output, _ = await self.command.communicate()
        code = self.command.returncode
        self.command = None
        text = output.decode("utf-8", "replace")
        self.end(id, text if code == 0 else f"Exit code {code}\n{text}", failed=code != 0)

    def end_command(self) -> None:
        """Kill the command that runs."""
        if self.command is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.command.pid, signal.SIGKILL)

    async def _ask(self, id: str, name: str, given: Json) -> Json:
        """Ask whether a tool may run; refused if nobody can answer."""
        if not self._asks:
            return {"behavior": "deny", "message": "This needs approval, and nobody can be asked."}
        request = {"subtype": "can_use_tool", "tool_name": name, "input": given, "tool_use_id": id}
        answer: Json = (await self._wire.ask(request)).get("response", {})
        return answer

    async def _permission(self, step: Directive) -> None:
        tool, argument = (part.strip() for part in step.split(2))
        name = "Bash" if tool == "bash" else tool
        given = {"command": argument}
        id = self.begin(name, given)
        answer = await self._ask(id, name, given)
        if answer.get("behavior") != "allow":
            self.end(id, str(answer.get("message")), failed=True)
        elif name == "Bash":
            await self._bash(id, argument)
        else:
            self.end(id, "granted")

    async def _question(self, step: Directive) -> None:
        text, choices = step.split(2)
        options = [{"label": choice.strip(), "description": ""} for choice in choices.split(";")]
        given = {"questions": [{"question": text.strip(), "header": "Pick", "options": options, "multiSelect": False}]}
        id = self.begin("AskUserQuestion", given)
        answer = await self._ask(id, "AskUserQuestion", given)
        answers = answer.get("updatedInput", {}).get("answers", {})
        self.end(id, f"answered: {answers.get(text.strip(), 'dismissed')}")
