"""Client of a boocoder service for programs: connect, run tasks, follow them, answer, review and apply.

`connect` gives a blocking client, `connect_async` one for asyncio, with the same methods. See docs/client.md.
A name is imported when it is first used: the command line needs few of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from boocoder.client.connect import connect, connect_async  # a module's name, too: whoever imports it would win

if TYPE_CHECKING:
    from boocoder.client.async_client import AsyncBoocoder
    from boocoder.client.blocking_client import BlockingReview, Boocoder
    from boocoder.client.http_client import ChangeRefused
    from boocoder.client.review_client import ReviewClient
    from boocoder.client.task_frames import AnswerText
    from boocoder.errors import BoocoderError, Conflict, InvalidInput, NotFound, Unavailable
    from boocoder.events import frames

__all__ = [
    "AnswerText",
    "AsyncBoocoder",
    "BlockingReview",
    "Boocoder",
    "BoocoderError",
    "ChangeRefused",
    "Conflict",
    "InvalidInput",
    "NotFound",
    "ReviewClient",
    "Unavailable",
    "connect",
    "connect_async",
    "frames",
]

_MODULES = {
    "AnswerText": "boocoder.client.task_frames",
    "AsyncBoocoder": "boocoder.client.async_client",
    "BlockingReview": "boocoder.client.blocking_client",
    "Boocoder": "boocoder.client.blocking_client",
    "ChangeRefused": "boocoder.client.http_client",
    "ReviewClient": "boocoder.client.review_client",
}


def __getattr__(name: str) -> object:
    """Import a public name."""
    if name == "frames":
        return import_module("boocoder.events.frames")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_MODULES.get(name, "boocoder.errors")), name)
    return found
