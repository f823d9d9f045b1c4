"""The same client with calls that block: each runs its asyncio twin on the loop of a thread of its own."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar
from uuid import UUID

from anyio.from_thread import BlockingPortal

from boocoder.client.async_client import AsyncBoocoder
from boocoder.client.review_client import ReviewClient

P = ParamSpec("P")
T = TypeVar("T")
TwinT = TypeVar("TwinT")


class _Blocking(Generic[TwinT]):
    """A client and the thread on whose loop its asyncio twin lives."""

    def __init__(self, twin: TwinT, portal: BlockingPortal) -> None:
        self._twin = twin
        self._portal = portal


def _blocking(
    method: Callable[Concatenate[TwinT, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[_Blocking[TwinT], P], T]:
    """The method of a twin as one that waits for its result."""

    @functools.wraps(method)
    def call(self: _Blocking[TwinT], /, *args: P.args, **kwargs: P.kwargs) -> T:
        answer: T = self._portal.call(functools.partial(method, self._twin, *args, **kwargs))
        return answer

    return call


def _iterating(
    method: Callable[Concatenate[TwinT, P], AsyncGenerator[T]],
) -> Callable[Concatenate[_Blocking[TwinT], P], Iterator[T]]:
    """The generator of a twin as one that blocks; leaving the loop closes it."""

    @functools.wraps(method)
    def call(self: _Blocking[TwinT], /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        received = method(self._twin, *args, **kwargs)
        try:
            while True:
                try:
                    item = self._portal.call(received.__anext__)
                except StopAsyncIteration:
                    return
                yield item
        finally:
            self._portal.call(received.aclose)

    return call


class BlockingReview(_Blocking[ReviewClient]):
    """The review of one change."""

    files = _blocking(ReviewClient.files)
    review = _blocking(ReviewClient.review)
    units = _blocking(ReviewClient.units)
    accept = _blocking(ReviewClient.accept)
    reject = _blocking(ReviewClient.reject)
    split = _blocking(ReviewClient.split)
    join = _blocking(ReviewClient.join)
    edit = _blocking(ReviewClient.edit)
    comment = _blocking(ReviewClient.comment)
    send = _blocking(ReviewClient.send)
    undo = _blocking(ReviewClient.undo)


class Boocoder(_Blocking[AsyncBoocoder]):
    """A service. The methods are those of AsyncBoocoder and block until the service has answered."""

    health = _blocking(AsyncBoocoder.health)
    start = _blocking(AsyncBoocoder.start)
    follow = _iterating(AsyncBoocoder.follow)
    run = _iterating(AsyncBoocoder.run)
    wait = _blocking(AsyncBoocoder.wait)
    steer = _blocking(AsyncBoocoder.steer)
    cancel = _blocking(AsyncBoocoder.cancel)
    answer = _blocking(AsyncBoocoder.answer)
    requests = _blocking(AsyncBoocoder.requests)
    projects = _blocking(AsyncBoocoder.projects)
    sessions = _blocking(AsyncBoocoder.sessions)
    tasks = _blocking(AsyncBoocoder.tasks)
    changes = _blocking(AsyncBoocoder.changes)
    session = _blocking(AsyncBoocoder.session)
    task = _blocking(AsyncBoocoder.task)
    change = _blocking(AsyncBoocoder.change)
    pending_change = _blocking(AsyncBoocoder.pending_change)
    diff = _blocking(AsyncBoocoder.diff)
    apply = _blocking(AsyncBoocoder.apply)
    reject = _blocking(AsyncBoocoder.reject)

    def review(self, change: UUID) -> BlockingReview:
        """The review of a change: files, units, verdicts, comments."""
        return BlockingReview(self._twin.review(change), self._portal)
