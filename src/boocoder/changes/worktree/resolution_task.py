"""The task that asks a session's agent to resolve the conflicts of a merge into its worktree."""

from __future__ import annotations

from collections.abc import Sequence

from boocoder.changes.diff.statistics import path_text
from boocoder.db.conversation import chats
from boocoder.db.core.pool import Connection
from boocoder.db.files.changes import Change
from boocoder.db.tasks import tasks
from boocoder.events.frames import QueueChangedFrame
from boocoder.git.diff.merge import ConflictKind
from boocoder.git.diff.merge import MergeConflict as FileConflict
from boocoder.model.ids import TaskId, new_id
from boocoder.model.task import TaskState
from boocoder.worktrees.history.snapshots import SnapshotSource

NAMED_FILES = 100  # in the agent's prompt


async def queue_resolution(
    conn: Connection, place: SnapshotSource, change: Change | None, conflicts: Sequence[FileConflict]
) -> tuple[TaskId, QueueChangedFrame]:
    """Queue the task that asks the agent to resolve, in the chat of the change, else of the session's newest task."""
    session_id = place.row.session_id
    if change is None:
        (newest,) = await tasks.list_tasks(conn, session_id=session_id, limit=1)  # a worktree is made for a task
        made_by_id = newest.id
    else:
        made_by_id = change.task_id
    made_by = await tasks.get_task(conn, made_by_id)
    chat = await chats.get_chat(conn, made_by.chat_id)
    task_id = TaskId(new_id())
    await tasks.insert_task(
        conn,
        task_id,
        project_id=place.project_id,
        session_id=session_id,
        chat_id=chat.id,
        prompt=prompt_of(conflicts),
        agent=chat.agent or made_by.agent,
        model=chat.model if chat.agent else made_by.model,
        mode=chat.mode if chat.agent else made_by.mode,
        thinking=chat.thinking if chat.agent else made_by.thinking,
    )
    return task_id, await tasks.queue_changed(conn, session_id, task_id, TaskState.PENDING)


_MOVED = "it was moved, or is a file on one side and a directory on the other"
_WHAT_MET = {  # "here" is the worktree
    ConflictKind.BOTH_MODIFIED: "both sides changed it; it has conflict markers, or is yours where it is not text",
    ConflictKind.BOTH_ADDED: "both sides added it; it has conflict markers, or is yours where it is not text",
    ConflictKind.DELETED_HERE: "you deleted it, the user changed it; the user's version is there",
    ConflictKind.DELETED_THERE: "the user deleted it, you changed it; your version is there",
}


def prompt_of(conflicts: Sequence[FileConflict]) -> str:
    """What the agent is asked to do."""
    kinds = {one.path: one.kind for one in conflicts}
    lines = [
        f"- {path_text(path)[0]}: {_WHAT_MET.get(kind, _MOVED)}" for path, kind in list(kinds.items())[:NAMED_FILES]
    ]
    more = [f"- and {len(kinds) - NAMED_FILES} more; search for conflict markers"] * (len(kinds) > NAMED_FILES)
    return "\n".join(
        [
            "The user's files changed while you worked. Their newer state was merged into this worktree, and in these",
            "files both sides met:",
            "",
            *lines,
            *more,
            "",
            "Your version is between <<<<<<< and =======, the user's between ======= and >>>>>>>. Edit each of",
            "these files so that it keeps the intent of both sides, remove all conflict markers, and change nothing",
            "else. Then say in a few words how you resolved each file.",
        ]
    )
