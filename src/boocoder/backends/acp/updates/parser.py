"""Parses an agent's session updates into values; reads every field on its own, since any may be missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from boocoder.backends.acp.options import Options, read_config_options
from boocoder.events import json_coerce


@dataclass(frozen=True, slots=True)
class Counts:
    """Token counts as an agent gives them."""

    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    total_tokens: int = 0


@dataclass(frozen=True, slots=True)
class MessageChunk:
    """A piece of the answer or, if `thought`, of thinking. `parent` is the tool call of a sub-agent, or ""."""

    text: str
    thought: bool = False
    message_id: str = ""
    parent: str = ""
    counts: Counts | None = None
    unshown: str = ""  # kind of content that cannot be shown as text


@dataclass(frozen=True, slots=True)
class UserEcho:
    """What the person said, repeated by the agent: while loading, or as an echo of the prompt."""


@dataclass(frozen=True, slots=True)
class ToolReport:
    """News of a tool call: a field that is not in `fields` is unchanged."""

    id: str
    fields: Mapping[str, object]
    announced: bool  # by tool_call rather than tool_call_update


@dataclass(frozen=True, slots=True)
class PlanReport:
    """The whole plan: (text, status) of each entry."""

    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The used context, and the cost of the session so far, None if not reported."""

    used: int
    cost: float | None


@dataclass(frozen=True, slots=True)
class CommandsReport:
    """All slash commands: (name, description)."""

    commands: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ModeReport:
    """The mode that the session is in now."""

    mode: str


@dataclass(frozen=True, slots=True)
class OptionsReport:
    """All config options, replacing what was known."""

    options: Options


@dataclass(frozen=True, slots=True)
class NoticeReport:
    """A message to the person that is no part of the conversation."""

    text: str
    warning: bool


@dataclass(frozen=True, slots=True)
class ModelTrouble:
    """A call of the agent's model failed: it is tried again, or (`final`) the agent gave up. `words` may be ""."""

    words: str
    final: bool


@dataclass(frozen=True, slots=True)
class IgnoredUpdate:
    """An update that shows nothing; `known` if that is expected."""

    kind: str
    known: bool = False


Update = (
    MessageChunk
    | UserEcho
    | ToolReport
    | PlanReport
    | UsageReport
    | CommandsReport
    | ModeReport
    | OptionsReport
    | NoticeReport
    | ModelTrouble
    | IgnoredUpdate
)


def read_update(value: object) -> Update:
    """Read the `update` of a session/update notification."""
    fields = json_coerce.mapping(value)
    kind = json_coerce.text(fields.get("sessionUpdate"))
    reader = _READERS.get(kind)
    return reader(fields) if reader is not None else IgnoredUpdate(kind)


def read_counts(value: object) -> Counts | None:
    """Token counts in the spelling of the protocol, or of gemini's `_meta.quota`; None if there are none."""
    fields = json_coerce.mapping(value)
    if not fields:
        return None

    def first(*names: str) -> int:
        return next((json_coerce.count(fields[name]) for name in names if fields.get(name) is not None), 0)

    return Counts(
        input_tokens=first("inputTokens", "input_tokens"),
        output_tokens=first("outputTokens", "output_tokens"),
        reasoning_tokens=first("thoughtTokens", "reasoningOutputTokens"),
        cache_read_tokens=first("cachedReadTokens", "cachedInputTokens"),
        cache_write_tokens=first("cachedWriteTokens"),
        total_tokens=first("totalTokens", "total_tokens"),
    )


def content_text(block: object) -> str:
    """A content block as text; "" if it is a picture, a sound or unknown."""
    fields = json_coerce.mapping(block)
    match json_coerce.text(fields.get("type")):
        case "text":
            return json_coerce.text(fields.get("text"))
        case "resource_link":
            uri = json_coerce.text(fields.get("uri"))
            return f"[{json_coerce.text(fields.get('name')) or uri}]({uri})"
        case "resource":
            return json_coerce.text(json_coerce.mapping(fields.get("resource")).get("text"))
        case _:
            return ""


