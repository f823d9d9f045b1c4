"""The closed union of what a backend reports during a turn; frames carry its value types as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from boocoder.model.turn import ResumeStep
from boocoder.wire.permissions import AskedQuestion


class ToolStatus(StrEnum):
    """Only ever moves forward: pending -> running -> completed | failed | cancelled | unreported."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNREPORTED = "unreported"  # the turn completed, and the agent never reported the result of the call

    @property
    def final(self) -> bool:
        """Whether the call has ended."""
        return self not in (ToolStatus.PENDING, ToolStatus.RUNNING)


class ToolKind(StrEnum):
    """What a tool does, for the screen (the vocabulary of ACP)."""

    READ = "read"
    EDIT = "edit"
    DELETE = "delete"
    MOVE = "move"
    SEARCH = "search"
    EXECUTE = "execute"
    THINK = "think"
    FETCH = "fetch"
    AGENT = "agent"
    OTHER = "other"


class FileDiff(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a tool says it changed in one file, for the screen; the snapshot has the truth.

    Args:
        cut: in a frame: texts longer than INLINE_TEXT_MAX_CHARS are left out.
    """

    path: str
    old_text: str | None = None
    new_text: str = ""
    cut: bool = False


class Location(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file, and a 1-based line if known, that a tool touches."""

    path: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the agent's answer. `part` is the backend's own key of the part, unique within the turn."""

    part: str
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the agent's thinking."""

    part: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The whole present state of one tool call; the latest one wins.

    Args:
        part: the backend's key of the call, unique within the turn.
        name: the agent's own name of the tool.
        kind: what it does.
        title: one line for the screen.
        status: its state.
        input: the arguments as JSON text ("" while unknown).
        output: all output so far, whole, as text.
        exit_code: of a command, if known.
        locations, diffs: files it touches and what it says it changed.
        parent: `part` of the call of a sub-agent that made this call, or "".
    """

    part: str
    name: str
    kind: ToolKind
    title: str
    status: ToolStatus
    input: str = ""
    output: str = ""
    exit_code: int | None = None
    locations: tuple[Location, ...] = ()
    diffs: tuple[FileDiff, ...] = ()
    parent: str = ""


class PlanStatus(StrEnum):
    """State of one entry of a plan."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class PlanEntry(msgspec.Struct, frozen=True):
    """One step of the agent's plan."""

    text: str
    status: PlanStatus


@dataclass(frozen=True, slots=True)
class Plan:
    """The agent's whole plan; the latest one wins. A turn has one plan part."""

    entries: tuple[PlanEntry, ...]


class SlashCommand(msgspec.Struct, frozen=True, omit_defaults=True):
    """A slash command that the agent offers."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class AgentCommands:
    """All slash commands of the agent; the latest list wins."""

    commands: tuple[SlashCommand, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and cost of the turn so far (cumulative within the turn; the latest one wins).

    Args:
        input_tokens, output_tokens, reasoning_tokens, cache_read_tokens, cache_write_tokens: counts >= 0.
        cost_usd: in US dollars, 0.0 if the agent does not say.
        context_tokens: tokens of the last model call, for a context meter; 0 if unknown.
        tokens_per_s: how fast the model wrote its last answer; 0.0 if unknown.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float = 0.0
    context_tokens: int = 0
    tokens_per_s: float = 0.0


class NoticeLevel(StrEnum):
    """How important a notice is to a person."""

    INFO = "info"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the person should see that the agent did not say: resumed how, retrying, reconnected."""

    code: str
    text: str
    level: NoticeLevel = NoticeLevel.INFO


@dataclass(frozen=True, slots=True)
class AgentSessionOpened:
    """Barrier: stored before the backend goes on. The agent session that this turn uses, and how it was reached."""

    native_id: str
    config_hash: str
    step: ResumeStep


@dataclass(frozen=True, slots=True)
class PromptSending:
    """Barrier: stored before the backend goes on. From here on the prompt is never silently sent again."""


@dataclass(frozen=True, slots=True)
class AgentDone:
    """The agent says that its turn has ended; its tools write no more files.

    A backend that needs time to find out how the turn ended emits it first, once, so that the files are measured
    meanwhile. Tool calls that it emits after that have them measured again.
    """


@dataclass(frozen=True, slots=True)
class Progress:
    """The agent is alive although it says nothing (a heartbeat that proves work, not just a connection).

    Args:
        text: what it waits for or does, for the screen while it lasts; "" for a bare heartbeat.
    """

    text: str = ""


AgentEvent = (
    TextDelta
    | ReasoningDelta
    | ToolCall
    | Plan
    | AgentCommands
    | Usage
    | Notice
    | AgentSessionOpened
    | PromptSending
    | AgentDone
    | Progress
)


class PermissionOption(msgspec.Struct, frozen=True, omit_defaults=True):
    """One answer that the agent offers. `kind` is allow_once, allow_always, reject_once or reject_always."""

    id: str
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class PermissionRequest:
    """The agent asks before it acts.

    Args:
        key: the backend's key of the request, unique within the turn.
        tool: the agent's name of the tool.
        title: one line for the screen.
        argument: the normalised argument that a rule is matched against (command line, path, URL).
        part: `part` of the tool call that asks, or "".
        options: answers that the agent offers.
        own_files: whether it only writes ordinary files of the worktree, which needs no answer unless a rule says so.
    """

    key: str
    tool: str
    title: str
    argument: str
    part: str = ""
    options: tuple[PermissionOption, ...] = field(default=())
    own_files: bool = False


@dataclass(frozen=True, slots=True)
class PermissionAnswer:
    """What a person or a rule decided; `message` goes to the agent with a refusal."""

    allowed: bool
    message: str = ""


class Question(AskedQuestion, frozen=True, omit_defaults=True):
    """One question of an agent, as frames and rows hold it: fields with their default values are omitted."""


@dataclass(frozen=True, slots=True)
class QuestionRequest:
    """The agent asks the person something; `key` is unique within the turn."""

    key: str
    questions: tuple[Question, ...]
    part: str = ""


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """The person's answers in the order of the questions; None when dismissed."""

    answers: tuple[tuple[str, ...], ...] | None
