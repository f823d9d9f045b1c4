"""A data directory is one host, run by one process at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from boocoder.app.host_lock import HostLock
from boocoder.errors import Conflict


def test_the_host_stays_the_same_and_the_instance_changes(tmp_path: Path) -> None:
    first, second = HostLock(tmp_path / "data"), HostLock(tmp_path / "data")
    host_id = first.acquire()
    first.release()
    assert second.acquire() == host_id
    assert first.instance_id != second.instance_id
    second.release()


def test_a_second_process_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    first, second = HostLock(tmp_path), HostLock(tmp_path)
    first.acquire()
    with pytest.raises(Conflict, match=f"process {os.getpid()}") as caught:
        second.acquire()
    assert caught.value.code == "already_running"
    first.release()
    first.release()
    second.acquire()
    second.release()


def test_a_broken_id_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "host-id").write_text("nonsense")
    lock = HostLock(tmp_path)
    host_id = lock.acquire()
    lock.release()
    assert (tmp_path / "host-id").read_text().strip() == str(host_id)


def test_other_users_may_not_read_the_data_directory(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    lock = HostLock(tmp_path)
    lock.acquire()
    lock.release()
    assert tmp_path.stat().st_mode & 0o777 == 0o700
