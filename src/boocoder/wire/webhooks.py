"""Webhooks and their deliveries; hooks, which are called the other way round; branches that hooks hear of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from boocoder.model.ids import ProjectId, SessionId, TaskId
from boocoder.model.webhook import DeliveryState, FollowState, ForgeEventKind


class WebhookInfo(msgspec.Struct, frozen=True):
    """A URL that is told of events: of which (empty: all), and of which project (None: all).

    Args:
        waiting: deliveries that are not over.
        last_state, last_at, last_error: of the newest delivery that was tried; None and "" without one.
    """

    id: UUID
    url: str
    events: tuple[str, ...]
    project_id: ProjectId | None
    enabled: bool
    created_at: datetime
    waiting: int
    last_state: DeliveryState | None
    last_at: datetime | None
    last_error: str


class NewWebhookInfo(WebhookInfo, frozen=True):
    """A fresh webhook with the secret that signs its messages, which is told this once."""

    secret: str


class DeliveryInfo(msgspec.Struct, frozen=True):
    """One event for one webhook.

    Args:
        message_id: the header webhook-id, the same in every try and when it is sent again.
        session_id: None for a test.
        next_try_at: None once it is over.
        status_code: of the newest answer; None where there was none.
        error: why the newest try failed; "" if none did.
    """

    id: UUID
    message_id: UUID
    event: str
    session_id: SessionId | None
    state: DeliveryState
    tries: int
    created_at: datetime
    next_try_at: datetime | None
    ended_at: datetime | None
    status_code: int | None
    error: str


class HookOrder(msgspec.Struct, frozen=True):
    """What a person says of a hook.

    Args:
        name: in its address: lower-case letters, digits, dashes.
        prompt, title: templates; without a title the prompt's first line is it.
        per_hour: tasks that it starts in any hour, at most, >= 1.
    """

    name: str
    project_id: ProjectId
    prompt: str
    title: str | None
    agent: str | None
    model: str | None
    mode: str | None
    per_hour: int


class HookFields(HookOrder, frozen=True):
    """The part of a hook that its row and the API's answer have in common.

    Args:
        tasks, last_task_at: how many it has started, and when the newest.
    """

    enabled: bool
    created_at: datetime
    tasks: int
    last_task_at: datetime | None


class HookInfo(HookFields, frozen=True):
    """An address that starts a task for each delivery whose fields say what `conditions` want."""

    conditions: Mapping[str, str]


class NewHookInfo(HookInfo, frozen=True):
    """A fresh hook with the secret that signs its deliveries, which is told this once."""

    secret: str


class HookResult(msgspec.Struct, frozen=True):
    """What came of a delivery to a hook.

    Args:
        task_id, session_id: of the task that it started; None where it started none.
        created: false where an earlier delivery with its id had started the task.
        skipped: the condition that it does not fit; "" where it started a task.
    """

    task_id: TaskId | None
    session_id: SessionId | None
    created: bool
    skipped: str


class FollowFields(msgspec.Struct, frozen=True):
    """The part of a published branch that its rows and the API's answer have in common.

    Args:
        repository: its path at the forge in lower case; "" where the remote is a directory.
        commit: the newest that was pushed.
        base: the branch that it is meant for; "" until the forge has said so.
        reason, detail: why no round starts any more; "" while rounds may start.
        rounds_max: 0: none starts.
        cost_usd: of the rounds' turns, as far as agents report it.
        cost_max_usd: 0.0 for no bound.
        gate: a shell command that has to end with 0 before a round is pushed; "" for none.
        reviewers: names at the forge whose comments count whatever the forge says of them.
        task_id: of the newest round.
        ci: passed or failed, of `commit`; "" until the forge has said so.
        review: approved or changes_requested; "" without a verdict.
    """

    session_id: SessionId
    project_id: ProjectId
    repository: str
    remote: str
    branch: str
    commit: str
    base: str
    url: str
    number: int | None
    state: FollowState
    reason: str
    detail: str
    rounds: int
    rounds_max: int
    cost_usd: float
    cost_max_usd: float
    gate: str
    reviewers: tuple[str, ...]
    task_id: TaskId | None
    ci: str
    review: str
    created_at: datetime
    updated_at: datetime


class FollowInfo(FollowFields, frozen=True):
    """A session's published branch.

    Args:
        waiting: events that no round has answered.
        gate_exit_code: of the newest run of the gate; None without one that ended by itself.
    """

    waiting: int
    gate_exit_code: int | None


class ForgeEventInfo(msgspec.Struct, frozen=True):
    """What a forge or a gate said of a published branch.

    Args:
        round: that answers it; None where it waits, or where there was nothing to do.
    """

    id: UUID
    kind: ForgeEventKind
    author: str
    text: str
    url: str
    created_at: datetime
    handled_at: datetime | None
    round: int | None
