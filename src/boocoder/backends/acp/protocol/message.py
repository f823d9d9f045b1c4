"""Parses and encodes JSON-RPC messages, one per line; survives any input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from boocoder.events import json_coerce

METHOD_NOT_FOUND = -32601  # JSON-RPC 2.0, section 5.1
LOGIN_NEEDED = -32000  # Agent Client Protocol, "Authentication required"


@dataclass(frozen=True, slots=True)
class RpcError:
    """An error answer. `code` is 0 if it is no number; `details` is what `data` says, as text."""

    code: int
    message: str
    details: str = ""

    @property
    def words(self) -> str:
        """Message and details."""
        if self.details and self.details not in self.message:
            return f"{self.message}: {self.details}" if self.message else self.details
        return self.message or f"error {self.code}"


@dataclass(frozen=True, slots=True)
class RpcResponse:
    """An answer to one of our requests; `id` is None if it is not one of our ids."""

    id: int | None
    result: object
    error: RpcError | None = None


@dataclass(frozen=True, slots=True)
class RpcRequest:
    """A request of the agent; its `id` goes back as it came."""

    id: object
    method: str
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RpcNotification:
    """A message of the agent that expects no answer."""

    method: str
    params: Mapping[str, object]


Message = RpcResponse | RpcRequest | RpcNotification


@dataclass(frozen=True, slots=True)
class RpcMessage:
    """What a line holds.

    Args:
        messages: in order; more than one only in a batch.
        broken: whether it looks like a message that was damaged, so that something may be missing.
    """

    messages: tuple[Message, ...] = ()
    broken: bool = False


def read_line(line: bytes) -> RpcMessage:
    """Read one line of an agent's output; banners, scalars and the like hold no message."""
    line = line.strip()
    if not line:
        return RpcMessage()
    try:
        value = json_coerce.decode(line)
    except (ValueError, RecursionError):
        return RpcMessage(broken=line[:1] in (b"{", b"["))
    if isinstance(value, dict):
        message = _message(value)
        return RpcMessage((message,) if message else (), broken=message is None)
    found = [_message(item) for item in json_coerce.items(value) if isinstance(item, dict)]
    return RpcMessage(tuple(message for message in found if message is not None))


def encode(message: Mapping[str, object]) -> bytes:
    """A message as a line with its newline; lone surrogates are escaped, as UTF-8 has none."""
    return json_coerce.encode(message) + b"\n"


def _message(value: dict[str, object]) -> Message | None:
    method = value.get("method")
    if isinstance(method, str):
        params = json_coerce.mapping(value.get("params"))
        return (
            RpcRequest(value["id"], method, params) if value.get("id") is not None else RpcNotification(method, params)
        )
    if "id" not in value or not {"result", "error"} & value.keys():
        return None
    error = value.get("error")
    return RpcResponse(_own_id(value["id"]), value.get("result"), None if error is None else _error(error))


def _own_id(value: object) -> int | None:
    """Our ids are integers; some agents return them as text or as a float."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else None
    return json_coerce.integer(value)


def _error(value: object) -> RpcError:
    fields = json_coerce.mapping(value)
    code = fields.get("code")
    number = json_coerce.integer(code) if not isinstance(code, str) else _own_id(code)
    message = json_coerce.text(fields.get("message")) or (value if isinstance(value, str) else "")
    return RpcError(number or 0, message, _details(fields.get("data")))


def _details(data: object) -> str:
    if isinstance(data, str):
        return data
    fields = json_coerce.mapping(data)
    for name in ("details", "detail", "message", "error", "reason", "errorName"):
        if said := json_coerce.text(fields.get(name)):
            return said
    return ""
