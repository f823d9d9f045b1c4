"""Reads the user's git settings that boocoder's own git calls follow; none that names a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from boocoder.errors import GitError
from boocoder.git.command import PERSONAL, SAFE_VARIABLES, Git
from boocoder.process.environment import agent_environment

_TRUE = ("true", "yes", "on", "1", "")
_FALSE = ("false", "no", "off", "0")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "core.autocrlf": ("true", "false", "input"),
    "core.eol": ("lf", "crlf", "native"),
    "core.filemode": ("true", "false"),
    "core.symlinks": ("true", "false"),
    "core.ignorecase": ("true", "false"),
    "core.precomposeunicode": ("true", "false"),
}
_PATTERNS_MAX_BYTES = 1024 * 1024  # a file of ignore patterns is a few lines
DEFAULT_LFS_STORAGE = "lfs"
_PERSONAL_SCOPES = ("system", "global")  # an agent can write the repository's own configuration


@dataclass(frozen=True, slots=True)
class UserSettings:
    """What our calls follow of the user's settings.

    Args:
        core: setting -> normalised value.
        excludes: the user's ignore patterns outside the work tree, as bytes of one file.
        attributes: the repository's own attributes outside the work tree.
        sources: the files that all this is read from, there or not.
        lfs_storage: where git-lfs keeps contents, absolute or relative to the git directory.
    """

    core: Mapping[str, str] = field(default_factory=dict)
    excludes: bytes = b""
    attributes: bytes = b""
    sources: tuple[Path, ...] = ()
    lfs_storage: str = DEFAULT_LFS_STORAGE

    def contents_of(self, common_dir: Path) -> Path:
        """The directory in which git-lfs keeps contents for a repository (git-lfs-config, lfs.storage)."""
        return common_dir / Path(self.lfs_storage).expanduser()

    @property
    def file_mode(self) -> bool:
        """Whether the executable bit on disk means something."""
        return self.core.get("core.filemode", "true") == "true"

    @property
    def symlinks(self) -> bool:
        """Whether a symbolic link is one on disk, else a file that holds its target."""
        return self.core.get("core.symlinks", "true") == "true"


async def read_settings(git: Git, common_dir: Path) -> UserSettings:
    """Read the settings that hold for a repository.

    Args:
        git: runs in the user's repository.
        common_dir: the repository's git directory.
    """
    listed = await personal(git)("config", "--list", "-z", "--show-scope", "--show-origin")
    core: dict[str, str] = {}
    lfs_storage = DEFAULT_LFS_STORAGE
    excludes_file = _personal_directory() / "ignore"
    sources = {common_dir / "config": None, Path.home() / ".gitconfig": None, _personal_directory() / "config": None}
    for scope, origin, key, value in _entries(listed):
        if origin.startswith("file:"):
            sources[git.cwd / origin.removeprefix("file:")] = None
        if key in _CHOICES:
            chosen = _normalised(key, value)
            if chosen is not None:
                core[key] = chosen
        elif key == "lfs.storage" and value:
            lfs_storage = value
        elif key == "core.excludesfile" and scope in _PERSONAL_SCOPES:
            excludes_file = Path(value).expanduser()
    own_excludes, attributes = common_dir / "info" / "exclude", common_dir / "info" / "attributes"
    sources |= dict.fromkeys((excludes_file, own_excludes, attributes))
    excludes = b"\n".join((_read_patterns(excludes_file), _read_patterns(own_excludes)))
    return UserSettings(core, excludes, _read_patterns(attributes), tuple(sources), lfs_storage)


def personal(git: Git) -> Git:
    """The same git, but with the user's own global and system configuration; only for calls that read it."""
    return replace(git, safe={key: value for key, value in SAFE_VARIABLES.items() if key not in PERSONAL})


def _personal_directory() -> Path:
    """Where git looks for what holds for all repositories of a person (git-config, FILES)."""
    home = agent_environment().get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "git"


def _entries(listed: bytes) -> Iterator[tuple[str, str, str, str]]:
    """Scope, origin, name in lower case, and value of each setting."""
    fields = listed.decode("utf-8", "surrogateescape").split("\0")
    for scope, origin, entry in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
        key, _, value = entry.partition("\n")
        yield scope, origin, key.lower(), value


def _normalised(key: str, value: str) -> str | None:
    text = value.lower()
    choices = _CHOICES[key]
    if text in choices:
        return text
    if text in _TRUE and "true" in choices:
        return "true"
    return "false" if text in _FALSE and "false" in choices else None


def _read_patterns(path: Path) -> bytes:
    try:
        if not path.is_file() or path.stat().st_size > _PATTERNS_MAX_BYTES:
            return b""
        return path.read_bytes()
    except OSError:
        return b""


async def settings_or_default(git: Git, common_dir: Path) -> UserSettings:
    """As `read_settings`; a configuration that git cannot parse counts as none."""
    try:
        return await read_settings(git, common_dir)
    except GitError:
        return UserSettings(sources=(common_dir / "config",))
