"""Gives sandboxed processes build caches of their own, so that none writes those that the person's builds trust."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from boocoder.process.sandbox.home_paths import is_below

CACHES = "sandbox-caches"  # in the data directory; it may be deleted at any time


@dataclass(frozen=True, slots=True)
class BuildCache:
    """One cache.

    Args:
        source: the private directory.
        target: where programs look for it.
        variable: names the directory to programs where it cannot be mounted; "" if none does.
    """

    source: Path
    target: Path
    variable: str = ""


def build_caches(root: Path, home: Path, env: Mapping[str, str]) -> tuple[BuildCache, ...]:
    """The caches of the usual package managers and compilers.

    Args:
        root: the private directory for all of them, from `cache_root`.
        home: the person's home directory.
        env: of the process.
    """
    cargo = Path(env.get("CARGO_HOME") or home / ".cargo")
    go = Path((env.get("GOPATH") or str(home / "go")).split(os.pathsep)[0])
    targets = (
        ("cache", Path(env.get("XDG_CACHE_HOME") or home / ".cache"), "XDG_CACHE_HOME"),
        ("npm", home / ".npm", "npm_config_cache"),
        ("cargo/registry", cargo / "registry", ""),
        ("cargo/git", cargo / "git", ""),
        ("go/pkg", go / "pkg", "GOMODCACHE"),
        ("gradle", Path(env.get("GRADLE_USER_HOME") or home / ".gradle"), "GRADLE_USER_HOME"),
        ("m2", home / ".m2" / "repository", ""),
        ("nuget", home / ".nuget" / "packages", "NUGET_PACKAGES"),
        ("bun", home / ".bun" / "install" / "cache", "BUN_INSTALL_CACHE_DIR"),
        ("yarn", home / ".yarn" / "berry", "YARN_GLOBAL_FOLDER"),
        ("pnpm", home / ".local" / "share" / "pnpm" / "store", "npm_config_store_dir"),
    )
    return tuple(BuildCache(root / name, target, variable) for name, target, variable in targets)


def cache_root(data_dir: Path, owner: Path | str) -> Path:
    """The private directory of a project's processes, or of a server that serves all projects."""
    text = os.fsencode(owner) if isinstance(owner, Path) else owner.encode()
    return data_dir / CACHES / hashlib.sha256(text).hexdigest()[:16]


def mountable(caches: Iterable[BuildCache], read_only: Iterable[Path], hidden: Iterable[Path]) -> list[BuildCache]:
    """The caches that can be mounted: a mount point that is missing can be made below a hidden directory only."""
    shown, empty = tuple(read_only), tuple(hidden)
    return [
        cache
        for cache in caches
        if cache.target.is_dir() or (_below(cache.target, empty) and not _below(cache.target, shown))
    ]


def _below(path: Path, roots: Iterable[Path]) -> bool:
    places = tuple(roots)
    return is_below(path, places) or is_below(Path(os.path.realpath(path)), places)
