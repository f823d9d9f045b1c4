"""A turn without the sandbox that it would have on another machine says so, once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.db.core.pool import Database
from boocoder.process.sandbox.profile import SandboxMechanism, SandboxProfile
from boocoder.process.sandbox.sandbox import Sandbox, SandboxPolicy
from boocoder.process.sandbox.support import find_support
from tests.fixtures.repository import MakeRepository
from tests.fixtures.turn_desk import turn_desk


@pytest.mark.parametrize(("profile", "told"), [(None, 1), (SandboxProfile.OFF, 0)])
async def test_it_is_told_in_the_first_turn_unless_a_person_wants_none(
    database: Database, repository: MakeRepository, tmp_path: Path, profile: SandboxProfile | None, told: int
) -> None:
    support = await find_support((), landlock=False)  # as on a machine that has neither
    assert support.mechanism is SandboxMechanism.NONE
    sandbox = Sandbox(policy=SandboxPolicy(profile), home=tmp_path, data_dir=tmp_path / "data", support=support)
    desk = await turn_desk(database, repository().path, tmp_path, sandbox=sandbox)
    for _ in range(2):
        await desk.run(await desk.claim())
    notices = await desk.notices("no_sandbox")
    assert len(notices) == told
    assert all("runs without a sandbox: bwrap is not installed." in one and "pip install" in one for one in notices)
