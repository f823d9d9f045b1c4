"""Who is asked about hosts, for each worktree that has a turn."""

from __future__ import annotations

from pathlib import Path

from boocoder.process.sandbox.network.host_requests import HostRequests

WORKTREE = Path("/worktrees/one")


async def _yes(place: str) -> bool:
    return True


async def _no(place: str) -> bool:
    return False


async def test_an_attempt_that_ends_late_does_not_end_the_questions_of_the_next() -> None:
    requests = HostRequests()
    late, following = requests.during_turn(WORKTREE, _no), requests.during_turn(WORKTREE, _yes)
    await late.__aenter__()
    async with following:
        await late.__aexit__(None, None, None)
        assert await requests.allow(WORKTREE, "example.org:443")
    assert not await requests.allow(WORKTREE, "example.org:443")
