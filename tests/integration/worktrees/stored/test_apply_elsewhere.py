"""A change is applied to the checkout of a host that does not have the session's files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from boocoder.broker.outbox import Outbox
from boocoder.changes.apply.applier import ChangeApplier
from boocoder.changes.worktree.apply_watch import ApplyWatch
from boocoder.changes.worktree.commit_follow import CommitFollower
from boocoder.changes.worktree.fork_follow import ForkFollower
from boocoder.db.core.pool import Database
from boocoder.db.files import applies, worktrees
from boocoder.db.files.changes import UnfollowedApply
from boocoder.errors import Conflict
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.model.ids import ChangeId, HostId, SessionId, new_id
from boocoder.worktrees.stored.pack_store import DatabasePackStore
from boocoder.worktrees.stored.reader import StoredSnapshots
from tests.fixtures.worktrees.worktree_harness import WorktreeHarness
from tests.integration.worktrees.stored.hosts import OtherHost, turn, writer


def applier(
    database: Database, shadows: ShadowRegistry, root: Path, host_id: HostId, desk: WorktreeHarness
) -> ChangeApplier:
    outbox = Outbox(database=database, publisher=desk.heard)
    return ChangeApplier(database=database, shadows=shadows, outbox=outbox, indexes=root / "indexes", host_id=host_id)


async def test_the_host_whose_checkout_was_written_undoes_it(
    desk: WorktreeHarness, other: OtherHost, home: Database
) -> None:
    await turn(desk, "one.txt")
    await writer(desk, home).store_all()
    shadow = await other.shadows.of(desk.place.project_id, desk.project.path)
    async with home.connection() as conn:
        row = await conn.fetchrow("SELECT id, base_tree, tree FROM pending_changes WHERE state = 'pending'")
    packs = DatabasePackStore(database=other.database)
    stored = StoredSnapshots(database=other.database, packs=packs)
    assert await stored.has_whole(desk.session_id, shadow, [row["base_tree"], row["tree"]])
    here = applier(other.database, other.shadows, other.root, other.owner.host_id, desk)
    change_id = ChangeId(row["id"])

    report = await here.apply(change_id)
    assert (report.state, report.files) == ("applied", 1)
    assert (other.clone.path / "one.txt").read_bytes() == b"x\n"
    assert not (desk.project.path / "one.txt").exists()
    async with home.connection() as conn:
        done = await applies.find_apply(conn, change_id)
    assert done is not None and done.host_id == other.owner.host_id

    home_applier = applier(home, desk.shadows, desk.root, desk.owner.host_id, desk)
    with pytest.raises(Conflict) as refused:
        await home_applier.undo(change_id)
    assert refused.value.code == "applied_elsewhere"
    assert (await here.undo(change_id)).paths == ("one.txt",)
    assert not (other.clone.path / "one.txt").exists()


async def test_a_fork_follows_an_apply_of_another_host_and_its_undo(
    desk: WorktreeHarness, other: OtherHost, home: Database
) -> None:
    await turn(desk, "one.txt")
    fork = await desk.forker.fork(desk.session_id)
    await writer(desk, home).store_all()
    shadow = await other.shadows.of(desk.place.project_id, desk.project.path)
    stored = StoredSnapshots(database=other.database, packs=DatabasePackStore(database=other.database))
    async with home.connection() as conn:
        row = await conn.fetchrow("SELECT id, base_tree, tree FROM pending_changes WHERE state = 'pending'")
    assert await stored.has_whole(desk.session_id, shadow, [row["base_tree"], row["tree"]])
    here = applier(other.database, other.shadows, other.root, other.owner.host_id, desk)
    outbox = Outbox(database=home, publisher=desk.heard)
    parts = {"database": home, "outbox": outbox, "snapshots": desk.snapshots, "locks": desk.locks}
    watch = ApplyWatch(
        database=home, follower=CommitFollower(**parts), forks=ForkFollower(**parts), host_id=desk.owner.host_id
    )

    async def base() -> str:
        async with home.connection() as conn:
            found = await worktrees.get_worktree(conn, fork.session_id)
        assert found is not None
        return found.base_tree

    assert await watch.look() == 0
    await here.apply(ChangeId(row["id"]))
    assert (await watch.look(), await base()) == (1, row["tree"])
    assert await watch.look() == 0
    await here.undo(ChangeId(row["id"]))
    assert (await watch.look(), await base()) == (1, row["base_tree"])


async def test_a_session_that_cannot_follow_keeps_no_other_waiting(
    home: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [SessionId(new_id()) for _ in range(2)]
    asked = []

    class Follower(CommitFollower):
        async def follow(self, session_id: SessionId) -> None:
            asked.append(session_id)
            if session_id == ids[0]:
                raise PermissionError("the agent has taken the right to write away")

    async def unfollowed(*_: object) -> list[UnfollowedApply]:
        return [UnfollowedApply(one, None, datetime.now(UTC)) for one in ids]

    monkeypatch.setattr("boocoder.changes.worktree.apply_watch.changes.list_unfollowed", unfollowed)
    parts = cast("Any", dict.fromkeys(("database", "outbox", "snapshots", "locks"), home))
    watch = ApplyWatch(database=home, follower=Follower(**parts), forks=ForkFollower(**parts), host_id=HostId(new_id()))
    assert (await watch.look(), asked) == (2, ids)


async def test_an_apply_of_an_earlier_version_belongs_to_the_sessions_host(
    desk: WorktreeHarness, other: OtherHost, home: Database
) -> None:
    await turn(desk, "one.txt")
    home_applier = applier(home, desk.shadows, desk.root, desk.owner.host_id, desk)
    async with home.connection() as conn:
        change_id = ChangeId((await conn.fetchrow("SELECT id FROM pending_changes WHERE state = 'pending'"))["id"])
    await home_applier.apply(change_id)
    async with home.connection() as conn:  # as a version that does not know hosts of applies
        await conn.execute("UPDATE change_applies SET host_id = NULL")
        found = await applies.find_apply(conn, change_id)
        assert found is not None and found.host_id == desk.owner.host_id
        await conn.execute("UPDATE change_applies SET state = 'writing', ended_at = NULL")
        assert await applies.list_writing_applies(conn, other.owner.host_id) == []
        (writing,) = await applies.list_writing_applies(conn, desk.owner.host_id)
        assert writing.change_id == change_id
