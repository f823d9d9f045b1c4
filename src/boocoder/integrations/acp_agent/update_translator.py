"""Frames of a session as ACP's session updates. No I/O."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal
from uuid import UUID

from acp.schema import (
    AgentMessageChunk,
    AgentPlanUpdate,
    AgentThoughtChunk,
    AvailableCommand,
    AvailableCommandsUpdate,
    ContentToolCallContent,
    Cost,
    FileEditToolCallContent,
    PlanEntry,
    TerminalToolCallContent,
    TextContentBlock,
    ToolCallLocation,
    ToolCallProgress,
    ToolCallStart,
    UsageUpdate,
    UserMessageChunk,
)
from pydantic import BaseModel

from boocoder.errors import sentences
from boocoder.events import frames
from boocoder.events.agent_event import NoticeLevel, PlanStatus, SlashCommand, ToolKind, ToolStatus

Kind = Literal["read", "edit", "delete", "move", "search", "execute", "think", "fetch", "switch_mode", "other"]
Status = Literal["pending", "in_progress", "completed", "failed"]
ToolContent = ContentToolCallContent | FileEditToolCallContent | TerminalToolCallContent

_STATUS: dict[ToolStatus, Status] = {
    ToolStatus.PENDING: "pending",
    ToolStatus.RUNNING: "in_progress",
    ToolStatus.COMPLETED: "completed",
    ToolStatus.FAILED: "failed",
    ToolStatus.CANCELLED: "failed",  # ACP has no state for it
    ToolStatus.UNREPORTED: "completed",
}
_KIND: dict[ToolKind, Kind] = {
    ToolKind.READ: "read",
    ToolKind.EDIT: "edit",
    ToolKind.DELETE: "delete",
    ToolKind.MOVE: "move",
    ToolKind.SEARCH: "search",
    ToolKind.EXECUTE: "execute",
    ToolKind.THINK: "think",
    ToolKind.FETCH: "fetch",
    ToolKind.AGENT: "other",
    ToolKind.OTHER: "other",
}
_PLAN_STATUS: dict[PlanStatus, Literal["pending", "in_progress", "completed"]] = {
    PlanStatus.PENDING: "pending",
    PlanStatus.IN_PROGRESS: "in_progress",
    PlanStatus.COMPLETED: "completed",
    PlanStatus.CANCELLED: "completed",  # ACP has no state for it
}
OWN_COMMANDS = (
    SlashCommand("boocoder-diff", "Show the change of this session that waits for a review"),
    SlashCommand("boocoder-apply", "Apply that change to your checkout, after a confirmation"),
)


class UpdateTranslator:
    """Translates the frames of one session, in their order; frames that come again change nothing."""

    def __init__(self) -> None:
        self.worktree: Path | None = None
        """Where the agent works, for relative paths of its tools; None until it is known."""
        self.context_tokens = 0
        """Context of the agent's model, for the editor's meter; 0 if it is not known."""
        self._text_chars: dict[tuple[UUID, int], int] = {}
        self._tools: set[tuple[UUID, int]] = set()
        self._users: set[UUID] = set()
        self._steers: set[UUID] = set()

    def translate(self, frame: frames.Frame, *, own_prompt: bool = False) -> Iterable[BaseModel]:
        """The updates for a frame.

        Args:
            frame: the next one of the stream.
            own_prompt: a user's message that the editor sent itself, and shows already.
        """
        match frame:
            case frames.DeltaFrame() | frames.ReasoningDeltaFrame():
                return self._chunk(frame)
            case frames.MessageStartedFrame(role="user"):
                return self._user(frame, own_prompt)
            case frames.SteerFrame(state="delivered" | "confirmed"):
                return self._steer(frame)
            case frames.ToolCallFrame():
                return [self._tool(frame)]
            case frames.PlanFrame():
                return [plan_update(frame)]
            case frames.AgentCommandsFrame():
                return [commands_update(frame.commands)]
            case frames.UsageFrame():
                return self._usage(frame)
            case frames.NoticeFrame(level=NoticeLevel.WARNING):
                return [thought(f"boocoder: {frame.text}\n\n", None)]
            case _:
                return []

    def path(self, path: str) -> str:
        """An absolute path where it can be made one: ACP wants no other."""
        return path if self.worktree is None or path.startswith("/") else str(self.worktree / path)

    def _chunk(self, frame: frames.DeltaFrame | frames.ReasoningDeltaFrame) -> Iterable[BaseModel]:
        key = (frame.message_id, frame.part)
        known = self._text_chars.get(key, 0)
        if not frame.offset <= known < frame.offset + len(frame.text):
            return []
        fresh = frame.text[known - frame.offset :]
        self._text_chars[key] = known + len(fresh)
        chunk = message if isinstance(frame, frames.DeltaFrame) else thought
        return [chunk(fresh, frame.message_id)]

    def _user(self, frame: frames.MessageStartedFrame, own_prompt: bool) -> Iterable[BaseModel]:
        if frame.message_id in self._users:
            return []
        self._users.add(frame.message_id)
        files = "".join(f"\n[{one.name}]" for one in frame.attachments)
        return [] if own_prompt else [user(frame.text + files, frame.message_id)]

    def _steer(self, frame: frames.SteerFrame) -> Iterable[BaseModel]:
        if frame.steer_id in self._steers:
            return []
        self._steers.add(frame.steer_id)
        return [user(frame.text, frame.steer_id)]

    def _tool(self, frame: frames.ToolCallFrame) -> BaseModel:
        key = (frame.message_id, frame.part)
        first = key not in self._tools
        self._tools.add(key)
        fields: dict[str, object] = {
            "tool_call_id": tool_call_id(frame.message_id, frame.part),
            "title": frame.title or frame.name,
            "kind": _KIND[frame.kind],
            "status": _STATUS[frame.status],
        }
        if content := self._tool_content(frame):
            fields["content"] = content
        if frame.locations:
            fields["locations"] = [ToolCallLocation(path=self.path(one.path), line=one.line) for one in frame.locations]
        if frame.input and len(frame.input) == frame.input_chars:
            fields["raw_input"] = _json_or_text(frame.input)
        if frame.exit_code is not None:
            fields["raw_output"] = {"exit_code": frame.exit_code}
        if first:
            return ToolCallStart.model_validate({"session_update": "tool_call", **fields})
        return ToolCallProgress.model_validate({"session_update": "tool_call_update", **fields})

    def _tool_content(self, frame: frames.ToolCallFrame) -> list[ToolContent]:
        content: list[ToolContent] = [
            file_diff(self.path(one.path), one.old_text, one.new_text) for one in frame.diffs if not one.cut
        ]
        if frame.output:
            content.append(text_content(frame.output))
        return content

    def _usage(self, frame: frames.UsageFrame) -> Iterable[BaseModel]:
        if not (self.context_tokens and frame.context_tokens):
            return []  # ACP's context meter needs both
        cost = Cost(amount=frame.cost_usd, currency="USD") if frame.cost_usd else None
        update = UsageUpdate(session_update="usage_update", used=frame.context_tokens, size=self.context_tokens)
        return [update if cost is None else update.model_copy(update={"cost": cost})]


def tool_call_id(message_id: UUID, part: int) -> str:
    """The id of a tool call in the editor."""
    return f"{message_id}/{part}"


def message(text: str, message_id: UUID | None) -> AgentMessageChunk:
    """Text of the agent."""
    chunk = AgentMessageChunk(session_update="agent_message_chunk", content=_text(text))
    return chunk if message_id is None else chunk.model_copy(update={"message_id": str(message_id)})


def thought(text: str, message_id: UUID | None) -> AgentThoughtChunk:
    """Thinking of the agent, or a notice of boocoder."""
    chunk = AgentThoughtChunk(session_update="agent_thought_chunk", content=_text(text))
    return chunk if message_id is None else chunk.model_copy(update={"message_id": str(message_id)})


def user(text: str, message_id: UUID) -> UserMessageChunk:
    """A person's message that was not sent by this editor, or long ago."""
    return UserMessageChunk(session_update="user_message_chunk", content=_text(text), message_id=str(message_id))


