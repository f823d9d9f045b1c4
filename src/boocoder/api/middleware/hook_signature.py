"""Deliveries to hooks come without a token: their signature is checked, with the body in hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope

from boocoder.api.tokens.grant import Grant
from boocoder.intake.delegation import Starter
from boocoder.model.access_token import TokenScope
from boocoder.model.ids import ProjectId
from boocoder.model.task import TaskOrigin

_ADDRESS = re.compile(r"/api/hooks/([^/]+)")


class HookSecrets(Protocol):
    """Knows the secrets of hooks; see `intake.hooks.registry.Hooks`."""

    async def project_of_signed(self, name: str, headers: Mapping[str, str], body: bytes) -> ProjectId | None: ...


def is_delivery(scope: Scope) -> bool:
    """Whether a request without a token can be a delivery to a hook."""
    return scope["type"] == "http" and scope["method"] == "POST" and _ADDRESS.fullmatch(scope["path"]) is not None


async def signed_grant(scope: Scope, receive: Receive, secrets: HookSecrets) -> tuple[Grant | None, Receive]:
    """What a delivery may do, None if its signature is wrong; and the body, to be read again."""
    found = _ADDRESS.fullmatch(scope["path"])
    assert found is not None
    try:
        body = await Request(scope, receive).body()
    except ClientDisconnect:
        return None, receive
    headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
    project_id = await secrets.project_of_signed(found[1], headers, body)
    if project_id is None:
        return None, receive
    starter = Starter(TaskOrigin.HOOK, found[1])
    return Grant(TokenScope.START, project_id, starter), _replayed(body, receive)


def _replayed(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again
