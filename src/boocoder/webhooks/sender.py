"""Sends one message to a webhook's URL, and says in words why the receiver did not take it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from boocoder.db.registry.webhook_outbox import ClaimedDelivery
from boocoder.events.redaction import Redactor
from boocoder.webhooks.message import EventData, message_body, signed_headers

if TYPE_CHECKING:
    import httpx2

TIMEOUT_S = 10.0  # for all of a request; shorter than the lease of a delivery
ANSWER_MAX_BYTES = 16_384  # read, so that the connection can be used again; a longer answer costs the connection
ERROR_MAX_CHARS = 300
CONNECTIONS_MAX = 32


@dataclass(frozen=True, slots=True)
class SendResult:
    """What came of a try; `error` is "" where the receiver took the message, by a status of 200 to 299."""

    status_code: int | None
    error: str


class WebhookSender:
    """Sends messages; redirects are not followed, and no proxy of the environment is used.

    Args:
        redactor: replaces known secrets in messages.
    """

    def __init__(self, *, redactor: Redactor, timeout_s: float = TIMEOUT_S) -> None:
        self._redactor = redactor
        self._timeout_s = timeout_s
        self._http: httpx2.AsyncClient | None = None

    async def send(self, delivery: ClaimedDelivery, *, page_url: str) -> SendResult:
        """Try once.

        Args:
            page_url: of the service, without a trailing slash.
        """
        import httpx2  # with the first message: most services have no webhook

        data = msgspec.json.decode(delivery.data, type=EventData)
        body = message_body(delivery.event, delivery.happened_at, data, redactor=self._redactor, page_url=page_url)
        signed = signed_headers(
            body, message_id=str(delivery.message_id), sent_at=int(time.time()), secret=delivery.secret
        )
        headers = {
            "content-type": "application/json",
            "user-agent": "boocoder",
            "accept-encoding": "identity",
            **signed,
        }
        try:
            async with asyncio.timeout(self._timeout_s):
                return _result(await self._post(delivery.url, body, headers))
        except TimeoutError:
            return SendResult(None, f"The receiver did not answer within {self._timeout_s:g} s.")
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:
            return SendResult(None, f"The request failed: {str(error) or type(error).__name__}."[:ERROR_MAX_CHARS])

    async def close(self) -> None:
        """Close the connections. Safe twice and before the first message."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        import httpx2

        async with self._client().stream("POST", url, content=body, headers=headers) as response:
            read = 0
            with contextlib.suppress(httpx2.HTTPError):  # its status is known
                async for piece in response.aiter_raw():
                    read += len(piece)
                    if read > ANSWER_MAX_BYTES:
                        break
            return response.status_code

    def _client(self) -> httpx2.AsyncClient:
        import httpx2

        if self._http is None:
            self._http = httpx2.AsyncClient(
                trust_env=False,
                follow_redirects=False,
                timeout=self._timeout_s,
                limits=httpx2.Limits(max_connections=CONNECTIONS_MAX),
            )
        return self._http


def _result(status: int) -> SendResult:
    if 200 <= status < 300:
        return SendResult(status, "")
    if 300 <= status < 400:
        return SendResult(status, f"The receiver answered with a redirect ({status}), which is not followed.")
    try:
        phrase = f" {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = ""
    return SendResult(status, f"The receiver answered {status}{phrase}.")
