"""Client of a boocoder service for programs: connect, run tasks, follow them, answer, review and apply.

`connect` gives a blocking client, `connect_async` one for asyncio, with the same methods. See docs/client.md.
"""

from boocoder.client.async_client import AsyncBoocoder
from boocoder.client.blocking_client import BlockingReview, Boocoder
from boocoder.client.connect import connect, connect_async
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
