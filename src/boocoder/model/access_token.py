"""Scopes of access tokens."""

from __future__ import annotations

from enum import StrEnum


class TokenScope(StrEnum):
    """What a token may be used for."""

    FULL = "full"  # everything
    READ = "read"  # see everything but tokens, browsers and folders; change nothing
    START = "start"  # read; queue, edit and cancel tasks; open sessions and chats
    ANSWER = "answer"  # see permissions and questions of agents, and answer them; nothing else
