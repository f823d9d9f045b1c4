"""State of one tool call, merged from its reports: absent means unchanged, a status never goes back."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from boocoder.backends.acp.updates.parser import content_text, parent_of
from boocoder.events import json_coerce
from boocoder.events.agent_event import FileDiff, Location, ToolCall, ToolKind, ToolStatus
from boocoder.events.tool_kind import kind_of

_STATUS = {
    "pending": ToolStatus.PENDING,
    "in_progress": ToolStatus.RUNNING,
    "running": ToolStatus.RUNNING,
    "completed": ToolStatus.COMPLETED,
    "failed": ToolStatus.FAILED,
    "error": ToolStatus.FAILED,
    "cancelled": ToolStatus.CANCELLED,
    "canceled": ToolStatus.CANCELLED,
}
_RANK = {ToolStatus.PENDING: 0, ToolStatus.RUNNING: 1}
_KINDS = {kind.value: kind for kind in ToolKind if kind is not ToolKind.OTHER}
_TITLE_NAME = re.compile(r"([A-Za-z][\w.-]*)(?: · .*|: .*)?", re.DOTALL)  # "shell", "shell · ls", "Shell: ls"
_TITLE_COMMAND = re.compile(r"[A-Za-z][\w.-]*: (.+)", re.DOTALL)
_FENCE = re.compile(r"```[^\n`]*\n(.*?)\n?```", re.DOTALL)
_EXIT_NAMES = ("exit_code", "exitCode", "exit", "returncode")
_OUTPUT_NAMES = ("output", "formatted_output", "aggregated_output", "text", "stdout", "result", "content")
_ARGUMENT_NAMES = ("command", "cmd", "file_path", "filePath", "path", "url", "query", "pattern")
_TITLE_MAX_CHARS = 200


class ToolCallState:
    """One call.

    Args:
        id: the agent's id of it, which is the part's key too.
    """

    def __init__(self, id: str) -> None:
        self._id = id
        self._name = ""
        self._kind: ToolKind | None = None
        self._title = ""
        self._input: object = None
        self._raw_output: object = None
        self._content: tuple[object, ...] = ()
        self._locations: tuple[Location, ...] = ()
        self._parent = ""
        self._terminal: list[str] = []
        self._exit_code: int | None = None
        self._refusal = ""
        self.status = ToolStatus.PENDING

    @property
    def name(self) -> str:
        """What the agent calls the tool; it stays what it was when the call was first shown."""
        return self._name

    @property
    def kind(self) -> ToolKind:
        """What the tool does; guessed from its name if the agent says nothing or only "other"."""
        return self._kind or kind_of(self._name)

    @property
    def title(self) -> str:
        """One line."""
        lines = (self._title or self._name).strip().splitlines()
        return lines[0][:_TITLE_MAX_CHARS] if lines else self._name

    @property
    def argument(self) -> str:
        """What a rule is matched against: command line, path or URL, else the title."""
        given = json_coerce.mapping(self._input)
        for name in _ARGUMENT_NAMES:
            value = given.get(name)
            if isinstance(value, list) and value and all(isinstance(word, str) for word in value):
                return " ".join(str(word) for word in value)
            if said := json_coerce.text(value):
                return said
        if self.kind is ToolKind.EXECUTE and (found := _TITLE_COMMAND.fullmatch(self._title.strip())):
            return found.group(1)  # kimi names the command nowhere but in "Shell: ls"
        return self._locations[0].path if self._locations else self.title

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that it says it works on."""
        return (*(one.path for one in self._locations), *(one.path for one in self._diffs()))

    def does_same(self, other: ToolCallState) -> bool:
        """Whether another call does what this one does, as far as both say what they do."""
        if ToolKind.OTHER not in (self.kind, other.kind) and self.kind is not other.kind:
            return False
        mine, theirs = self._traits(), other._traits()
        return any(trait and trait == same for trait, same in zip(mine, theirs, strict=True))

    def _traits(self) -> tuple[object, ...]:
        argument = "" if self.argument == self.title else self.argument
        title = "" if self._title == self._name else self._title
        return (self._input, tuple(self._diffs()), argument, frozenset(self.paths), title)

    def take(self, fields: Mapping[str, object]) -> None:
        """Merge a report. A call that has ended does not change."""
        if self.status.final:
            return
        meta = json_coerce.mapping(fields.get("_meta"))
        self._parent = self._parent or parent_of(meta)
        self._kind = _KINDS.get(json_coerce.text(fields.get("kind"))) or self._kind
        self._title = json_coerce.text(fields.get("title")) or self._title
        self._name = self._name or _name(fields, meta, self._kind)
        if fields.get("rawInput") not in (None, {}):
            self._input = fields["rawInput"]
        if fields.get("rawOutput") is not None:
            self._raw_output = fields["rawOutput"]
        if isinstance(content := fields.get("content"), list):
            self._content = tuple(content)
        if isinstance(locations := fields.get("locations"), list):
            self._locations = tuple(_locations(locations))
        self._take_terminal(meta)
        self._take_exit(fields)
        self.move_to(_STATUS.get(json_coerce.text(fields.get("status"))))

    def move_to(self, status: ToolStatus | None) -> None:
        """Move to a status, never back."""
        if status is not None and not self.status.final and _RANK.get(status, 2) >= _RANK[self.status]:
            self.status = status

    def refuse(self, words: str) -> None:
        """Remember why a person refused it; the protocol has no field for that."""
        self._refusal = words

    @property
    def refused(self) -> bool:
        """Whether a person refused it."""
        return bool(self._refusal)

    def event(self) -> ToolCall:
        """The state as it is shown."""
        return ToolCall(
            part=self._id,
            name=self._name,
            kind=self.kind,
            title=self.title,
            status=self.status,
            input=_as_text(self._input),
            output=self._output(),
            exit_code=self._exit_code,
            locations=self._locations,
            diffs=tuple(self._diffs()),
            parent=self._parent,
        )

    def _output(self) -> str:
        said = "\n".join(filter(None, (_block_text(block) for block in self._content)))
        fence = _FENCE.fullmatch(said.strip())
        shown = "".join(self._terminal) or (fence.group(1) if fence else said) or _raw_text(self._raw_output)
        if not self._refusal or self._refusal in shown:
            return shown
        return f"{shown.rstrip()}\n{self._refusal}".lstrip()

    def _diffs(self) -> list[FileDiff]:
        found = []
        for block in self._content:
            fields = json_coerce.mapping(block)
            if fields.get("type") == "diff" and isinstance(new := fields.get("newText"), str):
                old = fields.get("oldText")
                found.append(FileDiff(json_coerce.text(fields.get("path")), old if isinstance(old, str) else None, new))
        return found

    def _take_terminal(self, meta: Mapping[str, object]) -> None:
        """Output of the agent's own terminal: chunks, or sometimes all output so far."""
        for name in ("terminal_output", "terminal_output_delta"):
            data = json_coerce.text(json_coerce.mapping(meta.get(name)).get("data"))
            before = self._terminal
            if len(before) == 1 and len(data) > len(before[0]) and data.startswith(before[0]):
                self._terminal = [data]
            elif data:
                self._terminal.append(data)

    def _take_exit(self, fields: Mapping[str, object]) -> None:
        ended = json_coerce.mapping(json_coerce.mapping(fields.get("_meta")).get("terminal_exit"))
        output = json_coerce.mapping(fields.get("rawOutput"))
        for place in (ended, output, json_coerce.mapping(output.get("metadata"))):
            for name in _EXIT_NAMES:
                code = json_coerce.integer(place.get(name))
                if code is not None:
                    self._exit_code = code


def _name(fields: Mapping[str, object], meta: Mapping[str, object], kind: ToolKind | None) -> str:
    for place in (
        fields.get("name"),
        meta.get("toolName"),
        json_coerce.mapping(meta.get("claudeCode")).get("toolName"),
    ):
        if said := json_coerce.text(place):
            return said
    title = json_coerce.text(fields.get("title")).strip()
    if found := _TITLE_NAME.fullmatch(title):
        return found.group(1)
    return kind.value if kind is not None else "tool"


def _locations(found: list[object]) -> list[Location]:
    places = [json_coerce.mapping(place) for place in found]
    return [
        Location(json_coerce.text(place.get("path")), json_coerce.integer(place.get("line")))
        for place in places
        if json_coerce.text(place.get("path"))
    ]


def _block_text(block: object) -> str:
    fields = json_coerce.mapping(block)
    return content_text(fields.get("content")) if fields.get("type") == "content" else ""


def _raw_text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    fields = json_coerce.mapping(value)
    for name in _OUTPUT_NAMES:
        if said := json_coerce.text(fields.get(name)):
            return said
    return _as_text(value)


def _as_text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    try:
        return msgspec.json.encode(value).decode()
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return str(value)
