"""Where model servers usually listen, and one that was found there: data that the settings read without an HTTP client.

The ports are those of the servers' own documentation: llama-server and llama-swap 8080, vLLM 8000, Ollama 11434,
LM Studio 1234.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UsualPlace:
    """Where a kind of server usually listens.

    Args:
        kind: the product; what its models say of their owner wins.
        port: on the loopback address.
    """

    kind: str
    port: int


USUAL_PLACES = (
    UsualPlace("llama-server", 8080),
    UsualPlace("vLLM", 8000),
    UsualPlace("Ollama", 11434),
    UsualPlace("LM Studio", 1234),
)


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A model server that runs and is not used.

    Args:
        kind: the product.
        name: for its table in the settings.
        base_url: with the version.
        models: ids that it lists.
    """

    kind: str
    name: str
    base_url: str
    models: tuple[str, ...]

    @property
    def settings_text(self) -> str:
        """What makes boocoder use it, for the settings file."""
        return f'[models.{self.name}]\nbase_url = "{self.base_url}"'
