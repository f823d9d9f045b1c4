"""What a tool is: its description for models, its schemas, and a function on a client of the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from boocoder.client.http_client import Client
from boocoder.errors import InvalidInput

ArgumentsT = TypeVar("ArgumentsT", bound=msgspec.Struct)
Report = Callable[[float, str], Awaitable[None]]
"""Tells the caller of a tool how far it is: seconds so far, and what happens now."""


class ToolArguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every tool's arguments; unknown ones are refused."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool works with.

    Args:
        client: of the service, with the caller's token.
        report: progress, for tools that take long.
    """

    client: Client
    report: Report


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedTool(Generic[ArgumentsT]):
    """A tool of the MCP server.

    Args:
        name: as callers use it.
        title: for people.
        description: for models: what it does, and when to use which other tool.
        access: of the routes that it calls, as `boocoder.api.access` has it; it is listed where the token allows that.
        arguments: type of what it takes.
        answer: type of what it gives.
        run: does it.
        changes: whether it changes anything.
        destructive: whether that can overwrite or end something.
        repeatable: whether the same call again changes nothing more.
    """

    name: str
    title: str
    description: str
    access: str
    arguments: type[ArgumentsT]
    answer: type[msgspec.Struct]
    run: Callable[[ToolContext, ArgumentsT], Awaitable[msgspec.Struct]]
    changes: bool = False
    destructive: bool = False
    repeatable: bool = False

    async def __call__(self, call: ToolContext, given: Mapping[str, object]) -> msgspec.Struct:
        """Check the arguments and do it.

        Raises:
            InvalidInput: arguments_invalid.
            BoocoderError: what the service answered.
        """
        try:
            msgspec.json.encode(given)  # half an emoji cannot be sent on
            arguments = msgspec.convert(given, self.arguments)
        except (msgspec.ValidationError, UnicodeEncodeError) as error:
            text = f"The arguments of {self.name} are invalid: {error}."
            raise InvalidInput(
                "arguments_invalid", text, "Correct them; the tool's input schema says what it takes."
            ) from None
        return await self.run(call, arguments)


def schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON schema of a struct, with the object itself at the top and what it refers to in `$defs`."""
    (reference,), components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    name = str(reference["$ref"]).rpartition("/")[2]
    top = dict(components.pop(name))
    top.pop("title", None)
    top.pop("description", None)
    return {**top, "$defs": components} if components else top
