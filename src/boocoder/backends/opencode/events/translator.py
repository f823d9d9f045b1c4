"""Translates one turn's opencode events and stored messages into AgentEvents.

Ids decide what belongs to the turn: opencode's message ids ascend, so everything after the prompt's id belongs to it,
in the turn's session and in its sub-agents', and so does every answer whose parent is the prompt.
Applying the same input twice passes nothing on twice.
"""

from __future__ import annotations

from dataclasses import replace

from boocoder.backends.opencode.events import tool_view
from boocoder.backends.opencode.events.compaction import COMPACTION_MODE, CompactionProgress
from boocoder.backends.opencode.events.text_dedup import TextDeduplicator
from boocoder.backends.opencode.events.usage import UsageTotals
from boocoder.backends.opencode.http.wire import (
    ErrorInfo,
    MessageInfo,
    MessageUpdated,
    OpenCodePart,
    PartDelta,
    PartUpdated,
    PermissionAsked,
    QuestionAsked,
    ServerEvent,
    SessionCompacted,
    SessionFailed,
    SessionStatus,
    SessionUpserted,
    StatusChanged,
    StoredMessage,
    TodosChanged,
)
from boocoder.events.agent_event import (
    AgentEvent,
    Notice,
    NoticeLevel,
    Plan,
    Progress,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolStatus,
)


