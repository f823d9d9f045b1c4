"""Names one attempt: of one task, by one run of one host."""

from __future__ import annotations

from dataclasses import dataclass

from boocoder.model.ids import HostId, InstanceId, TaskId


@dataclass(frozen=True, slots=True)
class AttemptKey:
    """The attempt in whose name a turn writes.

    Args:
        epoch: number of the attempt, 1 for the first.
    """

    task_id: TaskId
    epoch: int
    host_id: HostId
    instance_id: InstanceId

    @property
    def guard(self) -> tuple[TaskId, int, InstanceId]:
        """What guarded statements compare."""
        return (self.task_id, self.epoch, self.instance_id)
