"""Copies the user's references into a session's repository, and names the session's own branch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from boocoder.git.project import Checkout, user_git

COPIED = ("refs/heads", "refs/tags", "refs/remotes", "refs/notes", "refs/replace")  # not the stash, not bisect
BRANCH_PREFIX = "boocoder/"
NUMBERS_MAX = 1_000  # of a name that the user's branches have taken


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference of the user's.

    Args:
        name: full name.
        id: of the object that it names, in the end.
        target: the full name of the reference that it points to; "" where it names an object itself.
    """

    name: str
    id: str
    target: str = ""


async def read_references(checkout: Checkout) -> list[Reference]:
    """All references that a session begins with, sorted as git sorts them.

    Raises:
        GitError: git failed.
    """
    printed = await user_git(checkout)("for-each-ref", "--format=%(refname)%00%(objectname)%00%(symref)", *COPIED)
    return sorted(
        _parsed(printed.decode("utf-8", "surrogateescape")), key=lambda one: one.name.encode(errors="surrogateescape")
    )


def _parsed(printed: str) -> Iterator[Reference]:
    for line in printed.split("\n"):
        name, _, rest = line.partition("\0")
        id_, _, target = rest.partition("\0")
        if name:
            yield Reference(name, id_, target)


def write_references(git_dir: Path, references: Iterable[Reference]) -> None:
    """Write them: into `packed-refs`, and symbolic references into separate files.

    Args:
        references: sorted.
    """
    lines = ["# pack-refs with: sorted"]
    for one in references:
        if one.target:
            path = git_dir / one.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"ref: {one.target}\n", "utf-8", "surrogateescape")
        else:
            lines.append(f"{one.id} {one.name}")
    text = "\n".join(lines) + "\n"
    (git_dir / "packed-refs").write_bytes(text.encode("utf-8", "surrogateescape"))


def free_branch(references: Iterable[Reference], wanted: str) -> str:
    """The full name of a branch that does not exist and can be created beside the references.

    Args:
        wanted: such as `boocoder/fix-login-4f1c`.
    """
    taken = {one.name for one in references}
    above = {name.rsplit("/", count)[0] for name in taken for count in range(1, name.count("/") - 1)}
    prefix = wanted.rpartition("/")[0]
    if f"refs/heads/{prefix}" in taken:  # git has no branch `a/b` beside a branch `a`
        wanted = wanted.replace("/", "-")
    for number in range(1, NUMBERS_MAX):
        name = f"refs/heads/{wanted}" if number == 1 else f"refs/heads/{wanted}-{number}"
        if name not in taken and name not in above:
            return name
    return f"refs/heads/{wanted}-{NUMBERS_MAX}"
