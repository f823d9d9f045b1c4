"""Commands that use a service, and the one that owns it, exclude each other at its end."""

from __future__ import annotations

import asyncio
from pathlib import Path

from boocoder.cli.client.service_users import ServiceUsers


async def test_an_owner_is_alone_when_every_user_has_left(tmp_path: Path) -> None:
    owner, first, second = ServiceUsers(tmp_path), ServiceUsers(tmp_path), ServiceUsers(tmp_path)
    await first.join()
    await second.join()
    assert not owner.alone()
    first.leave()
    first.leave()
    assert not owner.alone()
    second.leave()
    assert owner.alone()


async def test_nobody_joins_while_the_owner_stops_its_service(tmp_path: Path) -> None:
    owner, late = ServiceUsers(tmp_path), ServiceUsers(tmp_path)
    assert owner.alone()
    joining = asyncio.ensure_future(late.join())
    await asyncio.sleep(0)
    assert not joining.done()
    owner.leave()
    await joining
    assert not owner.alone()


async def test_a_data_directory_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    users = ServiceUsers(tmp_path / "absent")
    await users.join()
    assert users.alone()
    assert not (tmp_path / "absent").exists()