def text_content(text: str) -> ContentToolCallContent:
    """Text in a tool call."""
    return ContentToolCallContent(type="content", content=_text(text))


def file_diff(path: str, old_text: str | None, new_text: str) -> FileEditToolCallContent:
    """A diff in a tool call; no old text means a new file."""
    diff = FileEditToolCallContent(type="diff", path=path, new_text=new_text)
    return diff if old_text is None else diff.model_copy(update={"old_text": old_text})


def plan_update(frame: frames.PlanFrame) -> AgentPlanUpdate:
    """The agent's plan."""
    entries = [
        PlanEntry(
            content=one.text,
            priority="medium",
            status=_PLAN_STATUS[one.status],
        )
        for one in frame.entries
    ]
    return AgentPlanUpdate(session_update="plan", entries=entries)


def commands_update(commands: Sequence[SlashCommand]) -> AvailableCommandsUpdate:
    """The agent's slash commands and boocoder's own."""
    own = {one.name for one in OWN_COMMANDS}
    listed = [*(one for one in commands if one.name not in own), *OWN_COMMANDS]
    return AvailableCommandsUpdate(
        session_update="available_commands_update",
        available_commands=[AvailableCommand(name=one.name, description=one.description or one.name) for one in listed],
    )


def ended_text(frame: frames.TurnEndedFrame) -> str:
    """Why a turn did not complete."""
    return sentences(frame.text or f"The turn ended as {frame.outcome}.", frame.cure)


def _text(text: str) -> TextContentBlock:
    return TextContentBlock(type="text", text=text)


def _json_or_text(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
