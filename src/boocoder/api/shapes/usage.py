"""What the sums of tokens and cost answer."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from boocoder.api.shapes.outputs import Output


class UsageSumOut(Output):
    """Turns that share an agent, a model or a project, or all of them."""

    kind: Literal["agent", "model", "project", "total"]
    agent: str
    model: str
    project_id: UUID | None
    turns: int
    completed: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cost_usd: float
    seconds: float
