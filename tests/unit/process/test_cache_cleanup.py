"""Build caches of agents stay bounded."""

from __future__ import annotations

import os
import time
from pathlib import Path

from boocoder.process.sandbox.build_caches import cache_root
from boocoder.process.sandbox.cache_cleanup import OWNER, clean_caches, note_use, owned_caches

DAY_S = 86_400.0


def made(data_dir: Path, owner: Path | str, *, days: float, kib: int = 64) -> Path:
    """Caches that were used so long ago, with a read-only folder as Go makes them."""
    root = cache_root(data_dir, owner)
    note_use(root, owner)
    folder = root / "go/pkg/mod/x"
    folder.mkdir(parents=True)
    (folder / "big").write_bytes(os.urandom(kib * 1024))
    folder.chmod(0o500)
    used_at = time.time() - days * DAY_S
    os.utime(root / OWNER, (used_at, used_at))
    return root


def test_caches_of_projects_that_are_gone_and_unused_ones_are_deleted(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    kept = made(tmp_path, project, days=20)
    gone = made(tmp_path, tmp_path / "gone", days=0)
    old = made(tmp_path, "opencode", days=31)
    assert {one.root for one in clean_caches(tmp_path, max_bytes=10**9)} == {gone, old}
    assert [(one.root, one.owner) for one in owned_caches(tmp_path)] == [(kept, str(project))]
    assert not gone.exists() and not old.exists()


def test_above_the_limit_the_longest_unused_go_first_and_those_of_today_stay(tmp_path: Path) -> None:
    roots = [made(tmp_path, name, days=days) for name, days in (("a", 9), ("b", 5), ("c", 0.5))]
    total = sum(one.size_bytes for one in owned_caches(tmp_path))
    assert [one.root for one in clean_caches(tmp_path, max_bytes=total - 1)] == roots[:1]
    assert [one.root for one in clean_caches(tmp_path, max_bytes=0)] == roots[1:2]
    assert roots[2].exists()


def test_there_may_be_none(tmp_path: Path) -> None:
    assert clean_caches(tmp_path, max_bytes=0) == []
