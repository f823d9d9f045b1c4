"""Asks for a permission and says first if the agent's sandbox hides the path: no answer of a person opens it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from boocoder.backends.base import TurnPort
from boocoder.events.agent_event import Notice, NoticeLevel, PermissionAnswer, PermissionRequest

_TITLE = "{title} (hidden by the sandbox)"
_TEXT = (
    "The sandbox hides {path} from the agent, whatever you answer. To open it, add it to sandbox.readable or "
    "sandbox.writable in the settings and restart boocoder."
)


async def ask_permission(
    port: TurnPort, request: PermissionRequest, *, paths: Iterable[str], hides: Callable[[Path], bool]
) -> PermissionAnswer:
    """Ask the port.

    Args:
        paths: what the agent's own process is going to open, absolute, also as `folder/*`; others are ignored.
        hides: whether the process cannot see an absolute path.
    """
    hidden = _first_hidden(paths, hides)
    if hidden is not None:
        await port.emit(Notice("sandbox_hides", _TEXT.format(path=hidden), NoticeLevel.WARNING))
        request = replace(request, title=_TITLE.format(title=request.title))
    return await port.ask_permission(request)


def _first_hidden(paths: Iterable[str], hides: Callable[[Path], bool]) -> Path | None:
    """A path that does not exist is not hidden: the agent may have it in a temporary folder of its own."""
    for text in paths:
        path = Path(text.removesuffix("/*"))
        if "\0" not in text and path.is_absolute() and _exists(path) and hides(path):
            return path
    return None


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except OSError:
        return False
    return True
