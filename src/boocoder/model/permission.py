"""Permission requests and questions of agents: states, deciders, rule actions."""

from __future__ import annotations

from enum import StrEnum

NETWORK_TOOL = "network"  # what a request for a host names as its tool; boocoder's own, asked by no agent


class PermissionKind(StrEnum):
    """What the agent wants."""

    PERMISSION = "permission"  # to do something
    QUESTION = "question"  # to know something


class Decision(StrEnum):
    """What a person may say: the first three to a permission, the last two to a question."""

    ALLOW = "allow"
    ALLOW_SESSION = "allow_session"
    REFUSE = "refuse"
    ANSWER = "answer"
    DISMISS = "dismiss"


class PermissionState(StrEnum):
    """asked -> allowed | refused (a permission), answered | refused (a question: dismissed), or cancelled."""

    ASKED = "asked"
    ALLOWED = "allowed"
    REFUSED = "refused"
    ANSWERED = "answered"
    CANCELLED = "cancelled"  # the turn ended first


class Decider(StrEnum):
    """Who decided."""

    PERSON = "person"
    RULE = "rule"
    TIMEOUT = "timeout"  # nobody answered within the setting permission_timeout_s
    TURN = "turn"  # the turn ended


class RuleAction(StrEnum):
    """What a rule does with a request that it matches."""

    ALLOW = "allow"
    DENY = "deny"
    ASK = "ask"
