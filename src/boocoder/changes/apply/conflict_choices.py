"""Resolves conflicts of a merge the way a person chose: a whole file, or block by block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from boocoder.changes.apply.conflicts import SIDE_MAX_CHARS, merged_pieces
from boocoder.changes.diff.statistics import path_text
from boocoder.errors import Conflict
from boocoder.git.diff.merge import MergeConflict
from boocoder.git.diff.tree_diff import NO_MODE
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.shadow.tree_build import TreeEdit, build_tree, write_blobs
from boocoder.git.shadow.tree_entries import TreeEntry
from boocoder.wire.problems import ConflictRegion

_AGENT, _USER = 2, 3  # stages of the merge into the worktree


class Side(StrEnum):
    """Whose text stays."""

    USER = "user"
    AGENT = "agent"
    BOTH = "both"  # the user's, then the agent's


@dataclass(frozen=True, slots=True)
class BlockChoice:
    """What becomes of one block.

    Args:
        user, agent: both sides as they were shown; they identify the block.
        take: a side, or None for `text`.
        text: what the person wrote instead.
    """

    user: str
    agent: str
    take: Side | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class FileChoice:
    """What becomes of one file.

    Args:
        path, path_coded: as the conflict was shown.
        take: for the whole file; None where `blocks` say it.
        blocks: all blocks of the file, in order.
    """

    path: str
    path_coded: bool
    take: Side | None
    blocks: tuple[BlockChoice, ...] = ()


async def resolved_tree(
    shadow: ShadowRepository,
    *,
    marked: str,
    conflicts: Sequence[MergeConflict],
    choices: Sequence[FileChoice],
    agent_tree: str,
    user_tree: str,
) -> tuple[str, tuple[MergeConflict, ...]]:
    """The merged tree with the chosen files, and the conflicts that nothing was chosen for.

    Args:
        marked: the merged tree with conflict markers.
        agent_tree, user_tree: the two sides.

    Raises:
        Conflict: conflict_changed, the files are not what the person has seen; conflict_not_text, blocks were chosen
            for a file that has none.
    """
    chosen = {(one.path, one.path_coded): one for one in choices}
    picked = [(one, found) for one in conflicts if (found := chosen.pop(path_text(one.path), None)) is not None]
    if chosen:
        raise _changed(next(iter(chosen))[0])
    sides = {Side.AGENT: await _entries(shadow, agent_tree), Side.USER: await _entries(shadow, user_tree)}
    edits = [await _edit(shadow, conflict, choice, sides) for conflict, choice in picked]
    done = {conflict.path for conflict, _ in picked}
    return await build_tree(shadow.git, marked, edits), tuple(one for one in conflicts if one.path not in done)


async def _entries(shadow: ShadowRepository, tree: str) -> Mapping[bytes, TreeEntry]:
    return {entry.path: entry for entry in await shadow.tree_entries(tree)}


async def _edit(
    shadow: ShadowRepository,
    conflict: MergeConflict,
    choice: FileChoice,
    sides: Mapping[Side, Mapping[bytes, TreeEntry]],
) -> TreeEdit:
    path = conflict.path
    if choice.take in (Side.AGENT, Side.USER):
        entry = sides[choice.take].get(path)
        return TreeEdit(path, NO_MODE, "") if entry is None else TreeEdit(path, entry.mode, entry.id)
    entry = sides[Side.USER].get(path) or sides[Side.AGENT].get(path)
    if entry is None or not {_AGENT, _USER} <= {stage for stage, _ in conflict.stages}:
        raise Conflict(
            "conflict_not_text", f"{choice.path} cannot be merged block by block.", "Choose one side of the whole file."
        )
    [blob] = await write_blobs(shadow.git, [await _content(shadow, conflict, choice)])
    return TreeEdit(path, entry.mode, blob)


async def _content(shadow: ShadowRepository, conflict: MergeConflict, choice: FileChoice) -> bytes:
    ids = dict(conflict.stages)
    stages = {2: ids[_USER], 3: ids[_AGENT], **({1: ids[1]} if 1 in ids else {})}  # the user's side first, as shown
    pieces = await merged_pieces(shadow, stages)
    blocks = list(choice.blocks)
    parts: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            parts.append(piece)
            continue
        if choice.take is Side.BOTH:
            parts.append(piece.ours + piece.theirs)
            continue
        if not blocks or not _is_shown(piece.region, blocks[0]):
            raise _changed(choice.path)
        parts.append(_block(piece.ours, piece.theirs, blocks.pop(0)))
    if blocks or not pieces:
        raise _changed(choice.path)
    return b"".join(parts)


def _is_shown(region: ConflictRegion, block: BlockChoice) -> bool:
    return (region.ours, region.theirs) == (block.user[:SIDE_MAX_CHARS], block.agent[:SIDE_MAX_CHARS])


def _block(user: bytes, agent: bytes, choice: BlockChoice) -> bytes:
    match choice.take:
        case Side.USER:
            return user
        case Side.AGENT:
            return agent
        case Side.BOTH:
            return user + agent
        case None:
            text = choice.text
            return (text if not text or text.endswith("\n") else f"{text}\n").encode()


def _changed(path: str) -> Conflict:
    return Conflict(
        "conflict_changed", f"The conflict in {path} is not the one that was shown.", "Look at the conflicts again."
    )
