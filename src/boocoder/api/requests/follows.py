"""Requests about published branches that are followed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from boocoder.api.requests.fields import WHOLE, Input, Name, Text
from boocoder.db.registry.follows import FollowBounds

ROUNDS_DEFAULT = 5
ROUNDS_MAX = 100
COST_MAX_USD = 10_000.0
REVIEWERS_MAX = 100
Rounds = Annotated[int, Field(ge=0, le=ROUNDS_MAX), WHOLE]
CostUsd = Annotated[float, Field(ge=0, le=COST_MAX_USD, strict=False)]
GateCommand = Annotated[Text, Field(max_length=10_000)]
Reviewers = Annotated[list[Name], Field(max_length=REVIEWERS_MAX)]


class FollowInput(Input):
    """How far a session answers what its branch's forge says, without a person."""

    rounds_max: Rounds = ROUNDS_DEFAULT
    cost_max_usd: CostUsd = 0.0
    gate: GateCommand = ""
    reviewers: Reviewers = []

    def bounds(self) -> FollowBounds:
        """What is asked for."""
        return FollowBounds(self.rounds_max, self.cost_max_usd, self.gate.strip(), tuple(self.reviewers))


class FollowPatch(Input):
    """Stop or resume rounds, and change their bounds."""

    enabled: bool | None = None
    rounds_max: Rounds | None = None
    cost_max_usd: CostUsd | None = None
    gate: GateCommand | None = None
    reviewers: Reviewers | None = None
