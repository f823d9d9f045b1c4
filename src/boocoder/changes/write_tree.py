"""Turns files from one tree into another, path by path, and overwrites nothing that is neither. Files only, no git."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from stat import S_IMODE, S_IXUSR

from boocoder.changes.rooted import Found, Kind, PathTaken, Rooted, temporary_name
from boocoder.git.merge import Conflict, ConflictKind
from boocoder.git.tree_diff import EXECUTABLE_MODE, NO_MODE, SYMLINK_MODE, ChangedFile

_ATTRIBUTES = b".gitattributes"


class State(Enum):
    """What stands at a path, seen from the change."""

    PRE = auto()  # as before
    POST = auto()  # as after
    FOREIGN = auto()  # something else: never overwritten


@dataclass(frozen=True, slots=True)
class _Done:
    """One path that was written, and how to take that back."""

    path: bytes
    before: Found
    content: Path | None
    after: Found


class TreeWriter:
    """Writes the paths in which two trees differ.

    Its calls block; they belong into a thread, one after the other: `look`, `judge`, then `write` or `roll_forward`.

    Args:
        root: the checkout.
        steps: how the trees differ, without submodules.
        staged: directory with the files of the tree after.
        undo: an empty directory for what is replaced.
        file_mode: whether the executable bit on disk means something.
    """

    def __init__(
        self, *, root: Rooted, steps: Sequence[ChangedFile], staged: Path, undo: Path, file_mode: bool
    ) -> None:
        self._root = root
        self._steps = in_order(steps)
        self._paths = {step.path for step in steps}
        self._staged = staged
        self._undo = undo
        self._file_mode = file_mode
        self._found: dict[bytes, Found] = {}
        self._states: dict[bytes, State] = {}
        self._done: list[_Done] = []

    def look(self) -> None:
        """Note what stands at every path now. What git says of the files has to be asked after this."""
        self._found = {step.path: self._root.look(step.path) for step in self._steps}

    def judge(self, differing: Collection[bytes]) -> list[Conflict]:
        """Compare what was seen with the trees.

        Args:
            differing: the paths whose file is not what the tree before has.

        Returns:
            A conflict for every path that is neither as before nor as after.
        """
        self._states = {step.path: self._state(step, differing) for step in self._steps}
        return [self._conflict(step) for step in self._steps if self._states[step.path] is State.FOREIGN]

    def _state(self, step: ChangedFile, differing: Collection[bytes]) -> State:
        found = self._found[step.path]
        if found.kind is Kind.ABSENT or (found.kind is Kind.BEHIND_LINK and found.above in self._paths):
            return self._state_of_absent(step)
        if found.kind is Kind.DIRECTORY:
            return self._state_of_directory(step)
        if found.kind not in (Kind.FILE, Kind.LINK):
            return State.FOREIGN
        if step.old_mode != NO_MODE and step.path not in differing and found.kind is _kind(step.old_mode):
            return State.PRE
        return State.POST if self._is_post(step, found) else State.FOREIGN

    def _state_of_absent(self, step: ChangedFile) -> State:
        if step.new_mode == NO_MODE:
            return State.POST
        return State.PRE if step.old_mode == NO_MODE else State.FOREIGN

    def _state_of_directory(self, step: ChangedFile) -> State:
        if step.new_mode == NO_MODE:
            return State.POST
        if step.old_mode != NO_MODE:
            return State.FOREIGN
        known = self._paths | {_temporary(path) for path in self._paths}
        return State.PRE if all(path in known for path in self._root.names_below(step.path)) else State.FOREIGN

    def _is_post(self, step: ChangedFile, found: Found) -> bool:
        if step.new_mode == NO_MODE or found.kind is not _kind(step.new_mode):
            return False
        if found.kind is Kind.FILE and self._file_mode and found.executable != (step.new_mode == EXECUTABLE_MODE):
            return False
        return self._root.read(step.path) == self._content(step)

    def _content(self, step: ChangedFile) -> bytes:
        staged = self._staged / _text(step.path)
        return bytes_of_link(staged) if step.new_mode == SYMLINK_MODE else staged.read_bytes()

    def _conflict(self, step: ChangedFile) -> Conflict:
        if step.old_mode == NO_MODE:
            return Conflict(step.path, ConflictKind.IN_THE_WAY, "stands where the change puts a new file")
        return Conflict(step.path, ConflictKind.CHANGED_MEANWHILE, "was changed while the change was being applied")

    def write(self) -> list[Conflict]:
        """Write every path; if one cannot be written, take all back.

        Returns:
            Empty, or the one path that could not be written, and those that could not be taken back.
        """
        for step in self._steps:
            if self._states[step.path] is State.PRE:
                failed = self._try_step(step)
                if failed is not None:
                    return [failed, *self.take_back()]
        try:
            self._root.sync()
        except OSError as error:
            failed = Conflict(
                self._steps[-1].path, ConflictKind.UNREADABLE, f"cannot be made durable: {error.strerror}"
            )
            return [failed, *self.take_back()]
        return []

    def roll_forward(self) -> list[Conflict]:
        """Finish what was cut short: write every path that is still as before, leave what is neither.

        Returns:
            The paths that were left.
        """
        left = [self._conflict(step) for step in self._steps if self._states[step.path] is State.FOREIGN]
        for step in self._steps:
            self._root.drop_temporary(step.path)
            if self._states[step.path] is State.PRE:
                failed = self._try_step(step)
                left.extend([failed] if failed else [])
        self._root.sync()
        return left

    def _try_step(self, step: ChangedFile) -> Conflict | None:
        try:
            return None if self._write_step(step) else self._conflict(step)
        except PathTaken:
            return self._conflict(step)
        except OSError as error:
            return Conflict(step.path, ConflictKind.UNREADABLE, f"cannot be written: {error.strerror}")

    def _write_step(self, step: ChangedFile) -> bool:
        now, before = self._root.look(step.path), self._found[step.path]
        if step.old_mode == NO_MODE:
            if now.kind is Kind.DIRECTORY:
                self._root.remove_empty_below(step.path)
                now = self._root.look(step.path)
            if now.kind is not Kind.ABSENT:
                return False
        elif (now.kind, now.signature) != (before.kind, before.signature):
            return False
        kept = self._keep(step, now)
        self._put(step, replace=step.old_mode != NO_MODE)
        self._done.append(_Done(step.path, now, kept, self._root.look(step.path)))
        return True

    def _keep(self, step: ChangedFile, now: Found) -> Path | None:
        if now.kind is Kind.ABSENT:
            return None
        kept = self._undo / str(len(self._done))
        kept.write_bytes(self._root.read(step.path))
        return kept

    def _put(self, step: ChangedFile, *, replace: bool) -> None:
        if step.new_mode == NO_MODE:
            self._root.delete(step.path)
        elif step.new_mode == SYMLINK_MODE:
            self._root.put_link(step.path, self._content(step), replace=replace)
        else:
            executable = step.new_mode == EXECUTABLE_MODE
            self._root.put_file(step.path, self._content(step), executable=executable, replace=replace)

    def take_back(self) -> list[Conflict]:
        """Make every path that was written as it was; returns those that somebody changed since."""
        left: list[Conflict] = []
        for done in reversed(self._done):
            try:
                self._take_back_one(done)
            except (OSError, PathTaken) as error:
                text = f"was written and could not be taken back: {error}"
                left.append(Conflict(done.path, ConflictKind.UNREADABLE, text))
        with suppress(OSError):
            self._root.sync()
        return left

    def _take_back_one(self, done: _Done) -> None:
        now = self._root.look(done.path)
        if (now.kind, now.signature) != (done.after.kind, done.after.signature):
            raise PathTaken("somebody changed it since")
        if done.content is None:
            self._root.delete(done.path)
            return
        content, replace = done.content.read_bytes(), now.kind is not Kind.ABSENT
        if done.before.kind is Kind.LINK:
            self._root.put_link(done.path, content, replace=replace)
        else:
            mode = S_IMODE(done.before.signature[-1])
            self._root.put_file(done.path, content, executable=bool(mode & S_IXUSR), replace=replace, mode=mode)


def in_order(steps: Iterable[ChangedFile]) -> list[ChangedFile]:
    """Deletions first and from the deepest, then writing; what rules how files are read comes last.

    A deletion makes room where a file and a directory change places. Attributes stay as they were until every
    other file is written, so that after a crash git still reads an unwritten file as before.
    """
    listed = list(steps)
    written = {step.path for step in listed if step.new_mode != NO_MODE}
    deleted = [step for step in listed if step.new_mode == NO_MODE]
    early = [step for step in deleted if not _rules(step.path) or _any_above(step.path, written)]
    late = [step for step in deleted if step not in early]
    puts = [step for step in listed if step.new_mode != NO_MODE and not _rules(step.path)]
    rules = [step for step in listed if step.new_mode != NO_MODE and _rules(step.path)]
    return [
        *sorted(early, key=lambda step: step.path, reverse=True),
        *sorted(puts, key=lambda step: step.path),
        *sorted(rules, key=lambda step: step.path),
        *sorted(late, key=lambda step: step.path, reverse=True),
    ]


def _rules(path: bytes) -> bool:
    return path.rpartition(b"/")[2] == _ATTRIBUTES


def _any_above(path: bytes, among: Collection[bytes]) -> bool:
    parts = path.split(b"/")
    return any(b"/".join(parts[:count]) in among for count in range(1, len(parts)))


def _kind(mode: str) -> Kind:
    return Kind.LINK if mode == SYMLINK_MODE else Kind.FILE


def _temporary(path: bytes) -> bytes:
    above, slash, _ = path.rpartition(b"/")
    return above + slash + temporary_name(path)


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def bytes_of_link(path: Path) -> bytes:
    """A symbolic link's target as bytes."""
    return str(path.readlink()).encode("utf-8", "surrogateescape")
