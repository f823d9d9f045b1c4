"""Flags the risky parts of a changed file, with reasons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from boocoder.changes.diff.secret_lines import secrets_in
from boocoder.git.diff.patch import Hunk, RawChange
from boocoder.git.diff.tree_diff import EXECUTABLE_MODE, NO_MODE, SUBMODULE_MODE

LARGE_BYTES = 1024 * 1024  # a source file is a few kilobytes; this is data, or was generated
LINES_MAX = 20  # flagged lines of one kind in one file; more add no information


class FlagKind(StrEnum):
    """Why a person should look twice."""

    SYMLINK_OUTSIDE = "symlink_outside"  # absolute, leaves the root, or points into a git directory
    EXECUTABLE = "executable"  # the bit was added
    GIT_FILE = "git_file"  # steers git itself: attributes, submodules, hooks
    CI_FILE = "ci_file"  # runs on somebody else's machine, with their secrets
    AGENT_FILE = "agent_file"  # instructions or permissions of a coding agent
    BUILD_HOOK = "build_hook"  # runs code when the project is installed, built or opened
    SECRET = "secret"  # noqa: S105 - an added line looks like a key or a token
    BIDI = "bidi"  # invisible characters that change the order in which a line is read
    BINARY = "binary"
    LARGE = "large"
    SUBMODULE = "submodule"
    LFS_TEXT = "lfs_text"  # Git LFS hides lines


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing that deserves a second look.

    Args:
        kind: what.
        reason: one short sentence; it never holds a secret's value.
        line: 1-based line of the new file; None for the file as a whole.
    """

    kind: FlagKind
    reason: str
    line: int | None = None


LFS_TEXT = Flag(FlagKind.LFS_TEXT, "Its content in Git LFS is text, whose lines are not shown.")
_HOOKS = (
    rb"(?:applypatch-msg|commit-msg|fsmonitor-watchman|post-\w+|pre-applypatch|pre-auto-gc|pre-commit|pre-merge-commit"
    rb"|pre-push|pre-rebase|pre-receive|prepare-commit-msg|push-to-checkout|reference-transaction|update)"
)
_REASONS: Mapping[FlagKind, str] = {
    FlagKind.GIT_FILE: "Git or its hooks follow this file.",
    FlagKind.CI_FILE: "Runs on a build server.",
    FlagKind.AGENT_FILE: "Coding agents follow this file.",
    FlagKind.BUILD_HOOK: "Runs code when the project is installed, built or opened.",
}
_NAMES: Mapping[FlagKind, bytes] = {
    FlagKind.GIT_FILE: (
        rb"\.gitattributes$|\.gitmodules$|\.gitconfig$|\.lfsconfig$|\.githooks/|\.husky/|\.?lefthook\.(?:ya?ml|toml)$"
        rb"|\.pre-commit-config\.yaml$|hooks/" + _HOOKS + rb"$"
    ),
    FlagKind.CI_FILE: (
        rb"\.(?:github|gitea|forgejo)/(?:workflows|actions)/|\.gitlab-ci\.yml$|\.gitlab/ci/|jenkinsfile[^/]*$"
        rb"|\.circleci/|\.buildkite/|\.woodpecker(?:/|\.ya?ml$)|azure-pipelines[^/]*\.ya?ml$|\.travis\.yml$"
        rb"|\.drone\.ya?ml$|bitbucket-pipelines\.yml$|\.?appveyor\.ya?ml$|cloudbuild\.ya?ml$|\.ci/"
    ),
    FlagKind.AGENT_FILE: (
        rb"(?:claude|claude\.local|agents|gemini|qwen)\.md$|\.mcp\.json$|opencode\.jsonc?$|\.cursorrules$"
        rb"|\.goosehints$|\.windsurfrules$|\.clinerules(?:/|$)|\.aider\.conf\.ya?ml$"
        rb"|\.github/(?:copilot-instructions\.md$|(?:instructions|prompts)/)"
        rb"|\.(?:claude|cursor|opencode|codex|gemini|qwen|goose|windsurf|continue|roo|kiro|agents)/"
    ),
    FlagKind.BUILD_HOOK: (
        rb"setup\.py$|(?:site|user)customize\.py$|[^/]+\.pth$|build\.rs$|\.cargo/config(?:\.toml)?$|binding\.gyp$"
        rb"|\.envrc$|\.npmrc$|\.yarnrc(?:\.yml)?$|\.pnpmfile\.cjs$|\.mvn/|gradlew(?:\.bat)?$|gradle/wrapper/"
        rb"|\.devcontainer/|\.vscode/(?:tasks|settings|launch)\.json$"
    ),
}
# One search for all; it only looks ahead, so that `.claude/hooks/pre-commit` is found under two kinds.
_PATH = re.compile(
    rb"(?:^|/)(?:" + b"|".join(b"(?=(?P<%b>%b))" % (kind.encode(), names) for kind, names in _NAMES.items()) + rb")",
    re.IGNORECASE,
)
_INSTALL_LINES: Mapping[bytes, re.Pattern[bytes]] = {
    name: re.compile(line, re.MULTILINE)
    for name, line in (
        (
            b"package.json",
            rb'^.{0,200}?"(?:(?:pre|post)?install|(?:pre|post)?prepare|prepublish(?:Only)?|(?:pre|post)pack)"\s{0,9}:',
        ),
        (b"composer.json", rb'^.{0,200}?"(?:pre|post)-(?:install|update|autoload-dump|root-package)[a-z-]*"\s{0,9}:'),
        (b"pyproject.toml", rb"^[ \t]{0,9}(?:build-backend|backend-path)[ \t]{0,9}="),
    )
}
_BIDI = re.compile(rb"\xe2(?:\x80[\xaa-\xae]|\x81[\xa6-\xa9])")  # U+202A..202E, U+2066..2069 in UTF-8