def _said(fields: Mapping[str, object], *, thought: bool) -> MessageChunk:
    content = fields.get("content")
    blocks = [content] if isinstance(content, dict) else json_coerce.items(content)
    said = content if isinstance(content, str) else "".join(content_text(block) for block in blocks)
    meta = json_coerce.mapping(fields.get("_meta"))
    kinds = [json_coerce.text(json_coerce.mapping(block).get("type")) for block in blocks]
    return MessageChunk(
        text=said,
        thought=thought,
        message_id=json_coerce.text(fields.get("messageId")),
        parent=parent_of(meta),
        counts=read_counts(meta.get("usage")),
        unshown="" if said else next((kind for kind in kinds if kind != "text"), ""),
    )


def parent_of(meta: Mapping[str, object]) -> str:
    """The tool call of the sub-agent that reports, as claude's adapter marks it; "" for the agent itself."""
    return json_coerce.text(json_coerce.mapping(meta.get("claudeCode")).get("parentToolUseId"))


def _tool(fields: Mapping[str, object]) -> ToolReport | IgnoredUpdate:
    kind = json_coerce.text(fields.get("sessionUpdate"))
    number = fields.get("toolCallId")
    if isinstance(number, int) and not isinstance(number, bool):
        number = str(number)
    if not isinstance(number, str) or not number:
        return IgnoredUpdate(f"{kind} without an id")
    return ToolReport(number, fields, announced=kind == "tool_call")


def _entry(value: object) -> tuple[str, str]:
    fields = json_coerce.mapping(value)
    return json_coerce.text(fields.get("content")), json_coerce.text(fields.get("status"))


def _usage(fields: Mapping[str, object]) -> UsageReport:
    cost = json_coerce.mapping(fields.get("cost"))
    in_dollars = "amount" in cost and json_coerce.text(cost.get("currency")) in ("", "USD")
    return UsageReport(
        json_coerce.count(fields.get("used")), json_coerce.amount(cost["amount"]) if in_dollars else None
    )


def _commands(fields: Mapping[str, object]) -> list[tuple[str, str]]:
    found = [json_coerce.mapping(command) for command in json_coerce.items(fields.get("availableCommands"))]
    named = [(json_coerce.text(command.get("name")), json_coerce.text(command.get("description"))) for command in found]
    return [(name, description) for name, description in named if name]


def _mode(fields: Mapping[str, object]) -> ModeReport:
    return ModeReport(json_coerce.text(fields.get("currentModeId")) or json_coerce.text(fields.get("modeId")))


def _session_info(fields: Mapping[str, object]) -> ModelTrouble | IgnoredUpdate:
    """Titles are not shown; codex reports here what becomes of its model calls."""
    codex = json_coerce.mapping(json_coerce.mapping(fields.get("_meta")).get("codex"))
    if json_coerce.mapping(codex.get("threadStatus")).get("type") == "systemError":
        return ModelTrouble("", final=True)
    error = json_coerce.mapping(codex.get("error"))
    words = json_coerce.text(error.get("additionalDetails")) or json_coerce.text(error.get("message"))
    return ModelTrouble(words.strip(), final=False) if words else IgnoredUpdate("session_info_update", known=True)


def _notice(fields: Mapping[str, object]) -> NoticeReport | IgnoredUpdate:
    words = (json_coerce.text(fields.get(name)).strip() for name in ("title", "description"))
    text = "\n".join(filter(None, words))
    return NoticeReport(text, json_coerce.text(fields.get("severity")) != "info") if text else IgnoredUpdate("notice")


_READERS: Mapping[str, Callable[[Mapping[str, object]], Update]] = {
    "agent_message_chunk": lambda fields: _said(fields, thought=False),
    "agent_thought_chunk": lambda fields: _said(fields, thought=True),
    "user_message_chunk": lambda _: UserEcho(),
    "tool_call": _tool,
    "tool_call_update": _tool,
    "plan": lambda fields: PlanReport(tuple(_entry(entry) for entry in json_coerce.items(fields.get("entries")))),
    "usage_update": _usage,
    "available_commands_update": lambda fields: CommandsReport(tuple(_commands(fields))),
    "current_mode_update": _mode,
    "session_info_update": _session_info,
    "notice": _notice,
    "config_option_update": lambda fields: OptionsReport(read_config_options(fields.get("configOptions"))),
}
