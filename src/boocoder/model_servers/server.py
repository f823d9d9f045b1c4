"""A model server as the settings describe it. It asks nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

DEFAULT_PROVIDER = "llama-swap"  # how agents with providers name the server of [models], which has no name


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What a person sets for the models of a server, or for one of them; what is not set is the server's own way.

    Args:
        context_tokens: what one conversation may take; 0: what the server says.
        output_tokens: what one answer may take at most; 0: the agent's own limit.
        temperature, top_p: of sampling.
        reasoning_effort: how hard to think, such as "low".
        thinking: whether to think at all.
        images: whether it takes images; None: what the server says.
        extra_body: further fields of every request, as they are.
        turns_at_once: how many turns of a model run at the same time; 0: as many as the server has slots.
    """

    context_tokens: int = 0
    output_tokens: int = 0
    temperature: float | None = None
    top_p: float | None = None
    reasoning_effort: str = ""
    thinking: bool | None = None
    images: bool | None = None
    extra_body: Mapping[str, object] = field(default_factory=dict)
    turns_at_once: int = 0

    def with_overrides(self, over: ModelOptions) -> ModelOptions:
        """These options with everything that `over` sets in their place."""
        empty = ModelOptions()
        names = [one.name for one in fields(over)]
        changed = {name: getattr(over, name) for name in names if getattr(over, name) != getattr(empty, name)}
        return replace(self, **{**changed, "extra_body": {**self.extra_body, **over.extra_body}})

    def request_fields(self) -> dict[str, object]:
        """The fields of a request that say all this."""
        said: dict[str, object] = {"temperature": self.temperature, "top_p": self.top_p}
        said["reasoning_effort"] = self.reasoning_effort or None
        if self.thinking is not None:
            said["chat_template_kwargs"] = {"enable_thinking": self.thinking}
        return {**{name: value for name, value in said.items() if value is not None}, **self.extra_body}


@dataclass(frozen=True, slots=True)
class ModelServer:
    """One server.

    Args:
        base_url: with the version, such as http://127.0.0.1:8080/v1; "" if none is set.
        name: first part of its models' names; "" for the server of [models], whose models have none.
        api_key: sent as a bearer token; "" for none.
        default: id of the model that tasks without one get; "" for the first that it lists.
        options: of all its models.
        models: further options of single models, by id.
        all_turns_at_once: how many turns of all its models run at the same time; 0: any number.
    """

    base_url: str = ""
    name: str = ""
    api_key: str = field(default="", repr=False)
    default: str = ""
    options: ModelOptions = field(default_factory=ModelOptions)
    models: Mapping[str, ModelOptions] = field(default_factory=dict)
    all_turns_at_once: int = 0

    @property
    def setting(self) -> str:
        """Where its settings are."""
        return f"models.{self.name}" if self.name else "models"

    @property
    def provider(self) -> str:
        """Its name for agents that have providers."""
        return self.name or DEFAULT_PROVIDER

    def options_of(self, model: str) -> ModelOptions:
        """The options of one model."""
        return self.options.with_overrides(self.models.get(model, ModelOptions()))

    def task_name(self, model: str) -> str:
        """How a task names one of its models."""
        return f"{self.name}/{model}" if self.name else model
