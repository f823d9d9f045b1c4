"""Lists untracked files of the user's checkout that match patterns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boocoder.git.project import Checkout, with_checkout_index
from boocoder.git.shadow.objects import ShadowGit

LIST_TIMEOUT_S = 60.0  # every directory of the checkout is read, those that are ignored too


@dataclass(frozen=True, slots=True)
class UntrackedFiles:
    """Files of a checkout that git does not track and that match patterns.

    Args:
        paths: sorted; nothing inside of other repositories.
        folders: folders, each ending with `/`, of which every file matches.
    """

    paths: tuple[bytes, ...]
    folders: tuple[bytes, ...]


async def untracked_matching(
    shadow: ShadowGit, checkout: Checkout, patterns: Sequence[str], *, index: Path
) -> UntrackedFiles:
    """Ignored and untracked files that match.

    Args:
        patterns: as lines of .gitignore; the last one that matches decides, `!` takes out.
        index: where a copy of the checkout's index is put for the time of the call.
    """

    async def list_now() -> UntrackedFiles:
        return await _list_both(shadow, checkout.root, patterns, index)

    return await with_checkout_index(shadow, checkout, index, list_now)


async def _list_both(shadow: ShadowGit, root: Path, patterns: Sequence[str], index: Path) -> UntrackedFiles:
    single = await _list(shadow, root, patterns, index)
    collapsed = await _list(shadow, root, patterns, index, "--directory")
    paths = sorted(path for path in single if not path.endswith(b"/"))
    return UntrackedFiles(tuple(paths), tuple(path for path in collapsed if path.endswith(b"/")))


async def _list(shadow: ShadowGit, root: Path, patterns: Sequence[str], index: Path, *more: str) -> list[bytes]:
    args = ("ls-files", "-z", "-o", "-i", *more, *(f"--exclude={pattern}" for pattern in patterns))
    listed = await shadow(*args, work_tree=root, index=index, timeout_s=LIST_TIMEOUT_S)
    return [path for path in listed.split(b"\0") if path]
