"""The wire format of OpenAI responses, write side: output items, streamed in small events or as a single answer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import uuid4

import msgspec

from boocoder.scripted_model.connection import ClientConnection
from boocoder.scripted_model.formats.event_stream import AnswerEvents
from boocoder.scripted_model.formats.whole_answer import ModelOutput
from boocoder.scripted_model.player import CallEnding
from boocoder.scripted_model.tools import ScriptedToolCall

_SEALED = "c2NyaXB0ZWQ="  # agents hand a thought back sealed and never look into it

Item = dict[str, object]


@dataclass(frozen=True, slots=True)
class ToolKinds:
    """Names of tools that are not called as functions.

    Args:
        text: those that take plain text.
        shell: the shell defined by the model's vendor.
    """

    text: frozenset[str] = frozenset()
    shell: frozenset[str] = frozenset()


def whole_response(model: str, kinds: ToolKinds, said: ModelOutput) -> Item:
    """The body of an answer that is not streamed."""
    output: list[Item] = []
    if said.thoughts:
        output.append(_thought(_new_id("rs"), said.reasoning))
    if said.words:
        output.append(_message(_new_id("msg"), said.text))
    output += [_call(use, kinds) for use in said.uses]
    usage = _usage(said.input_tokens, said.output_tokens)
    return {**_head(_new_id("resp"), model), "status": "completed", "output": output, "usage": usage}


def _new_id(kind: str) -> str:
    return f"{kind}_{uuid4().hex[:12]}"


def _head(response_id: str, model: str) -> Item:
    return {"id": response_id, "object": "response", "created_at": int(time.time()), "model": model}


def _usage(input_tokens: int, output_tokens: int) -> Item:
    return {
        "input_tokens": input_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": input_tokens + output_tokens,
    }


def _text_part(text: str) -> Item:
    return {"type": "output_text", "text": text, "annotations": []}


def _message(item_id: str, text: str, status: str = "completed") -> Item:
    content = [_text_part(text)] if status == "completed" else []
    return {"id": item_id, "type": "message", "role": "assistant", "status": status, "content": content}


def _summary_part(text: str) -> Item:
    return {"type": "summary_text", "text": text}


def _thought(item_id: str, text: str) -> Item:
    return {"id": item_id, "type": "reasoning", "summary": [_summary_part(text)], "encrypted_content": _SEALED}


def _call(use: ScriptedToolCall, kinds: ToolKinds) -> Item:
    head = {"call_id": _new_id("call"), "status": "completed"}
    if use.name in kinds.text:
        return {
            "id": _new_id("ctc"),
            "type": "custom_tool_call",
            "name": use.name,
            **head,
            "input": str(use.arguments.get("input", "")),
        }
    if use.name in kinds.shell:
        action = {"type": "exec", "command": use.arguments.get("command", []), "env": {}}
        return {"id": _new_id("lsh"), "type": "local_shell_call", **head, "action": action}
    arguments = msgspec.json.encode(use.arguments).decode()
    return {"id": _new_id("fc"), "type": "function_call", "name": use.name, **head, "arguments": arguments}


# The field of a call that is streamed, the events that stream it.
_STREAMED_FIELD = {
    "function_call": ("arguments", "response.function_call_arguments"),
    "custom_tool_call": ("input", "response.custom_tool_call_input"),
}


class StreamedResponse:
    """Writes a streamed response: items in order, one open at a time."""

    def __init__(self, connection: ClientConnection, *, model: str, kinds: ToolKinds) -> None:
        self._stream = AnswerEvents(connection)
        self._head = _head(_new_id("resp"), model)
        self._kinds = kinds
        self._number = 0
        self._output: list[Item] = []
        self._open = ""  # the type of the open item
        self._item_id = ""
        self._text: list[str] = []

    async def say(self, text: str) -> None:
        if self._open != "message":
            await self._begin("message", "msg")
            await self._added(_message(self._item_id, "", "in_progress"))
            await self._event("response.content_part.added", content_index=0, part=_text_part(""))
        self._text.append(text)
        await self._event("response.output_text.delta", content_index=0, delta=text)

    async def think(self, text: str) -> None:
        if self._open != "reasoning":
            await self._begin("reasoning", "rs")
            await self._added({"id": self._item_id, "type": "reasoning", "summary": []})
            await self._event("response.reasoning_summary_part.added", summary_index=0, part=_summary_part(""))
        self._text.append(text)
        await self._event("response.reasoning_summary_text.delta", summary_index=0, delta=text)

    async def use_tool(self, use: ScriptedToolCall) -> None:
        await self._close_item()
        await self._start()
        item = _call(use, self._kinds)
        self._item_id = str(item["id"])
        streamed = _STREAMED_FIELD.get(str(item["type"]))
        if streamed is None:
            await self._added({**item, "status": "in_progress"})
        else:
            key, event = streamed
            text = str(item[key])
            await self._added({**item, key: "", "status": "in_progress"})
            await self._event(f"{event}.delta", delta=text)
            await self._event(f"{event}.done", **{key: text})
        await self._done(item)

    async def finish(self, ending: CallEnding, input_tokens: int, output_tokens: int) -> None:
        """Send how the call ended and close the body, or break it off as the ending says."""
        if ending is CallEnding.DROP:
            self._stream.drop()
            return
        await self._start()
        if ending is not CallEnding.CUT:
            await self._close_item()
            usage = _usage(input_tokens, output_tokens)
            whole = {**self._head, "status": "completed", "output": self._output, "usage": usage}
            await self._send("response.completed", response=whole)
        self._stream.end()

    async def _start(self) -> None:
        if not self._stream.opened:
            begun = {**self._head, "status": "in_progress", "output": []}
            await self._send("response.created", response=begun)
            await self._send("response.in_progress", response=begun)

    async def _begin(self, kind: str, prefix: str) -> None:
        await self._close_item()
        await self._start()
        self._open = kind
        self._item_id = _new_id(prefix)
        self._text = []

    async def _close_item(self) -> None:
        text = "".join(self._text)
        if self._open == "message":
            await self._event("response.output_text.done", content_index=0, text=text)
            await self._event("response.content_part.done", content_index=0, part=_text_part(text))
            await self._done(_message(self._item_id, text))
        elif self._open == "reasoning":
            await self._event("response.reasoning_summary_text.done", summary_index=0, text=text)
            await self._event("response.reasoning_summary_part.done", summary_index=0, part=_summary_part(text))
            await self._done(_thought(self._item_id, text))
        self._open = ""

    async def _added(self, item: Item) -> None:
        await self._send("response.output_item.added", output_index=len(self._output), item=item)

    async def _done(self, item: Item) -> None:
        await self._send("response.output_item.done", output_index=len(self._output), item=item)
        self._output.append(item)

    async def _event(self, kind: str, **fields: object) -> None:
        await self._send(kind, item_id=self._item_id, output_index=len(self._output), **fields)

    async def _send(self, kind: str, **fields: object) -> None:
        number, self._number = self._number, self._number + 1
        await self._stream.send({"type": kind, "sequence_number": number, **fields}, kind)
