"""A stand-in for llama-server, as recorded in golden/llama_cpp; the scripted model answers for it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from boocoder.scripted_model.server import ScriptedModel
from tests.fakes.loopback_server import LoopbackServer
from tests.paths import GOLDEN

CHARS_PER_TOKEN = 4
Answer = tuple[int, Any]


class LlamaServer(LoopbackServer):
    """The server.

    Args:
        model: answers the completions.
        context_tokens, slots: as `-c` and `--parallel` say.
        key: demanded of every request, "" for none.
        row: fields of the model in the list, such as its id.
        tools: whether the chat template has a place for tools.
    """

    def __init__(
        self,
        model: ScriptedModel,
        *,
        context_tokens: int = 65_536,
        slots: int = 1,
        key: str = "",
        tools: bool = True,
        **row: Any,
    ) -> None:
        super().__init__()
        self._model = model
        self.context_tokens = context_tokens
        self.slots = slots
        self.tools = tools
        self._key = key
        self._row = row
        self.paths: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.refused: list[int] = []

    @property
    def slot_tokens(self) -> int:
        return self.context_tokens // self.slots

    def answer(self, path: str) -> Answer:
        """What a GET gets."""
        if path == "/v1/models":
            listed = _recorded("models")
            listed["data"][0] |= self._row
            listed["data"][0]["meta"] |= {"n_ctx": self.context_tokens}
            return 200, listed
        if path == "/props":
            return 200, self._props()
        if path == "/slots":
            return 200, [{"id": slot, "n_ctx": self.slot_tokens, "is_processing": False} for slot in range(self.slots)]
        return 404, {"error": {"message": "File Not Found", "type": "not_found_error", "code": 404}}

    def posted(self, path: str, body: bytes) -> Answer | None:
        """What a POST gets that is no completion."""
        return None

    def refusal(self, body: dict[str, Any]) -> Answer | None:
        """What a completion gets that is not answered."""
        sent = len(json.dumps(body.get("messages", []))) + len(json.dumps(body.get("tools", [])))
        tokens = sent // CHARS_PER_TOKEN
        if tokens < self.slot_tokens:
            return None
        self.refused.append(tokens)
        text = (
            f"request ({tokens} tokens) exceeds the available context size ({self.slot_tokens} tokens), "
            "try increasing it"
        )
        error = {"code": 400, "message": text, "type": "exceed_context_size_error", "n_prompt_tokens": tokens}
        return 400, {"error": error | {"n_ctx": self.slot_tokens}}

    async def before_completion(self, body: dict[str, Any]) -> None:
        """Wait until a completion may be answered."""

    async def after_completion(self, body: dict[str, Any]) -> None:
        """A completion was answered."""

    def _props(self) -> dict[str, Any]:
        props = _recorded("props")
        props["default_generation_settings"]["n_ctx"] = self.slot_tokens
        props["total_slots"] = self.slots
        props["chat_template_caps"]["supports_tools"] = self.tools
        return props

    async def respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, _ = head.split(b"\r\n")[0].decode().split(" ", 2)
        headers = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:] if ": " in line)
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.paths.append(path)
        if self._key and headers.get("authorization") != f"bearer {self._key}".lower():
            text = {"error": {"message": "Invalid API Key", "type": "authentication_error", "code": 401}}
            await _send(writer, (401, text))
        elif method == "GET":
            await _send(writer, self.answer(path))
        elif (posted := self.posted(path, body)) is not None:
            await _send(writer, posted)
        else:
            await self._complete(head, body, writer)

    async def _complete(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        asked = json.loads(body)
        self.bodies.append(asked)
        await self.before_completion(asked)
        try:
            if (refusal := self.refusal(asked)) is not None:
                await _send(writer, refusal)
                return
            await self._forward(head, body, writer)
        finally:
            await self.after_completion(asked)

    async def _forward(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        port = int(self._model.root_url.rpartition(":")[2])
        reader, onward = await asyncio.open_connection("127.0.0.1", port)
        try:
            onward.write(head[:-2] + b"connection: close\r\n\r\n" + body)
            while piece := await reader.read(65_536):
                writer.write(piece)
                await writer.drain()
        finally:
            onward.close()


async def _send(writer: asyncio.StreamWriter, answer: Answer) -> None:
    status, value = answer
    body = json.dumps(value).encode()
    lines = [f"HTTP/1.1 {status} X", "content-type: application/json", f"content-length: {len(body)}"]
    writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode() + body)
    await writer.drain()


def _recorded(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((GOLDEN / "llama_cpp" / f"{name}.json").read_text())
    return read
