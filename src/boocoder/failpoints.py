"""Named points at which a test can kill the process to exercise recovery.

The setting `failpoints` arms them ("settle.before_commit=2" dies at the second hit); otherwise they do nothing.
"""

from __future__ import annotations

import os
import signal

from boocoder.errors import InvalidInput

NAMES = (  # of a turn
    "claim.after",  # the task is running, nothing else happened
    "prepare.after_commit",  # messages and turn_started are stored
    "worktree.after_add",  # the worktree exists on disk, its row does not say ready
    "prompt.before_sent",  # the agent session is known, the prompt not recorded as sent
    "prompt.after_sent",  # recorded as sent, the agent does not have it yet
    "record.after_batch",  # a batch of the stream was stored
    "done.after_snapshot",  # the files are measured, the backend still asks how the agent ended
    "settle.before_snapshot",  # the agent has ended
    "settle.after_snapshot",  # the tree is kept by its ref, no row knows it
    "settle.before_commit",  # inside the settling transaction
    "settle.after_commit",  # stored, not yet published
)

STEERING = (  # of a message for a turn that runs
    "steer.before_delivered",  # the turn takes it, its row still says reserved
    "steer.after_delivered",  # recorded as delivered, the agent does not have it yet
    "steer.before_confirmed",  # the agent has it, its row says delivered
    "steer.after_confirmed",  # recorded as confirmed
)

REST = (  # outside a turn
    "apply.after_objects",  # a commit's objects are in the user's repository, no journal is open
    "apply.after_begin",  # the journal is open, nothing was written
    "apply.after_lock",  # the user's index is locked
    "apply.after_files",  # the checkout is written
    "apply.after_ref",  # the branch has moved or was made
    "apply.after_index",  # the user's index is new, its lock still there
    "apply.after_unlock",  # only the journal is still open
    "unapply.after_begin",  # the journal of undoing an apply is open
    "unapply.after_files",  # the change is out of the checkout, the rows still say applied
    "undo.after_begin",  # the journal of a worktree's update is open
    "undo.after_files",  # the rejected units are out of the worktree, the change is not measured
    "resolve.after_begin",  # the journal of a worktree's update is open
    "resolve.after_files",  # the worktree is updated, its base is not moved
    "rewind.after_mark",  # the rewind is in the journal, no file is written
    "rewind.after_files",  # all files are written, the journal is open
    "removal.after_tombstone",  # the worktree counts as being removed, all its files are there
    "removal.after_files",  # none is left, its row does not say so
    "deletion.after_rows",  # no row is left of the session, all its files but the worktree are
    "restore.after_files",  # the worktree is there again, its row does not say so
)


ALL = (*NAMES, *STEERING, *REST)


class Failpoints:
    """The armed failpoints of one process.

    Args:
        armed: "name=n,name=n": die by SIGKILL at the n-th hit of that name, n >= 1.

    Raises:
        InvalidInput: an unknown name or a bad count.
    """

    def __init__(self, armed: str = "") -> None:
        self._left: dict[str, int] = {}
        for entry in filter(None, armed.split(",")):
            name, _, count = entry.partition("=")
            if name not in ALL or not (count or "1").isdigit() or int(count or "1") < 1:
                raise InvalidInput("failpoint_unknown", f"No failpoint {entry!r}.", f"Known are: {', '.join(ALL)}.")
            self._left[name] = int(count or "1")

    def hit(self, name: str) -> None:
        """Die if `name` is armed and its count is reached."""
        if name not in self._left:
            return
        self._left[name] -= 1
        if self._left[name] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
