"""Spells models as opencode wants them: "provider/model"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from boocoder.backends.opencode.settings import PROVIDER_ID, ModelProvider


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model as opencode names it."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


def default_model(providers: Sequence[ModelProvider]) -> ModelRef | None:
    """The default model of the first of our model servers that has one, None without any."""
    for provider in providers:
        if provider.default is not None:
            return ModelRef(provider.id, provider.default)
    return None


def coalesce_model(model: str | None, providers: Sequence[ModelProvider]) -> ModelRef | None:
    """Which model a prompt names.

    Args:
        model: as the task has it: empty or None, a bare id or label of our model servers, or "provider/model". An id
            may itself hold slashes ("org/model"): ids that a server lists win.
        providers: our model servers.

    Returns:
        The model to send, or None to leave the choice to opencode.
    """
    wanted = (model or "").strip()
    if not wanted:
        return default_model(providers)
    for provider in providers:
        if (listed := provider.listed(wanted)) is not None:
            return ModelRef(provider.id, listed)
    head, slash, tail = wanted.partition("/")
    if slash and head and tail:
        own = next((provider for provider in providers if provider.id == head), None)
        return ModelRef(head, (own.listed(tail) if own is not None else None) or tail)
    return ModelRef(providers[0].id if providers else PROVIDER_ID, wanted)
