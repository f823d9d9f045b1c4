"""Names what of the user's checkout and repository changed while a turn ran. Read-only.

An agent works in its worktree, but its shell can write elsewhere. A look is the list of files that differ from the
checkout's index or are untracked, with their times and sizes, and the state of references, stash, settings and hooks.
The first begins with the agent's first sign after its prompt, or a tenth of a second later. The agent never waits for a
look.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from boocoder.errors import BoocoderError
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.user.state import ReferenceWatch, state_changes
from boocoder.model.ids import ProjectId
from boocoder.service import TaskSupervisor
from boocoder.worktrees.create.start_point import count, named, path_shown

log = logging.getLogger(__name__)

LOOK_MAX_S = 10.0  # a look that takes longer is given up
SLOW_S = 1.0  # 50,000 files take 0.2 s where nothing else runs
REST_FACTOR = 60  # after a slow look the checkout is left alone for so many times as long: under 2 % of a core
FILES_MAX = 5_000  # a checkout with more dirty files is not compared
WAIT_MIN_S = SLOW_S  # a turn's end may wait so long at least; where that is not enough, no look follows for long

DirtyFiles = Mapping[bytes, tuple[int, int]]
"""Path of a dirty file -> time (ns) and size in bytes; (0, 0) where it is gone."""


@dataclass(frozen=True, slots=True)
class CheckoutStatus:
    """What a look found.

    Args:
        repository: as `ReferenceWatch.state`.
    """

    files: DirtyFiles
    repository: Mapping[str, str]


@dataclass(slots=True)
class _WatchedCheckout:
    """One project's looks: those who ask while one runs share the next one."""

    running: asyncio.Lock = field(default_factory=asyncio.Lock)
    next: asyncio.Task[CheckoutStatus | None] | None = None
    rests_until: float = 0.0
    references: ReferenceWatch = field(default_factory=ReferenceWatch)


class CheckoutWatch:
    """Looks at the users' checkouts on behalf of turns."""

    def __init__(self, *, shadows: ShadowRegistry) -> None:
        self._shadows = shadows
        self._supervisor = TaskSupervisor("checkout-watch")
        self._checkouts: dict[ProjectId, _WatchedCheckout] = {}

    async def stop(self) -> None:
        """End the looks that are under way."""
        await self._supervisor.stop()

    def turn(self, project_id: ProjectId, project_path: Path) -> TurnWatch:
        """The looks of a turn, of which none has begun."""
        return TurnWatch(watch=self, project_id=project_id, project_path=project_path)

    def look(self, project_id: ProjectId, project_path: Path) -> asyncio.Task[CheckoutStatus | None]:
        """A look that begins no sooner than now; its result is None where the checkout was not looked at."""
        checkout = self._checkouts.setdefault(project_id, _WatchedCheckout())
        if checkout.next is None:
            looking = self._look(checkout, project_id, project_path)
            checkout.next = self._supervisor.spawn(looking, f"project {project_id}")
        return checkout.next

    async def repository_changes(
        self, project_id: ProjectId, project_path: Path, before: CheckoutStatus, after: CheckoutStatus
    ) -> list[str]:
        """What changed of the repository between two looks, in words; nothing where git fails."""
        try:
            shadow = await self._shadows.of(project_id, project_path)
            return await state_changes(shadow.checkout, before.repository, after.repository)
        except BoocoderError as error:
            log.info("repository not compared", extra={"project_id": project_id, "error": str(error)})
            return []

    async def _look(
        self, checkout: _WatchedCheckout, project_id: ProjectId, project_path: Path
    ) -> CheckoutStatus | None:
        async with checkout.running:
            checkout.next = None  # a later request may mean a later state
            began = time.monotonic()
            if began < checkout.rests_until:
                return None
            try:
                async with asyncio.timeout(LOOK_MAX_S):
                    return await _taken(await self._shadows.of(project_id, project_path), checkout.references)
            except (BoocoderError, OSError, TimeoutError) as error:
                log.info("checkout not looked at", extra={"project_id": project_id, "error": str(error)})
                return None
            finally:
                took_s = time.monotonic() - began
                if took_s > SLOW_S:
                    checkout.rests_until = time.monotonic() + took_s * REST_FACTOR


class TurnWatch:
    """The two looks of one turn. Made by `CheckoutWatch.turn`."""

    def __init__(self, *, watch: CheckoutWatch, project_id: ProjectId, project_path: Path) -> None:
        self._watch = watch
        self._project_id = project_id
        self._project_path = project_path
        self._before: asyncio.Task[CheckoutStatus | None] | None = None
        self._after: asyncio.Task[CheckoutStatus | None] | None = None

    def begin(self) -> None:
        """Look in the background, before the agent has had time to touch a file; once."""
        self._before = self._before or self._watch.look(self._project_id, self._project_path)

    def look_again(self) -> None:
        """Look in the background, now that the agent is done; nothing where it never got its prompt."""
        if self._before is not None and self._before.done():  # else the first look saw what the agent did as well
            self._after = self._watch.look(self._project_id, self._project_path)

    async def notice(self, limit_s: float) -> Notice | None:
        """The notice for the person, if anything changed.

        Args:
            limit_s: how long to wait for the second look; without it there is no notice.
        """
        if self._before is None or self._after is None:
            return None
        await asyncio.wait({self._after}, timeout=max(limit_s, WAIT_MIN_S))
        before, after = _result(self._before), _result(self._after)
        if before is None or after is None:
            return None
        files = await asyncio.to_thread(changed_between, before.files, after.files, self._project_path)
        return _notice(files, await self._watch.repository_changes(self._project_id, self._project_path, before, after))


def _result(task: asyncio.Task[CheckoutStatus | None]) -> CheckoutStatus | None:
    if not task.done() or task.cancelled() or task.exception() is not None:
        return None
    return task.result()


async def _taken(shadow: ShadowRepository, references: ReferenceWatch) -> CheckoutStatus | None:
    paths, repository = await asyncio.gather(
        shadow.dirty_paths(staged=False, watched=True, timeout_s=LOOK_MAX_S),
        references.state(shadow.checkout, timeout_s=LOOK_MAX_S),
    )
    if len(paths) > FILES_MAX:
        return None
    root = shadow.checkout.root
    files = await asyncio.to_thread(_signatures, root, paths) if paths else {}
    return CheckoutStatus(files, repository)


def _signatures(root: Path, paths: Collection[bytes]) -> DirtyFiles:
    return {path: _signature(root, path) for path in paths}


def _signature(root: Path, path: bytes) -> tuple[int, int]:
    try:
        found = os.lstat(os.fsencode(root) + b"/" + path)
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def changed_between(before: DirtyFiles, after: DirtyFiles, root: Path) -> list[bytes]:
    """Files whose content changed between two looks; one that was only committed in between did not.

    Args:
        root: of the checkout, to look at files that are in order again.
    """
    changed = [path for path, signature in after.items() if before.get(path) != signature]
    changed += [path for path, signature in before.items() if path not in after and _signature(root, path) != signature]
    return sorted(changed)


def _notice(files: list[bytes], repository: list[str]) -> Notice | None:
    parts: list[str] = []
    if files:
        names = named([path_shown(path) for path in files])
        parts.append(f"{count(len(files), 'file')} of your checkout changed: {names}.")
    if repository:
        parts.append(f"{'In' if files else 'in'} your repository these changed: {named(repository)}.")
    if not parts:
        return None
    who = "It was you, an applied change, or the agent outside of its worktree."
    text = f"While the agent worked, {' '.join(parts)} {who}"
    return Notice("checkout_changed", text, NoticeLevel.WARNING)
