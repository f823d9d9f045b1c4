"""Ids are distinct types, so that a task's id is never passed where a session's is meant."""

from __future__ import annotations

from typing import NewType
from uuid import UUID, uuid4

ProjectId = NewType("ProjectId", UUID)
SessionId = NewType("SessionId", UUID)
ChatId = NewType("ChatId", UUID)
MessageId = NewType("MessageId", UUID)
TaskId = NewType("TaskId", UUID)
SnapshotId = NewType("SnapshotId", UUID)
ChangeId = NewType("ChangeId", UUID)
PermissionId = NewType("PermissionId", UUID)
AttachmentId = NewType("AttachmentId", UUID)
RuleId = NewType("RuleId", UUID)
SteerId = NewType("SteerId", UUID)
CommentId = NewType("CommentId", UUID)
HostId = NewType("HostId", UUID)
"""Stable per data directory: the worktrees and agent sessions in it belong to this host."""
InstanceId = NewType("InstanceId", UUID)
"""One run of a host. A restarted host has a new one, so it recognises turns of its earlier runs."""


def new_id() -> UUID:
    """A fresh random id."""
    return uuid4()
