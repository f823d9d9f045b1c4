"""Lists the branches, tags and newest commits that a new session can start from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from boocoder.git.project import Checkout, user_git
from boocoder.wire.projects import StartKind, StartName

REFS_MAX = 5_000  # the newest ones; a large repository has a few thousand
COMMITS_MAX = 500  # of what is checked out
TIMEOUT_S = 10.0  # a person is typing


_PLACES = {"refs/heads/": StartKind.BRANCH, "refs/tags/": StartKind.TAG, "refs/remotes/": StartKind.REMOTE}


async def start_names(checkout: Checkout, typed: str, limit: int) -> list[StartName]:
    """Branches, then tags, then branches of remotes, then commits of what is checked out; of each the newest first.

    Args:
        typed: part of the name, in any case, or of a commit's subject, or the beginning of its id.
        limit: of each kind.

    Raises:
        GitError: git refused.
    """
    wanted = typed.strip().casefold()
    refs = await _refs(checkout)
    found: list[StartName] = []
    for kind in _PLACES.values():
        found += islice((one for one in refs if one.kind is kind and wanted in one.name.casefold()), limit)
    begun = (one for one in await _commits(checkout) if one.name.startswith(wanted) or wanted in one.subject.casefold())
    return [*found, *islice(begun, limit)]


async def _refs(checkout: Checkout) -> list[StartName]:
    printed = await user_git(checkout)(
        "for-each-ref", "--sort=-creatordate", f"--count={REFS_MAX}",
        "--format=%(refname)%00%(creatordate:unix)%00%(contents:subject)", *(place[:-1] for place in _PLACES),
        timeout_s=TIMEOUT_S,
    )  # fmt: skip
    return list(_read_refs(printed.decode("utf-8", "replace")))


def _read_refs(printed: str) -> Iterator[StartName]:
    for line in printed.split("\n"):
        ref, _, rest = line.partition("\0")
        at, _, subject = rest.partition("\0")
        for place, kind in _PLACES.items():
            if ref.startswith(place) and not (kind is StartKind.REMOTE and ref.endswith("/HEAD")):
                yield StartName(kind, ref.removeprefix(place), int(at or 0), subject)


async def _commits(checkout: Checkout) -> list[StartName]:
    done = await user_git(checkout).result(
        "rev-list", f"--max-count={COMMITS_MAX}", "--no-commit-header", "--format=%h%x00%ct%x00%s", "HEAD",
        timeout_s=TIMEOUT_S,
    )  # fmt: skip
    lines = done.stdout.decode("utf-8", "replace").split("\n") if done.returncode == 0 else []  # no commit yet
    parts = [line.split("\0", 2) for line in lines if line]
    return [StartName(StartKind.COMMIT, name, int(at), subject) for name, at, subject in parts]
