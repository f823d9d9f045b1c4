"""What a session's agent obeys and what confines it."""

from __future__ import annotations

import msgspec

from boocoder.model.ids import SessionId
from boocoder.model.rule_files import RuleFileUse


class SandboxInUse(msgspec.Struct, frozen=True):
    """What confines an agent's processes.

    Args:
        profile: `off`, `files` or `files+network`.
        mechanism: what enforces the profile: `bubblewrap`, `landlock`, or `none`.
        text: what it means, in a sentence.
        cure: the setting that would confine the agent, or what the machine lacks; "" where it is confined.
    """

    profile: str
    mechanism: str
    text: str
    cure: str


class SessionRules(msgspec.Struct, frozen=True):
    """The rule files that are in force for the next turn of a session, those that are not, and the sandbox.

    Args:
        agent: whose they are; None where the session has had no agent yet.
        known: whether boocoder knows which files with words the agent reads; if not, `files` lacks them.
        refusal: why no turn of the agent begins now; "" where one can.
        files: those that are there.
        sandbox: None where there is no agent.
    """

    session_id: SessionId
    agent: str | None
    known: bool
    refusal: str
    files: tuple[RuleFileUse, ...]
    sandbox: SandboxInUse | None
