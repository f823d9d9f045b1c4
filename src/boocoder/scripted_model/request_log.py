"""A bounded log of the newest requests to the scripted model, for tests that wait for one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from boocoder.scripted_model.conversation import ModelConversation

T = TypeVar("T")


class RequestState(StrEnum):
    """answering -> one of the others."""

    ANSWERING = "answering"
    ANSWERED = "answered"  # to the end of its script, torn endings included
    REFUSED = "refused"  # with an HTTP error, by `fail` or `flaky`
    GONE = "gone"  # the client went away first, or the server was stopped


@dataclass(slots=True)
class RecordedRequest:
    """One model call.

    Args:
        number: 1, 2, 3 ... in order of arrival.
        path: of the request.
        body: as received.
        conversation: its content; `conversation.side_answer` is set for an agent's side calls.
        client_port: port of the client's connection, which identifies the process that sent the request.
        state: of the answer.
    """

    number: int
    path: str
    body: bytes = field(repr=False)
    conversation: ModelConversation
    client_port: int
    state: RequestState = RequestState.ANSWERING


class RequestLog:
    """The newest requests; can wait for one.

    Args:
        keep: how many are kept; older ones are forgotten.
    """

    def __init__(self, *, keep: int) -> None:
        self.requests: deque[RecordedRequest] = deque(maxlen=keep)
        self._count = 0
        self._changed = asyncio.Event()

    def add(self, path: str, body: bytes, conversation: ModelConversation, client_port: int) -> RecordedRequest:
        """Add a request."""
        self._count += 1
        request = RecordedRequest(self._count, path, body, conversation, client_port)
        self.requests.append(request)
        self._announce()
        return request

    def finish(self, request: RecordedRequest, state: RequestState) -> None:
        """Record how the answer ended."""
        request.state = state
        self._announce()

    def turns(self, containing: str) -> list[RecordedRequest]:
        """The logged requests, without side calls, whose newest prompt contains a text."""
        return [
            request
            for request in self.requests
            if request.conversation.side_answer is None and containing in request.conversation.prompt
        ]

    async def wait_until(self, found: Callable[[], T | None], timeout_s: float) -> T:
        """Wait until `found`, called again after every change, returns something.

        Raises:
            TimeoutError: nothing was found for `timeout_s` seconds.
        """
        async with asyncio.timeout(timeout_s):
            while (value := found()) is None:
                await self._changed.wait()
        return value

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
