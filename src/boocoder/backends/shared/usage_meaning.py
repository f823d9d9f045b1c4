"""Scope of an agent's token counts."""

from __future__ import annotations

from enum import StrEnum


class UsageMeaning(StrEnum):
    """Scope of the token counts at the end of a turn."""

    TURN = "turn"  # the whole turn
    LAST_CALL = "last_call"  # its last model call
    CUMULATIVE = "cumulative"  # the agent's session so far