class OpenCodeTranslator:
    """What is known of one turn.

    Args:
        session_id: the turn's session.
        prompt_id: message id of our prompt.

    Attributes:
        unknown_finishes: model calls in a row that ended without a finish reason.
        retry: the newest retry, None once the model answers again.
        waiting: whether opencode waits to try the model again.
        error: the newest `session.error` of the turn's session.
        said_something: whether any text or tool call was passed on.
        idle: whether the session is idle with no assistant message open.
    """

    def __init__(self, *, session_id: str, prompt_id: str) -> None:
        self._session = session_id
        self._prompt = prompt_id
        self._text = TextDeduplicator()
        self._usage = UsageTotals()
        self._messages: dict[str, MessageInfo] = {}
        self._early: dict[str, list[OpenCodePart]] = {}
        self._gapped = False
        self._since_gap: set[str] = set()
        self._deltas: dict[str, type[TextDelta] | type[ReasoningDelta]] = {}
        self._tools: dict[str, ToolCall] = {}
        self._calls: dict[tuple[str, str], str] = {}
        self._parents: dict[str, str] = {}
        self._plan: Plan | None = None
        self._compaction = CompactionProgress()
        self._finishes: dict[str, str] = {}
        self._status_idle = False
        self._began = False
        self.unknown_finishes = 0
        self.retry: SessionStatus | None = None
        self.waiting = False
        self.error: ErrorInfo | None = None
        self.said_something = False

    @property
    def children(self) -> tuple[str, ...]:
        """Sessions of sub-agents that this turn is known to use."""
        return tuple(self._parents)

    @property
    def message_count(self) -> int:
        """Messages of the turn seen so far."""
        return len(self._messages)

    @property
    def idle(self) -> bool:
        """An idle session with an open message is between two of its idles, not at the end of its turn."""
        return self._status_idle and not any(
            m.open for m in self._messages.values() if m.session_id in ("", self._session)
        )

    @property
    def whole(self) -> bool:
        """Whether nothing of the turn can be missing: it was seen from its prompt on, and all that began has ended.

        Of a sub-agent's session events may have been missed before it was known.
        """
        ended = self._text.closed and all(call.status.final for call in self._tools.values())
        return self._began and self.idle and ended and not (self._gapped or self._parents or self._early)

    def on_child(self, session_id: str) -> None:
        """A sub-agent's session was found whose call may not have been seen."""
        self._parents.setdefault(session_id, self._running_agent_call())

    def part_of_call(self, message_id: str, call_id: str) -> str:
        """The key of the tool call that asks for something, or "" if it has not been seen."""
        return self._calls.get((message_id, call_id), "")

    def belongs(self, message_id: str) -> bool:
        """Whether a message is the turn's."""
        return message_id > self._prompt or message_id in self._messages

    def on_gap(self) -> None:
        """Events may have been lost."""
        self._text.freeze_open()
        self._gapped = True
        self._since_gap.clear()

    def on_event(self, event: ServerEvent) -> list[AgentEvent]:
        """Take one event of the turn's session or of a sub-agent's."""
        match event:
            case PartDelta():
                return self._on_delta(event)
            case PartUpdated(part=part):
                return self._on_part(part, event.session_id or part.session_id)
            case MessageUpdated(info=info):
                return self._on_head(info, event.session_id)
            case StatusChanged(status=status) if event.session_id == self._session:
                return self._on_status(status)
            case SessionFailed(error=error) if event.session_id == self._session:
                self.error = error
            case TodosChanged(todos=todos) if event.session_id == self._session:
                return self._on_plan(tool_view.plan(todos))
            case SessionUpserted(info=info) if info.parent_id:
                self.on_child(info.id)
            case SessionCompacted() if event.session_id == self._session:
                return [Notice("context_compacted", "The agent summed up the conversation to make room for more.")]
            case PermissionAsked() | QuestionAsked() | _:
                pass
        return []

    def on_messages(self, messages: list[StoredMessage], session_id: str) -> list[AgentEvent]:
        """Take messages as the store has them, oldest first; those before the turn are left out."""
        out: list[AgentEvent] = []
        for message in messages:
            self._on_message(message.info, session_id)
            if self.belongs(message.info.id):
                for part in message.parts:
                    out += self._on_part(part, session_id, stored=True)
        return out

    def on_status(self, status: SessionStatus) -> list[AgentEvent]:
        """Take the session's status as the server gives it when asked."""
        return self._on_status(status)

    def close_tools(self, status: ToolStatus) -> list[AgentEvent]:
        """End the calls that are still open when the turn is over."""
        out: list[AgentEvent] = []
        for part, call in self._tools.items():
            if not call.status.final:
                self._tools[part] = ended = replace(call, status=status)
                out.append(ended)
        return out

    def disagreement(self) -> Notice | None:
        """A notice for text that opencode sent in two versions, None if there is none."""
        if not self._text.disagreements:
            return None
        return Notice(
            "stream_disagrees",
            "opencode streamed a text in another form than it stored it; the stored form is in its own session.",
            NoticeLevel.WARNING,
        )

    def _on_message(self, info: MessageInfo, session_id: str) -> None:
        if self.belongs(info.id) or info.parent_id == self._prompt:
            info.session_id = info.session_id or session_id
            self._messages[info.id] = info

    def _on_head(self, info: MessageInfo, session_id: str) -> list[AgentEvent]:
        self._began = self._began or info.id == self._prompt
        if info.id not in self._messages and info.open:
            self._since_gap.add(info.id)
        self._on_message(info, session_id)
        out: list[AgentEvent] = self._compaction.on_head(info) if session_id == self._session else []
        for part in self._early.pop(info.id, []):
            out += self._on_part(part, session_id)
        return out

    def _trusted(self, message_id: str) -> bool:
        """Whether nothing of this message can have been lost in a gap."""
        return not self._gapped or message_id in self._since_gap

    def _on_delta(self, event: PartDelta) -> list[AgentEvent]:
        if event.field != "text" or event.session_id != self._session or not self.belongs(event.message_id):
            return []
        if self._compaction.is_summary(event.message_id):
            return self._compaction.on_text(event.delta)
        text = self._text.delta(event.part_id, event.delta, trusted=self._trusted(event.message_id))
        kind = self._deltas.get(event.part_id)
        if not text or kind is None:
            return []
        return [self._say(kind, event.part_id, text)]

    def _say(self, kind: type[TextDelta] | type[ReasoningDelta], part: str, text: str) -> AgentEvent:
        self.retry = None
        self.said_something = self.said_something or kind is TextDelta
        return kind(part, text)

    def _on_part(self, part: OpenCodePart, session_id: str, *, stored: bool = False) -> list[AgentEvent]:
        message = self._messages.get(part.message_id)
        if message is None and self.belongs(part.message_id):
            self._early.setdefault(part.message_id, []).append(part)
        if message is None or message.role != "assistant":
            return []
        if part.type in ("text", "reasoning"):
            return self._on_text(part, session_id, message, stored=stored)
        if part.type == "tool":
            return self._on_tool(part, session_id)
        if part.type == "step-finish":
            return self._on_step(part, session_id)
        if part.type == "step-start":
            self.retry = None
        return []

    def _on_text(self, part: OpenCodePart, session_id: str, message: MessageInfo, *, stored: bool) -> list[AgentEvent]:
        if session_id != self._session or message.mode == COMPACTION_MODE or part.synthetic:
            return []  # a sub-agent's words are its call's output; a summary is not the answer
        kind = self._deltas.setdefault(part.id, TextDelta if part.type == "text" else ReasoningDelta)
        closed = part.closed or not message.open
        trusted = not stored and self._trusted(part.message_id)
        missing = self._text.whole(part.id, part.text, closed=closed, trusted=trusted)
        return [self._say(kind, part.id, missing)] if missing else []

    def _on_tool(self, part: OpenCodePart, session_id: str) -> list[AgentEvent]:
        self.retry = None
        self._calls[(part.message_id, part.call_id)] = part.id
        child = tool_view.child_session(part)
        if child:
            self._parents[child] = part.id
        call = tool_view.tool_call(part, parent=self._parents.get(session_id, ""))
        known = self._tools.get(part.id)
        if known is not None and (known == call or known.status.final):
            return []
        self._tools[part.id] = call
        self.said_something = True
        return [call]

    def _on_step(self, part: OpenCodePart, session_id: str) -> list[AgentEvent]:
        own = session_id == self._session
        if part.id not in self._finishes:
            self._finishes[part.id] = part.reason
            self.unknown_finishes = self.unknown_finishes + 1 if part.reason == "unknown" else 0
        usage = self._usage.add(part, own=own)
        return [usage] if usage else []

    def _on_status(self, status: SessionStatus) -> list[AgentEvent]:
        self._status_idle = status.type == "idle"
        self.waiting = status.type == "retry"
        if status.type == "busy":
            return [Progress()]
        if status.type != "retry":
            return []
        first = self.retry is None or self.retry.attempt != status.attempt
        self.retry = status
        text = f"The model did not answer (try {status.attempt}): {status.message}"
        return [Notice("model_retry", text, NoticeLevel.WARNING)] if first else []

    def _on_plan(self, plan: Plan) -> list[AgentEvent]:
        if plan == self._plan:
            return []
        self._plan = plan
        return [plan]

    def _running_agent_call(self) -> str:
        for part, call in reversed(self._tools.items()):
            if call.name == "task" and not call.status.final:
                return part
        return ""