def flags_of(
    raw: RawChange, hunks: Sequence[Hunk], *, target: bytes | None, binary: bool, new_size: int | None
) -> tuple[Flag, ...]:
    """All flags of a file: of the file as a whole first, then by line.

    Args:
        raw: the file.
        hunks: its lines, as far as they are looked at.
        target: where it points to, if it is a symbolic link now.
        binary: it has no lines.
        new_size: bytes; None if it is gone, or a submodule.
    """
    return (*_of_path(raw), *_of_entry(raw, target, binary, new_size), *_of_lines(raw, hunks))


def _of_path(raw: RawChange) -> Iterator[Flag]:
    found = {name for side in {raw.path, raw.base_path} for one in _PATH.finditer(side) if (name := one.lastgroup)}
    yield from (Flag(FlagKind(name), _REASONS[FlagKind(name)]) for name in sorted(found))
    if _BIDI.search(raw.path):
        yield Flag(FlagKind.BIDI, "The name holds invisible characters that change the order in which it is read.")


def _of_entry(raw: RawChange, target: bytes | None, binary: bool, new_size: int | None) -> Iterator[Flag]:
    if target is not None:
        where = _outside(raw.path, target)
        if where:
            yield Flag(FlagKind.SYMLINK_OUTSIDE, f"A symbolic link that {where}.")
    if raw.new_mode == EXECUTABLE_MODE and raw.old_mode != EXECUTABLE_MODE:
        yield Flag(FlagKind.EXECUTABLE, "Can be executed now.")
    if SUBMODULE_MODE in (raw.old_mode, raw.new_mode):
        yield Flag(FlagKind.SUBMODULE, "Another repository: what its commit holds is not shown.")
    if raw.new_mode == NO_MODE:
        return
    if binary:
        yield Flag(FlagKind.BINARY, "Binary: what it holds cannot be shown.")
    if new_size is not None and new_size > LARGE_BYTES:
        yield Flag(FlagKind.LARGE, f"Large: {new_size / 1024 / 1024:.1f} MiB.")


def _outside(path: bytes, target: bytes) -> str:
    """How a symbolic link leaves the tree; "" if it does not. Intermediate links are not followed."""
    if target.startswith(b"/"):
        return "points to an absolute path"
    parts = path.split(b"/")[:-1]
    for part in target.split(b"/"):
        if part == b"..":
            if not parts:
                return "points out of the repository"
            parts.pop()
        elif part not in (b"", b"."):
            parts.append(part)
    return "points into a git directory" if any(part.lower() == b".git" for part in parts) else ""


def _of_lines(raw: RawChange, hunks: Sequence[Hunk]) -> Iterator[Flag]:
    added = b"".join([line for hunk in hunks for line in hunk.new_lines])
    for kind, found in ((FlagKind.SECRET, secrets_in(added)), (FlagKind.BIDI, _bidi_in(added))):
        if found:
            yield from islice(_each_line(kind, hunks, added, found), LINES_MAX)
    install = _INSTALL_LINES.get(raw.path.rpartition(b"/")[2].lower())
    if install is not None:
        found = [(one.end() - 1, "Runs code when the project is installed.") for one in install.finditer(added)]
        yield from islice(_each_line(FlagKind.BUILD_HOOK, hunks, added, found), LINES_MAX)


def _bidi_in(added: bytes) -> list[tuple[int, str]]:
    if b"\xe2" not in added:
        return []
    reason = "Invisible characters change the order in which this line is read."
    return [(found.start(), reason) for found in _BIDI.finditer(added)]


def _each_line(kind: FlagKind, hunks: Sequence[Hunk], added: bytes, found: Iterable[tuple[int, str]]) -> Iterator[Flag]:
    """One flag for each added line in which something was found.

    Args:
        hunks: the lines.
        added: the new lines of all hunks, joined.
        found: (offset in `added`, reason), rising.
    """
    places = [(hunk, number) for hunk in hunks for number in range(len(hunk.new_lines))]
    last = -1
    for offset, reason in found:
        place = added.count(b"\n", 0, offset)
        hunk, number = places[place]
        if place > last and hunk.new_lines[number] not in hunk.old_lines:
            last = place
            yield Flag(kind, reason, hunk.new_start + number)
