"""Spells models as opencode wants them: "provider/model". Pure."""

from __future__ import annotations

from dataclasses import dataclass

from boocoder.backends.opencode.settings import PROVIDER_ID, ModelProvider


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model as opencode names it."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


def default_model(provider: ModelProvider | None) -> str | None:
    """The prefixed id of our model server's default model, None without a model server or any model."""
    if provider is None:
        return None
    chosen = provider.default_model or next(iter(provider.models), "")
    return f"{PROVIDER_ID}/{chosen}" if chosen else None


def coalesce_model(model: str | None, provider: ModelProvider | None) -> ModelRef | None:
    """Which model a prompt names.

    Args:
        model: as the task has it: empty or None, a bare id of our model server, or "provider/model". An id of
            our model server may itself hold slashes ("org/model"): ids that the server lists win.
        provider: our model server, if there is one.

    Returns:
        The model to send, or None to leave the choice to opencode.
    """
    wanted = (model or "").strip()
    if not wanted:
        wanted = default_model(provider) or ""
    if not wanted:
        return None
    if provider is not None and wanted in provider.models:
        return ModelRef(PROVIDER_ID, wanted)
    head, slash, tail = wanted.partition("/")
    if slash and head and tail:
        return ModelRef(head, tail)
    return ModelRef(PROVIDER_ID, wanted)
