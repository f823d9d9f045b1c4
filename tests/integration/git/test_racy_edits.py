"""An edit in the second in which git wrote its index is seen, though size and time are as before."""

from __future__ import annotations

import os
import time
from pathlib import Path

from boocoder.git.shadow.private_index import copy_index
from boocoder.git.shadow.repository import ShadowRepository
from tests.fixtures.repository import MakeRepository, Repository

TRIES = 10


def edit_in_the_same_second(project: Repository) -> None:
    """Commit a file, edit it before the clock goes on, and return in a later second."""
    for number in range(TRIES):
        path = project.write("racy.txt", f"{number} as committed\n")
        project.git("add", "racy.txt")
        project.git("commit", "-qm", f"racy {number}")
        path.write_text(f"{number} as changed..\n")
        now, index = path.stat(), (project.path / ".git/index").stat()
        if int(now.st_mtime) == int(now.st_ctime) == int(index.st_mtime) == int(index.st_ctime):
            while int(time.time()) <= int(now.st_mtime):
                time.sleep(0.05)
            return
    raise AssertionError(f"no {TRIES} commits were quick enough")


async def test_such_an_edit_of_the_checkout_is_dirty(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository()
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    edit_in_the_same_second(project)
    assert await shadow.dirty_paths(staged=False) == {b"racy.txt"}


def test_a_copied_index_is_as_old_as_its_source(tmp_path: Path) -> None:
    source, target = tmp_path / "seed.index", tmp_path / "indexes/one.index"
    source.write_bytes(b"DIRC")
    os.utime(source, ns=(1, 1_700_000_000_123_456_789))
    copy_index(source, target)
    assert target.stat().st_mtime_ns == source.stat().st_mtime_ns
