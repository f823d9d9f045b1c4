"""Checks that a delivery comes from who knows a hook's secret, in the forms of GitHub, GitLab and Standard Webhooks."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

SECRET_PREFIX = "whsec_"  # noqa: S105 - how Standard Webhooks marks a secret
AGE_MAX_S = 300.0  # of a signed time; the specification leaves it to the receiver


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """What the headers of a delivery say.

    Args:
        id: the same when it is sent again; "" where its sender has none.
        event: the sender's name of what happened; "" where it has none.
    """

    id: str
    event: str


def delivery_of(headers: Mapping[str, str]) -> HookDelivery:
    """Id and event of a delivery.

    Args:
        headers: with names in lower case.
    """
    if "webhook-signature" in headers:  # which covers this id, and no other header
        return HookDelivery(headers.get("webhook-id", ""), "")
    ids = ("x-github-delivery", "x-gitea-delivery", "x-gitlab-event-uuid", "webhook-id", "idempotency-key")
    events = ("x-github-event", "x-gitea-event", "x-gitlab-event")
    return HookDelivery(_first(headers, ids), _first(headers, events))


def is_signed(headers: Mapping[str, str], body: bytes, *, secret: str, now: float) -> bool:
    """Whether a delivery shows that its sender knows the secret.

    Args:
        headers: with names in lower case.
        secret: as the hook has it, with its prefix; all of it is the key or token, but for Standard Webhooks.
        now: Unix time in seconds.
    """
    if "webhook-signature" in headers:
        return _is_standard(headers, body, secret=secret, now=now)
    if "x-hub-signature-256" in headers:  # GitHub, Gitea and Forgejo
        good = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return _same(headers["x-hub-signature-256"], f"sha256={good}")
    if "x-gitlab-token" in headers:
        return _same(headers["x-gitlab-token"], secret)
    return False


def _is_standard(headers: Mapping[str, str], body: bytes, *, secret: str, now: float) -> bool:
    message_id, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
        fresh = abs(now - int(sent_at)) <= AGE_MAX_S
    except (binascii.Error, ValueError):
        return False
    digest = hmac.new(key, f"{message_id}.{sent_at}.".encode() + body, hashlib.sha256).digest()
    good = f"v1,{base64.b64encode(digest).decode()}"
    return fresh and any(_same(one, good) for one in headers["webhook-signature"].split())


def _same(given: str, good: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), good.encode())


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((headers[name] for name in names if headers.get(name)), "")
