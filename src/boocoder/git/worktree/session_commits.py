"""Reads the commits that an agent has made in a session's repository, without that repository's configuration."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

from boocoder.git.refs import check_id
from boocoder.git.shadow.objects import ShadowGit

COMMITS_MAX = 100  # of one change; each costs a few git calls to put elsewhere
_FORMAT = "%x00".join(("%H", "%T", "%P", "%an", "%ae", "%ad", "%B", ""))
_FIELDS = 7


@dataclass(frozen=True, slots=True)
class SessionCommit:
    """A commit in a session's repository.

    Args:
        id, tree: full ids.
        parents: full ids; none for a first commit.
        author_name, author_email: as the agent's git wrote them.
        author_date: seconds since 1970 and the time zone, as git writes them.
        message: all of it.
        paths: of the files that it changes, without those of a merge.
    """

    id: str
    tree: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    author_date: str
    message: str
    paths: tuple[bytes, ...] = ()

    @property
    def authored_at(self) -> datetime:
        """When it was written, in the author's time zone; 1970 where that is no time."""
        seconds, _, zone = self.author_date.partition(" ")
        try:
            offset = timedelta(hours=int(zone[:3]), minutes=int(zone[0] + zone[3:]))
            return datetime.fromtimestamp(int(seconds), timezone(offset))
        except (ValueError, IndexError, OverflowError, OSError):
            return datetime.fromtimestamp(0, UTC)

    @property
    def subject(self) -> str:
        """The first line of its message."""
        return self.message.strip().partition("\n")[0]


async def session_commits(
    lending: ShadowGit, *, head: str, without: Sequence[str], limit: int = COMMITS_MAX
) -> list[SessionCommit]:
    """The commits that `head` contains and none of the others does, oldest first.

    Args:
        lending: sees the session's objects.
        head, without: full ids of commits.
        limit: the newest so many.

    Raises:
        GitError: a commit is missing.
    """
    named = [check_id(head), *(f"^{check_id(one)}" for one in without)]
    form = ("--no-commit-header", f"--format={_FORMAT}", "--date=raw", "--encoding=UTF-8")
    printed = await lending("rev-list", "--reverse", "--topo-order", f"--max-count={limit}", *form, *named)
    fields = [field.decode("utf-8", "replace") for field in printed.split(b"\0")]
    commits = [_commit(fields[at : at + _FIELDS]) for at in range(0, len(fields) - 1, _FIELDS)]
    paths = await _paths(lending, [commit.id for commit in commits])
    return [replace(commit, paths=tuple(paths.get(commit.id, ()))) for commit in commits]


def _commit(fields: list[str]) -> SessionCommit:
    name, tree, parents, author, email, date, message = fields
    return SessionCommit(name.strip(), tree, tuple(parents.split()), author, email, date, message)


async def _paths(lending: ShadowGit, ids: Sequence[str]) -> dict[str, list[bytes]]:
    if not ids:
        return {}
    stdin = "".join(f"{one}\n" for one in ids).encode()
    printed = await lending("diff-tree", "--stdin", "--root", "-r", "-z", "--raw", "--no-renames", stdin=stdin)
    found: dict[str, list[bytes]] = {}
    records: Iterator[bytes] = iter(printed.split(b"\0")[:-1])
    at: list[bytes] = []
    for record in records:
        if record.startswith(b":"):
            at.append(next(records))
        else:
            at = found.setdefault(record.decode(), [])
    return found


def is_linear(commits: Sequence[SessionCommit]) -> bool:
    """Whether each commit has one parent, and that is the one before it."""
    one_parent = all(len(commit.parents) == 1 for commit in commits)
    return one_parent and all(new.parents[0] == old.id for old, new in itertools.pairwise(commits))
