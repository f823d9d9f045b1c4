"""What a model server says of its models, whatever the server is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ModelReport:
    """One model, as the server describes it now.

    Args:
        context_tokens: what one conversation may take; 0 if the server does not say, or not before it has loaded it.
        slots: conversations that it answers at once, 0 if the server does not say.
        trained_tokens: the context that the model was trained for, 0 if the server does not say.
        tools, images: whether it calls tools and takes images; None if the server does not say.
        loaded: whether it answers without being loaded first; None if the server does not say.
        chats: whether it answers conversations; embedding models do not.
        idle_unload_s: seconds without a request after which the server unloads it; 0: never, or it does not say.
        unloads: whether the server unloads it on request.
    """

    context_tokens: int = 0
    slots: int = 0
    trained_tokens: int = 0
    tools: bool | None = None
    images: bool | None = None
    loaded: bool | None = None
    chats: bool = True
    idle_unload_s: int = 0
    unloads: bool = False


@dataclass(frozen=True, slots=True)
class RunningModels:
    """The models of a server that loads them on demand.

    Args:
        states: by id: "ready" answers at once, "starting" is being loaded; others are on their way out.
        room: how many more it loads before it unloads one; None if it does not say.
        idle_unload_s: by id, seconds without a request after which it unloads one; those without a limit are missing.
    """

    states: Mapping[str, str]
    room: int | None = None
    idle_unload_s: Mapping[str, int] = field(default_factory=dict)

    @property
    def ready(self) -> frozenset[str]:
        """Those that answer without being loaded first."""
        return frozenset(model for model, state in self.states.items() if state == "ready")

    def waits_for(self, model: str) -> str:
        """What the server does before a model can answer, "" if it is ready or nothing is known."""
        if model in self.ready:
            return ""
        if self.states.get(model) == "starting" or self.room != 0:
            return f"The server is loading {model}"
        others = ", ".join(sorted(self.states))
        return f"The server is changing from {others} to {model}" if others else ""
