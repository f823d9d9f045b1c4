"""In whose name a turn writes: one attempt of one task by one run of one host."""

from __future__ import annotations

from dataclasses import dataclass

from boocoder.model.ids import HostId, InstanceId, TaskId


@dataclass(frozen=True, slots=True)
class Owner:
    """The guard of every write of a turn.

    Args:
        epoch: number of the attempt, 1 for the first.
    """

    task_id: TaskId
    epoch: int
    host_id: HostId
    instance_id: InstanceId

    @property
    def key(self) -> tuple[TaskId, int, InstanceId]:
        """What the database compares."""
        return (self.task_id, self.epoch, self.instance_id)
