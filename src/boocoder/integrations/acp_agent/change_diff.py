"""A session's change as one ACP tool call with diffs, and where to review and apply it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from acp.schema import FileEditToolCallContent, ToolCallLocation, ToolCallProgress, ToolCallStart

from boocoder.client.http_client import Client
from boocoder.client.review_client import ReviewClient
from boocoder.events import frames
from boocoder.integrations.acp_agent.update_translator import ToolContent, file_diff, text_content
from boocoder.model.ids import ChangeId
from boocoder.wire.review import DiffLine, ReviewedFile, ReviewUnit

FILES_MAX = 50  # an editor shows each diff; the page and the command line have the others
SHOWN_MAX_CHARS = 400_000  # of all diffs of a change

_ENDS = {"lf": "\n", "crlf": "\r\n", "none": ""}
_STATES = {"superseded": "replaced by a newer one", "withdrawn": "withdrawn: the files are as at the start"}


async def change_tool_call(client: Client, change_id: ChangeId, *, worktree: Path, page: str) -> ToolCallStart:
    """The change as a finished tool call.

    Args:
        client: of the service.
        change_id: the change.
        worktree: the session's files, for absolute paths.
        page: address of the session's page.
    """
    review = ReviewClient(client, change_id)
    files = await review.files()
    content: list[ToolContent] = []
    left_out, chars = max(0, len(files) - FILES_MAX), 0
    for file in files[:FILES_MAX]:
        diffs = [] if chars > SHOWN_MAX_CHARS else await _diffs(review, file, worktree)
        chars += sum(len(one.new_text) + len(one.old_text or "") for one in diffs)
        content += diffs
        left_out += not diffs
    content.append(text_content(_pointer(str(change_id)[:8], page, left_out)))
    return ToolCallStart(
        session_update="tool_call",
        tool_call_id=change_call_id(change_id),
        title=f"Change to review: {_size(files)}",
        kind="edit",
        status="completed",
        content=content,
        locations=[ToolCallLocation(path=str(worktree / one.path)) for one in files[:FILES_MAX] if not one.path_coded],
    )


def change_state(frame: frames.ChangeUpdatedFrame) -> ToolCallProgress:
    """What became of a change that the editor shows."""
    return ToolCallProgress(
        session_update="tool_call_update",
        tool_call_id=change_call_id(frame.change_id),
        title=f"Change {_STATES.get(frame.state, frame.state)}",
        status="completed",
    )


def change_call_id(change_id: object) -> str:
    """The id of a change's tool call."""
    return f"change-{change_id}"


async def _diffs(review: ReviewClient, file: ReviewedFile, worktree: Path) -> list[FileEditToolCallContent]:
    if file.binary or file.lfs or file.too_large or file.path_coded:
        return []
    units = await review.units(file.number)
    if any(line.left_out or not line.utf8 for unit in units for line in unit.lines):
        return []  # a shortened or escaped text is not what the file holds
    path = str(worktree / file.path)
    return [_unit_diff(path, unit, new_file=file.old_size is None) for unit in units if unit.lines]


def _unit_diff(path: str, unit: ReviewUnit, *, new_file: bool) -> FileEditToolCallContent:
    old = _side(unit.lines, "added")
    return file_diff(path, None if new_file else old, _side(unit.lines, "removed"))


def _side(lines: Sequence[DiffLine], without: str) -> str:
    return "".join(line.text + _ENDS[line.end] for line in lines if line.kind != without)


def _size(files: Sequence[ReviewedFile]) -> str:
    added, deleted = sum(one.additions for one in files), sum(one.deletions for one in files)
    return f"{len(files)} file{'' if len(files) == 1 else 's'}, +{added} \u2212{deleted}"


def _pointer(short: str, page: str, left_out: int) -> str:
    missing = f"{left_out} more files are not shown here. " if left_out else ""
    return (
        f"{missing}Nothing of this is in your checkout yet. Review it at {page} or with `boocoder review {short}`; "
        f"apply it there, with `boocoder apply {short}`, or with /boocoder-apply."
    )
