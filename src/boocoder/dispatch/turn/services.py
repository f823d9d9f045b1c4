"""What running a turn needs: its settings and the services of this host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from boocoder.broker.broker import Broker
from boocoder.broker.outbox import Outbox
from boocoder.db.conversation.overflow import OverflowFiles
from boocoder.db.core.pool import Database
from boocoder.dispatch.agent_choice import AgentSource
from boocoder.dispatch.approvals import ApprovalWaiters
from boocoder.dispatch.turn.agent_session_rows import AgentSessionRows
from boocoder.dispatch.workspaces import Workspaces
from boocoder.events.redaction import Redactor
from boocoder.failpoints import Failpoints
from boocoder.intake.agent_tokens import AgentTokens
from boocoder.intake.attachments import Attachments
from boocoder.model.limits import TURN_TEXT_MAX_CHARS
from boocoder.process.sandbox.network.host_requests import HostRequests
from boocoder.worktrees.trust.project_trust import ProjectTrust


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """What a turn is allowed.

    Args:
        silence_s: the watchdog's limit without any event.
        silence_by_agent: the same for single agents; 0.0 for the general one.
        tool_silence_s: the same while a tool is running.
        own_files: ignore patterns of what each agent keeps of its own in worktrees.
        agent_fallback: the agent to use where the named one is not available; "" for none.
        text_max_chars: of a turn's text in the database; the rest goes to files.
    """

    silence_s: float = 180.0
    silence_by_agent: Mapping[str, float] = field(default_factory=dict)
    tool_silence_s: float = 3600.0
    own_files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    agent_fallback: str = ""
    text_max_chars: int = TURN_TEXT_MAX_CHARS


@dataclass(frozen=True, slots=True)
class TurnServices:
    """The services that every turn of this host uses; made once by the composition root.

    Args:
        redactor: replaces secrets in what agents say, unless their project has that switched off.
        agent_tokens: lets agents start tasks during their turns.
        trust: says whether what the project makes an agent run may run; None: everything may.
        decisions: wakes turns that wait for a person.
        agent_sessions: writes which agent session a chat uses.
        overflow: text beyond a turn's share of the database.
        attachments: files that people sent with a task.
        host_requests: has people asked about hosts that an agent's sandbox would refuse.
    """

    database: Database
    broker: Broker
    outbox: Outbox
    agents: AgentSource
    workspaces: Workspaces
    settings: TurnSettings
    approval_waiters: ApprovalWaiters
    agent_sessions: AgentSessionRows
    overflow: OverflowFiles
    attachments: Attachments
    failpoints: Failpoints
    redactor: Redactor = field(default_factory=Redactor)
    agent_tokens: AgentTokens = field(default_factory=AgentTokens)
    trust: ProjectTrust | None = None
    host_requests: HostRequests = field(default_factory=HostRequests)
