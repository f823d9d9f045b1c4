"""Computes which paths a sandboxed process may write, may read and does not see."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from boocoder.process.sandbox.build_caches import BuildCache, mountable
from boocoder.process.sandbox.home_paths import home_path, is_below, shared_home_paths

# Sockets of the session, of containers and of databases live in /run; /tmp and /var/tmp are everybody's.
NETWORK_KEYS = "/run/NetworkManager/system-connections"  # beside the file that names the resolvers
SHARED = ("/tmp", "/var/tmp", "/run", "/home", "/root", NETWORK_KEYS)  # noqa: S108 -- they are hidden, not used
# bubblewrap gives a process a /dev of its own, so that nothing of the machine's is there unless listed.
DEVICES, SHARED_MEMORY = Path("/dev"), Path("/dev/shm")  # noqa: S108 -- it is hidden, not used
RESOLVER = ("/run/systemd/resolve", "/run/resolvconf", "/run/nscd")  # names are looked up through these
RESOLVER_SETTINGS = "/etc/resolv.conf"  # a link into /run with netconfig, NetworkManager, connman
SECRET_FILES = ("/etc/shadow", "/etc/gshadow", "/etc/shadow-", "/etc/gshadow-", "/etc/sudoers")
_INTERPRETERS = frozenset({"node", "python", "python3", "bun", "deno", "ruby", "bash", "sh"})
_LINKS_MAX = 40  # as the kernel
_PROGRAM_FOLDERS = frozenset({"bin", "sbin", "libexec", "shims"})


@dataclass(frozen=True, slots=True)
class FileView:
    """The files that a sandboxed process sees. Unlisted paths are readable; the longest matching path decides.

    Args:
        writable: existing paths.
        readable: existing paths below hidden ones.
        hidden: directories whose contents are invisible.
        blank: files that read as empty.
        caches: private directories that are writable in place of others.
    """

    writable: tuple[Path, ...]
    readable: tuple[Path, ...]
    hidden: tuple[Path, ...]
    blank: tuple[Path, ...] = ()
    caches: tuple[BuildCache, ...] = ()

    def hides(self, path: Path) -> bool:
        """Whether a process cannot see a path, wherever its links lead; the longest listed path decides."""
        real = Path(os.path.realpath(path))
        shown = (*self.writable, *self.readable, *(cache.target for cache in self.caches))
        return _depth(real, (*self.hidden, SHARED_MEMORY)) > _depth(
            real, (Path(os.path.realpath(one)) for one in shown)
        )


def _depth(path: Path, roots: Iterable[Path]) -> int:
    """How many names the longest of the roots that lead to a path has; 0 for none."""
    return max((len(root.parts) for root in roots if path.is_relative_to(root)), default=0)


@dataclass(frozen=True, slots=True)
class OwnState:
    """What an agent keeps in the home directory, relative to it; see `SandboxUse.home` and `home_readable`."""

    writable: tuple[str, ...] = ()
    readable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PrivateDirectories:
    """The directories of this machine that are hidden from agents.

    Args:
        home: the person's home directory.
        more: boocoder's data, the runtime directory and the like.
    """

    home: Path
    more: tuple[Path, ...]

    def hidden(self) -> tuple[Path, ...]:
        """All of them that exist; real paths."""
        named = (self.home, *_home_of_user(), *self.more, *map(Path, SHARED))
        real = dict.fromkeys(Path(os.path.realpath(path)) for path in named if path.is_dir())
        return tuple(path for path in real if len(path.parts) > 1)


def _home_of_user() -> tuple[Path, ...]:
    """The home directory that the machine knows; none in a container that runs as a number without a name."""
    try:
        return (Path(pwd.getpwuid(os.geteuid()).pw_dir),)
    except KeyError:
        return ()


def file_view(
    places: PrivateDirectories,
    *,
    argv: Sequence[str],
    env: Mapping[str, str],
    writable: Iterable[Path],
    readable: Iterable[Path],
    own_state: OwnState = OwnState(),
    caches: Iterable[BuildCache] = (),
) -> FileView:
    """The view of one command.

    Args:
        places: what is hidden.
        argv: the command; its program, and the script that an interpreter runs, are readable.
        env: of the command; the directories of PATH and what names a toolchain are readable.
        writable: what it writes.
        readable: what it reads below hidden directories.
        own_state: what it needs of the home directory.
        caches: its own build caches.
    """
    hidden = places.hidden()
    home = places.home
    state = [home_path(entry, home, env) for entry in own_state.writable]
    words = [home_path(entry, home, env) for entry in own_state.readable]
    tools = shared_home_paths(home, env)
    search_path = env.get("PATH", os.defpath)
    seen = [
        *_search_folders(search_path, home),
        *_programs(argv, home),
        *tools,
        *words,
        *map(Path, RESOLVER),
        _resolver_settings(hidden),
        *readable,
    ]
    empty = (*hidden, DEVICES)
    shown = _existing([*_hidden_places(seen, empty), *(mount_point(path, empty) for path in words)])
    own_caches = [replace(cache, target=mount_point(cache.target, empty)) for cache in caches]
    return FileView(
        writable=_existing(mount_point(path, empty) for path in (*writable, *state)),
        readable=shown,
        hidden=hidden,
        blank=tuple(Path(os.path.realpath(path)) for path in SECRET_FILES if os.access(path, os.R_OK)),
        caches=tuple(mountable(own_caches, shown, hidden)),
    )


def mount_point(path: Path, hidden: Iterable[Path]) -> Path:
    """A path without the links on the way into a hidden directory, or to its end if it enters none.

    bubblewrap cannot make a mount point behind a symbolic link.
    What follows inside a hidden directory stays as it is named: the directory is empty there, links included, and
    programs go by the name.

    Args:
        path: absolute.
        hidden: real paths.
    """
    roots = frozenset(hidden)
    here, left, links = Path("/"), list(reversed(path.parts[1:])), 0
    while left and here not in roots:
        name = left.pop()
        entry = here / name
        if name == "..":
            here = here.parent
        elif links < _LINKS_MAX and entry.is_symlink():
            links += 1
            target = entry.readlink()
            left += reversed(target.parts[1:] if target.is_absolute() else target.parts)
            here = Path("/") if target.is_absolute() else here
        else:
            here = entry
    return Path(os.path.normpath(here.joinpath(*reversed(left))))


def _existing(paths: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(path for path in paths if path.exists()))


def _hidden_places(paths: Iterable[Path], hidden: Sequence[Path]) -> list[Path]:
    """Where these paths are hidden: by their names, and behind the links that lead there.

    A link whose directory is shown is there already; nothing can be mounted on it.
    """
    named = [path for path in paths if os.path.lexists(path)]  # few of them do, and comparing paths is slow
    ends = [end for path in named for end in (mount_point(path, hidden), Path(os.path.realpath(path)))]
    places = [end for end in ends if is_below(end, hidden)]
    shown = set(places)
    return [path for path in places if not (path.is_symlink() and shown.intersection(path.parents))]


def _resolver_settings(hidden: Sequence[Path]) -> Path:
    """The folder of the file that names the resolvers, as the file is replaced when the network changes.

    The file alone where the folder is all of a hidden directory.
    """
    file = Path(os.path.realpath(RESOLVER_SETTINGS))
    return file if file.parent in hidden else file.parent


def _search_folders(search_path: str, home: Path) -> list[Path]:
    folders = [Path(text) for text in search_path.split(os.pathsep) if text.startswith("/")]
    return [root for folder in folders for root in (folder, _prefix(folder, home))]


def _prefix(folder: Path, home: Path) -> Path:
    """The installation that a folder of programs belongs to, `v22` for `v22/bin`, or the folder itself."""
    real, real_home = Path(os.path.realpath(folder.parent)), Path(os.path.realpath(home))
    if folder.name not in _PROGRAM_FOLDERS or real == real_home / ".local" or real_home.is_relative_to(real):
        return folder
    return folder.parent


def _programs(argv: Sequence[str], home: Path) -> list[Path]:
    """The program, and the script of an interpreter, with what is installed beside them."""
    named = [text for text in argv[:2] if text.startswith("/")]
    if len(argv) > 1 and Path(argv[0]).name not in _INTERPRETERS:
        named = named[:1] if argv[0].startswith("/") else []
    return [
        root for text in named for path in (Path(text), Path(os.path.realpath(text))) for root in _installed(path, home)
    ]


def _installed(program: Path, home: Path) -> list[Path]:
    parts = program.parts
    if "node_modules" in parts:
        return [Path(*parts[: parts.index("node_modules") + 1])]
    root = _prefix(program.parent, home)
    above = Path(os.path.realpath(home)).is_relative_to(os.path.realpath(root))
    return [program] if above else [program, root]
