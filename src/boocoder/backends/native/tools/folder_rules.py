"""Adds the rules of a folder when the model first works there in a conversation."""

from __future__ import annotations

from pathlib import Path

from boocoder.backends.native.context.project_rules import guide_in
from boocoder.backends.native.tools.known_files import RULES_HEAD, KnownFiles
from boocoder.backends.native.tools.path_policy import ResolvedPath

FOLDER_MAX_CHARS = 4_000  # of one folder's rules


class FolderRules:
    """Rules of the folders below a worktree.

    Args:
        worktree: its own rules are not included here, because they precede the first prompt.
        known: folders whose rules the conversation already contains.
        max_chars: limit of all rules added in a turn.
    """

    def __init__(self, *, worktree: Path, known: KnownFiles, max_chars: int) -> None:
        self._root = worktree.resolve()
        self._known = known
        self._left = max_chars

    def unseen_rules(self, place: ResolvedPath) -> str:
        """The rules of a path's parent folders that the model has not received yet, outermost first."""
        if not place.inside:
            return ""
        folders = [folder for folder in (place.path, *place.path.parents) if folder.is_relative_to(self._root)]
        rules = []
        for folder in reversed([one for one in folders if one != self._root and one not in self._known.ruled_folders]):
            guide = guide_in(self._root, folder, min(FOLDER_MAX_CHARS, self._left)) if self._left > 0 else None
            if guide is not None:
                self._known.ruled_folders.add(folder)
                self._left -= len(guide.text)
                head = RULES_HEAD.format(folder=guide.path.rpartition("/")[0], name=guide.path)
                rules.append(f"{head}\n{guide.text}]")
        return "\n\n".join(rules)
