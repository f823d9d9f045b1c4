"""Chooses the settings that a session's repository takes over from the user's: values, nothing that names a program."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_OWN_SCOPES = ("local", "worktree")
_IDENTITY = re.compile(r"(user|author|committer)\.(name|email)|user\.signingkey")
_VALUES = re.compile(
    r"core\.(autocrlf|eol|filemode|symlinks|ignorecase|precomposeunicode|safecrlf|whitespace|quotepath|commentchar"
    r"|abbrev|compression|bigfilethreshold|checkroundtripencoding|protecthfs|protectntfs|longpaths)"
    r"|remote\..+\.(url|pushurl|fetch|push|tagopt|prune|promisor|partialclonefilter|skipdefaultupdate)"
    r"|branch\..+\.(remote|pushremote|merge|rebase|description)"
    r"|url\..+\.(insteadof|pushinsteadof)"
    r"|submodule\..+\.(url|active|branch|ignore|fetchrecursesubmodules|shallow)|submodule\.(active|recurse)"
    r"|lfs\.(.+\.)?(url|pushurl|access|locksverify|fetchinclude|fetchexclude|allowincompletepush|concurrenttransfers"
    r"|repositoryformatversion)"
    r"|(pull|fetch|push|merge|rebase|diff|log|status|i18n|rerere|commit|format|grep|tag|stash)"
    r"\.(rebase|ff|prune|prunetags|default|autosetupremote|followtags|conflictstyle|renames|renamelimit|autosquash"
    r"|autostash|updaterefs|algorithm|mnemonicprefix|noprefix|context|interhunkcontext|colormoved|date|follow|short"
    r"|branch|showuntrackedfiles|submodulesummary|commitencoding|logoutputencoding|enabled|autoupdate|cleanup|verbose"
    r"|status|signoff|linenumber|sort|showpatch)"
)
# What `git lfs install --local` writes, word for word: any other command of that name is not carried over.
_LFS_FILTER: Mapping[str, str] = {
    "filter.lfs.clean": "git-lfs clean -- %f",
    "filter.lfs.smudge": "git-lfs smudge -- %f",
    "filter.lfs.process": "git-lfs filter-process",
    "filter.lfs.required": "true",
}
_ADDRESS = re.compile(r"remote\..+\.(url|pushurl)|url\..+\.(insteadof|pushinsteadof)|submodule\..+\.url|lfs\..*url")


@dataclass(frozen=True, slots=True)
class ConfigEntry:
    """One line of a git configuration; `key` with section and last part in lower case."""

    key: str
    value: str


def carried_over(listed: bytes) -> list[ConfigEntry]:
    """The entries that a session's repository gets, in their order.

    An identity is taken wherever it is set: an `includeIf` of the user's own configuration may set it for the place of
    the user's repository, and the session's is elsewhere.

    Args:
        listed: what `git config --list -z --show-scope` printed in the user's repository.
    """
    identity: dict[str, str] = {}
    found: list[ConfigEntry] = []
    for scope, entry in _entries(listed):
        if _IDENTITY.fullmatch(entry.key):
            identity[entry.key] = entry.value
        elif scope in _OWN_SCOPES and _harmless(entry):
            found.append(entry)
    return [*(ConfigEntry(key, value) for key, value in identity.items()), *found]


def hooks_entry(listed: bytes, common_dir: Path) -> list[ConfigEntry]:
    """The entry that lets a session's git run the hooks that the user's git runs; none where that needs no entry.

    Args:
        listed: as for `carried_over`.
        common_dir: the user's git directory.
    """
    named = [(scope, entry) for scope, entry in _entries(listed) if entry.key == "core.hookspath"]
    chosen = [(scope, entry) for scope, entry in named if scope != "command"]  # ours, which turns hooks off
    if not chosen:
        return [ConfigEntry("core.hookspath", str(common_dir / "hooks"))]
    scope, entry = chosen[-1]
    return [entry] if scope in _OWN_SCOPES else []


def _entries(listed: bytes) -> Iterator[tuple[str, ConfigEntry]]:
    fields = listed.decode("utf-8", "surrogateescape").split("\0")
    for scope, text in zip(fields[::2], fields[1::2], strict=False):
        key, equals, value = text.partition("\n")
        yield scope, ConfigEntry(key, value if equals else "true")


def _harmless(entry: ConfigEntry) -> bool:
    if entry.key in _LFS_FILTER:
        return entry.value == _LFS_FILTER[entry.key]
    if not _VALUES.fullmatch(entry.key):
        return False
    # `ext::command` runs a command, and any `name::` runs a helper: only plain addresses pass
    return not (_ADDRESS.fullmatch(entry.key) and ("::" in entry.key or "::" in entry.value))


def config_text(entries: Iterable[ConfigEntry]) -> bytes:
    """The entries as a file of git's."""
    lines: list[str] = []
    section = ""
    for entry in entries:
        wanted, name = _section_of(entry.key)
        if wanted != section:
            lines.append(wanted)
            section = wanted
        lines.append(f"\t{name} = {_quoted(entry.value)}")
    return "\n".join(lines).encode("utf-8", "surrogateescape") + b"\n"


def _section_of(key: str) -> tuple[str, str]:
    section, _, rest = key.partition(".")
    subsection, dot, name = rest.rpartition(".")
    if not dot:
        return f"[{section}]", rest
    escaped = subsection.replace("\\", "\\\\").replace('"', '\\"')
    return f'[{section} "{escaped}"]', name


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'
