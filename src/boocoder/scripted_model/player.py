"""Plays the timed steps of one model call through a writer of a wire format. Knows no HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Protocol

from boocoder.scripted_model.conversation import ModelConversation
from boocoder.scripted_model.script import (
    AGENT_ONLY_VERBS,
    TOOL_VERBS,
    Directive,
    Verb,
    counted_words,
    recall_text,
    words,
)
from boocoder.scripted_model.tools import ScriptedToolCall, choose

HANG_S = 600.0  # a hanging answer holds its connection so long, past every client's own limit
DEFAULT_INPUT_TOKENS = 100


class CallEnding(StrEnum):
    """How a model call ended on the server's side."""

    STOP = "stop"  # the answer is complete
    TOOL = "tool"  # it called a tool
    CUT = "cut"  # the body ended properly, but without a finish reason
    DROP = "drop"  # the connection was closed in the middle


class AnswerWriter(Protocol):
    """Writes a model's output in one wire format. Every method may wait for a slow client."""

    async def say(self, text: str) -> None: ...
    async def think(self, text: str) -> None: ...
    async def use_tool(self, use: ScriptedToolCall) -> None: ...


class ModelCallPlayer:
    """Plays one model call.

    Args:
        voice: writer of its output.
        delay_s: pause after each word, until a `delay` step changes it.
        stamp: each word of `say` and `tokens` becomes time.monotonic_ns() of the moment it is written.
    """

    def __init__(self, *, voice: AnswerWriter, delay_s: float, stamp: bool) -> None:
        self._voice = voice
        self._delay_s = delay_s
        self._stamp = stamp
        self._hurried = False
        self.output_tokens = 0
        self.input_tokens = DEFAULT_INPUT_TOKENS

    def hurry(self) -> None:
        """Write the words that are left without a pause, whatever the delay."""
        self._hurried = True

    async def play(self, conversation: ModelConversation, steps: Sequence[Directive]) -> CallEnding:
        """Play the steps up to the first one that ends the call."""
        if conversation.side_answer is not None:
            await self._speak([conversation.side_answer])
            return CallEnding.STOP
        for step in steps:
            if step.verb in TOOL_VERBS:
                return await self._use_tool(step, conversation)
            ending = await self._do(step, conversation)
            if ending is not None:
                return ending
        return CallEnding.STOP

    async def _do(self, step: Directive, conversation: ModelConversation) -> CallEnding | None:
        match step.verb:
            case Verb.DELAY:
                self._delay_s = step.number
            case Verb.USAGE:
                self.input_tokens = int(step.number)
            case Verb.SLEEP:
                await asyncio.sleep(step.number)
            case Verb.HANG:
                await asyncio.sleep(HANG_S)
                return CallEnding.DROP
            case Verb.DROP:
                return CallEnding.DROP
            case Verb.CUT:
                return CallEnding.CUT
            case _:
                await self._speak_step(step, conversation)
        return None

    async def _speak_step(self, step: Directive, conversation: ModelConversation) -> None:
        match step.verb:
            case Verb.SAY:
                await self._speak(self._stamped(words(step.argument)))
            case Verb.TOKENS:
                await self._speak(self._stamped(counted_words(int(step.number))))
            case Verb.THINK:
                await self._speak(words(step.argument), aloud=False)
            case Verb.RECALL:
                await self._speak(words(recall_text(conversation.prompts)))
            case verb if verb in AGENT_ONLY_VERBS:
                await self._speak([f"({verb} needs the scripted agent) "])
            case _:  # fail and flaky are decided before the call is played
                pass

    async def _use_tool(self, step: Directive, conversation: ModelConversation) -> CallEnding:
        use = choose(step, conversation.tools, conversation.directory)
        if use is None:
            await self._speak([f"(no tool for {step.verb}) "])
            return CallEnding.STOP
        self.output_tokens += 1
        await self._voice.use_tool(use)
        return CallEnding.TOOL

    async def _speak(self, pieces: Iterable[str], *, aloud: bool = True) -> None:
        speak = self._voice.say if aloud else self._voice.think
        for piece in pieces:
            await speak(piece)
            self.output_tokens += 1
            if self._delay_s > 0 and not self._hurried:
                await asyncio.sleep(self._delay_s)

    def _stamped(self, pieces: Iterable[str]) -> Iterable[str]:
        """The pieces, or as many time stamps, each taken when it is requested."""
        return (f"{time.monotonic_ns()} " for _ in pieces) if self._stamp else pieces
