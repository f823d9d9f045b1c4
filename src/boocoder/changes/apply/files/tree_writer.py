"""Writes the files in which two trees differ, path by path; it overwrites nothing that matches neither tree."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from os import stat_result
from pathlib import Path
from stat import S_IMODE, S_IXUSR

from boocoder.changes.apply.files.entries import EntryKind, PathStat, stat_of
from boocoder.changes.apply.files.placing import PathOccupied, bytes_of_link, temporary_path
from boocoder.changes.apply.files.safe_fs import SafeDirectory
from boocoder.changes.apply.files.write_order import batches, in_order, new_directories
from boocoder.git.diff.merge import ConflictKind, MergeConflict
from boocoder.git.diff.tree_diff import EXECUTABLE_MODE, NO_MODE, SYMLINK_MODE, ChangedFile
from boocoder.git.lfs.pointer import POINTER_MAX_BYTES

FILES_SYNCED_SINGLY = 64  # past this many, one sync of the file system is faster than one a file
_NOTHING = PathStat(EntryKind.ABSENT)


class PathState(Enum):
    """What is at a path, compared with the two trees."""

    PRE = auto()  # as before
    POST = auto()  # as after
    FOREIGN = auto()  # something else: never overwritten


@dataclass(frozen=True, slots=True)
class _WrittenPath:
    """One path that was written, and how to take that back."""

    path: bytes
    before: PathStat
    content: Path | None
    after: PathStat


class TreeWriter:
    """Writes the paths in which two trees differ.

    Its calls block: run them in a thread, in this order: `look`, `unclear`, `judge`, then `pending` and `write` or
    `roll_forward`.

    Args:
        root: the checkout.
        steps: how the trees differ, without submodules.
        staged: directory with those files of the tree after that `unclear` and `pending` named.
        undo: an empty directory for what is replaced.
        file_mode: whether the executable bit on disk means something.
        symlinks: whether a symbolic link of a tree is one on disk, else it is a file that holds its target.
        sparse: paths that are not on disk because the checkout is sparse.
    """

    def __init__(
        self,
        *,
        root: SafeDirectory,
        steps: Sequence[ChangedFile],
        staged: Path,
        undo: Path,
        file_mode: bool,
        symlinks: bool = True,
        sparse: Collection[bytes] = (),
    ) -> None:
        self._root = root
        self._steps = in_order(steps)
        self._paths = {step.path for step in steps}
        self._staged = staged
        self._undo = undo
        self._file_mode = file_mode
        self._symlinks = symlinks
        self._sparse = sparse
        self._found: dict[bytes, PathStat] = {}
        self._states: dict[bytes, PathState] = {}
        self._done: list[_WrittenPath] = []
        self._moved: dict[bytes, stat_result] = {}  # files that came with a whole directory, as they were then
        self._staged_paths: set[bytes] = set()
        self._undo_takes_moves = root.takes_moves(undo)
        self._movable = False  # what `staged` has is durable, if it is on the checkout's file system

    def look(self) -> None:
        """Note what is at every path now; ask git about the files after this."""
        with suppress(PathOccupied), self._root.held_open():
            self._found = {step.path: self._root.look(step.path) for step in self._steps}

    def unclear(self, differing: Collection[bytes]) -> list[bytes]:
        """The paths whose new content `judge` has to read. `differing` as for `judge`."""
        return [
            step.path
            for step in self._steps
            if step.new_mode != NO_MODE
            and self._found[step.path].kind in (EntryKind.FILE, EntryKind.LINK)
            and not self._is_pre(step, differing)
        ]

    def judge(self, differing: Collection[bytes]) -> list[MergeConflict]:
        """Compare what was seen with the trees.

        Args:
            differing: the paths whose file is not what the tree before has.

        Returns:
            A conflict for every path that is neither as before nor as after.
        """
        self._states = {step.path: self._state(step, differing) for step in self._steps}
        return [self._conflict(step) for step in self._steps if self._states[step.path] is PathState.FOREIGN]

    def _state(self, step: ChangedFile, differing: Collection[bytes]) -> PathState:
        found = self._found[step.path]
        if found.kind is EntryKind.ABSENT or (found.kind is EntryKind.BEHIND_LINK and found.above in self._paths):
            return self._state_of_absent(step)
        if found.kind is EntryKind.DIRECTORY:
            return self._state_of_directory(step)
        if found.kind not in (EntryKind.FILE, EntryKind.LINK):
            return PathState.FOREIGN
        if self._is_pre(step, differing):
            return PathState.PRE
        return PathState.POST if self._is_post(step, found) else PathState.FOREIGN

    def _is_pre(self, step: ChangedFile, differing: Collection[bytes]) -> bool:
        kind = self._found[step.path].kind
        return step.old_mode != NO_MODE and step.path not in differing and kind in self._kinds(step.old_mode)

    def _is_link(self, mode: str) -> bool:
        return mode == SYMLINK_MODE and self._symlinks

    def _kinds(self, mode: str) -> tuple[EntryKind, ...]:
        """What may be on disk for an entry of a tree; where links are files, a person may have made a link all the
        same, and git takes both."""
        if mode != SYMLINK_MODE:
            return (EntryKind.FILE,)
        return (EntryKind.LINK,) if self._symlinks else (EntryKind.FILE, EntryKind.LINK)

    def _state_of_absent(self, step: ChangedFile) -> PathState:
        if step.new_mode == NO_MODE:
            return PathState.POST
        return PathState.PRE if step.old_mode == NO_MODE or step.path in self._sparse else PathState.FOREIGN

    def _state_of_directory(self, step: ChangedFile) -> PathState:
        if step.new_mode == NO_MODE:
            return PathState.POST
        if step.old_mode != NO_MODE:
            return PathState.FOREIGN
        known = self._paths | {temporary_path(path) for path in self._paths}
        try:
            empty = all(path in known for path in self._root.names_below(step.path))
        except (OSError, PathOccupied):  # replaced since it was looked at
            return PathState.FOREIGN
        return PathState.PRE if empty else PathState.FOREIGN

    def _is_post(self, step: ChangedFile, found: PathStat) -> bool:
        if step.new_mode == NO_MODE or found.kind not in self._kinds(step.new_mode):
            return False
        if found.kind is EntryKind.FILE and self._file_mode and found.executable != (step.new_mode == EXECUTABLE_MODE):
            return False
        try:
            if found.kind is EntryKind.LINK:
                return self._root.read_link(step.path) == self._target(step)
            return self._root.has_content(step.path, self._content(step))
        except (OSError, PathOccupied):  # replaced since it was looked at
            return False

    def _content(self, step: ChangedFile) -> Path:
        """The new content, as a file or link."""
        return self._staged / _text(step.path)

    def _target(self, step: ChangedFile) -> bytes:
        """Where the new link leads; it is staged as a file where links are files."""
        staged = self._content(step)
        return bytes_of_link(staged) if self._is_link(step.new_mode) else staged.read_bytes()

    def _conflict(self, step: ChangedFile) -> MergeConflict:
        if step.old_mode == NO_MODE:
            return MergeConflict(step.path, ConflictKind.IN_THE_WAY, "is where the change puts a new file")
        return MergeConflict(
            step.path, ConflictKind.CHANGED_MEANWHILE, "was changed while the change was being applied"
        )

    def write(self) -> list[MergeConflict]:
        """Write every path; if one cannot be written, take all back.

        Returns:
            Empty, or the one path that could not be written, and those that could not be taken back.
        """
        steps = [step for step in self._steps if self._states[step.path] is PathState.PRE]
        failed = self._write_all(steps)
        return [] if failed is None else [failed, *self.take_back()]

    def _write_all(self, steps: Sequence[ChangedFile]) -> MergeConflict | None:
        try:
            self._move_directories(steps)
            for batch in batches([step for step in steps if step.path not in self._moved]):
                if (failed := self._write_batch(batch)) is not None:
                    return failed
            self._root.sync()
        except OSError as error:
            text = f"cannot be made durable: {error.strerror}"
            return MergeConflict(self._steps[-1].path, ConflictKind.UNREADABLE, text)
        return None

    def _move_directories(self, steps: Sequence[ChangedFile]) -> None:
        """Move whole directories to places where nothing is, if that saves much.

        Raises:
            OSError: their contents cannot be made durable.
        """
        directories = new_directories(steps, self._found)
        if sum(map(len, directories.values())) <= FILES_SYNCED_SINGLY or not self._root.takes_moves(self._staged):
            return
        self._root.sync_contents()
        for directory, listed in directories.items():
            with suppress(PathOccupied):  # each of its files is looked at then
                paths = [step.path for step in listed]
                self._moved |= self._root.move_new_directory(directory, self._staged / _text(directory), paths)

    def roll_forward(self) -> list[MergeConflict]:
        """Finish what was cut short: write every path that is still as before, leave what is neither.

        Returns:
            The paths that were left.
        """
        left = [self._conflict(step) for step in self._steps if self._states[step.path] is PathState.FOREIGN]
        for batch in batches(self._steps):
            with suppress(PathOccupied), self._root.held_open():
                left += self._roll_forward_each(batch)
            self._root.remove_emptied()
        self._root.sync()
        return left

    def _roll_forward_each(self, steps: Iterable[ChangedFile]) -> list[MergeConflict]:
        left: list[MergeConflict] = []
        for step in steps:
            self._root.drop_temporary(step.path)
            if self._states[step.path] is PathState.PRE:
                failed = self._attempt(step, self._write_step)
                left.extend([failed] if failed else [])
            if step.new_mode == NO_MODE:  # the directory may have been left when it was cut short
                self._root.note_perhaps_empty(step.path)
        return left

    def pending(self) -> list[bytes]:
        """The paths whose new content `write` and `roll_forward` need."""
        states = self._states
        return [step.path for step in self._steps if step.new_mode != NO_MODE and states[step.path] is PathState.PRE]

    def pointers(self, paths: Collection[bytes]) -> set[bytes]:
        """Those of the paths where a pointer of Git LFS is: its content has not been fetched."""
        found = self._found
        small = [path for path in paths if found[path].kind is EntryKind.FILE and found[path].size < POINTER_MAX_BYTES]
        return {path for path in small if self._root.is_pointer(path)}

    def _write_batch(self, steps: Sequence[ChangedFile]) -> MergeConflict | None:
        """Write some paths, many of them with one sync of their contents; the first that cannot be written."""
        staged = [step for step in steps if step.new_mode != NO_MODE and not self._is_link(step.new_mode)]
        if len(staged) <= FILES_SYNCED_SINGLY:
            return self._each(steps, self._write_step)
        try:
            movable = self._root.takes_moves(self._staged)
            copied = [step for step in staged if step.old_mode != NO_MODE or not movable]
            failed = self._each(copied, self._stage)
            if failed is None:
                self._root.sync_contents()
                self._movable = movable
                failed = self._each(steps, self._write_step)
        except OSError as error:
            text = f"cannot be made durable: {error.strerror}"
            failed = MergeConflict(steps[0].path, ConflictKind.UNREADABLE, text)
        self._movable = False
        for path in self._staged_paths if failed is not None else ():
            self._root.discard_staged(path)
        self._staged_paths.clear()
        return failed

    def _each(self, steps: Sequence[ChangedFile], work: Callable[[ChangedFile], bool]) -> MergeConflict | None:
        """Work on the steps in order, up to the first that fails."""
        try:
            with self._root.held_open():
                return next((failed for step in steps if (failed := self._attempt(step, work)) is not None), None)
        except PathOccupied:
            return self._conflict(steps[-1])
        finally:
            self._root.remove_emptied()

    def _attempt(self, step: ChangedFile, work: Callable[[ChangedFile], bool]) -> MergeConflict | None:
        try:
            return None if work(step) else self._conflict(step)
        except PathOccupied:
            return self._conflict(step)
        except OSError as error:
            return MergeConflict(step.path, ConflictKind.UNREADABLE, f"cannot be written: {error.strerror}")

    def _stage(self, step: ChangedFile) -> bool:
        """Put a file's new content beside its place."""
        self._staged_paths.add(step.path)
        content, executable = self._content(step), step.new_mode == EXECUTABLE_MODE
        replace = step.old_mode != NO_MODE
        self._root.stage_file(step.path, content, executable=executable, replace=replace, durable=False)
        return True

    def _move(self, step: ChangedFile) -> bool:
        """Move a new file to its place, if it was made durable on the same file system and nothing is there."""
        if not self._movable or step.old_mode != NO_MODE or self._is_link(step.new_mode):
            return False
        try:
            after = self._root.move_new(step.path, self._content(step))
        except PathOccupied:  # perhaps by an empty directory
            return False
        if after is not None:
            self._done.append(_WrittenPath(step.path, _NOTHING, None, after))
        return after is not None

    def _write_step(self, step: ChangedFile) -> bool:
        if self._move(step):
            return True
        now, before = self._root.look(step.path), self._found[step.path]
        if step.old_mode == NO_MODE:
            if now.kind is EntryKind.DIRECTORY:
                self._root.remove_empty_below(step.path)
                now = self._root.look(step.path)
            if now.kind is not EntryKind.ABSENT:
                return False
        elif (now.kind, now.signature) != (before.kind, before.signature):
            return False
        if self._move_out(step, now):
            return True
        copied = self._keep(step, now)
        self._put(step, replace=step.old_mode != NO_MODE)
        self._done.append(_WrittenPath(step.path, now, copied, self._root.look(step.path)))
        return True

    def _move_out(self, step: ChangedFile, now: PathStat) -> bool:
        """Delete a file by moving it to where it is kept, if it can be moved there."""
        if step.new_mode != NO_MODE or now.kind is not EntryKind.FILE or not self._undo_takes_moves:
            return False
        kept = self._undo / str(len(self._done))
        if not self._root.move_out(step.path, kept, now):
            return False
        self._done.append(_WrittenPath(step.path, now, kept, _NOTHING))
        return True

    def _keep(self, step: ChangedFile, now: PathStat) -> Path | None:
        if now.kind is EntryKind.ABSENT:
            return None
        kept = self._undo / str(len(self._done))
        if now.kind is EntryKind.LINK:
            kept.write_bytes(self._root.read_link(step.path))
        else:
            self._root.copy_out(step.path, kept)
        return kept

    def _put(self, step: ChangedFile, *, replace: bool) -> None:
        if step.new_mode == NO_MODE:
            self._root.delete(step.path)
        elif step.path in self._staged_paths:
            self._root.place_staged(step.path, replace=replace)
            self._staged_paths.discard(step.path)
        elif self._is_link(step.new_mode):
            self._root.put_link(step.path, self._target(step), replace=replace)
        else:
            executable = step.new_mode == EXECUTABLE_MODE
            self._root.put_file(step.path, self._content(step), executable=executable, replace=replace)

    def take_back(self) -> list[MergeConflict]:
        """Make every path that was written as it was; returns those that somebody changed since."""
        left: list[MergeConflict] = []
        moved = [_WrittenPath(path, _NOTHING, None, stat_of(found)) for path, found in self._moved.items()]
        for done in reversed([*moved, *self._done]):
            try:
                self._take_back_one(done)
            except (OSError, PathOccupied) as error:
                text = f"was written and could not be taken back: {error}"
                left.append(MergeConflict(done.path, ConflictKind.UNREADABLE, text))
        with suppress(OSError):
            self._root.sync()
        return left

    def _take_back_one(self, done: _WrittenPath) -> None:
        now = self._root.look(done.path)
        if (now.kind, now.signature) != (done.after.kind, done.after.signature):
            raise PathOccupied("somebody changed it since")
        if done.content is None:
            self._root.delete(done.path)
            self._root.remove_emptied()
            return
        content, replace = done.content, now.kind is not EntryKind.ABSENT
        if done.before.kind is EntryKind.LINK:
            self._root.put_link(done.path, content.read_bytes(), replace=replace)
        elif not self._root.move_back(done.path, content, done.before):  # a full disk has no room for copies
            mode = S_IMODE(done.before.signature[-1])
            self._root.put_file(done.path, content, executable=bool(mode & S_IXUSR), replace=replace, mode=mode)


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
