"""What Ollama says of its models: `/api/ps` lists the loaded ones with their context, `/api/show` describes one."""

from __future__ import annotations

import re

import msgspec

from boocoder.model_servers.report import ModelReport

_CONTEXT_PARAMETER = re.compile(r"^num_ctx\s+(\d+)\s*$", re.MULTILINE)
_TRAINED_CONTEXT = ".context_length"


class LoadedModel(msgspec.Struct, frozen=True):
    """A loaded model; `context_length` is that of one request, whatever OLLAMA_NUM_PARALLEL is."""

    model: str
    context_length: int = 0


class LoadedModels(msgspec.Struct, frozen=True):
    """The answer of `/api/ps`."""

    models: tuple[LoadedModel, ...]


class ModelDescription(msgspec.Struct, frozen=True):
    """The answer of `/api/show`.

    Args:
        parameters: of the model's file, one a line.
        model_info: of the weights; names begin with the architecture.
        capabilities: such as "completion", "tools", "vision", "embedding".
    """

    model_info: dict[str, object]
    parameters: str = ""
    capabilities: tuple[str, ...] = ()

    @property
    def context_tokens(self) -> int:
        """The context that the model's file sets, 0 if it leaves it to the server."""
        found = _CONTEXT_PARAMETER.findall(self.parameters)
        return int(found[-1]) if found else 0

    @property
    def trained_tokens(self) -> int:
        """The context that the model was trained for, 0 if unknown."""
        sizes = (size for name, size in self.model_info.items() if name.endswith(_TRAINED_CONTEXT))
        return next((size for size in sizes if isinstance(size, int)), 0)


def report(described: ModelDescription | None, loaded: LoadedModel | None) -> ModelReport:
    """One model.

    Args:
        described: None if it could not be had.
        loaded: None if the model is not loaded.
    """
    abilities = described.capabilities if described is not None else ()
    return ModelReport(
        context_tokens=(loaded.context_length if loaded else 0) or (described.context_tokens if described else 0),
        trained_tokens=described.trained_tokens if described is not None else 0,
        tools="tools" in abilities if abilities else None,
        images="vision" in abilities if abilities else None,
        loaded=loaded is not None,
        chats="completion" in abilities if abilities else True,
        unloads=True,
    )
