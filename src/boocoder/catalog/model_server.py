"""The model server as agents use it: address, key and models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from boocoder.catalog.known_agents import ModelServerUse

_NO_KEY = "none"  # agents refuse to start with an empty key, and a server that needs none takes any


@dataclass(frozen=True, slots=True)
class ModelServerConnection:
    """What the model server has.

    Args:
        base_url: with the version, such as http://127.0.0.1:8080/v1; "" if there is none.
        api_key: "" for none.
        default: the default model; "" if none is known yet.
        models: all ids; empty if they are not known yet.
    """

    base_url: str = ""
    api_key: str = ""
    default: str = ""
    models: tuple[str, ...] = ()

    def env_of(self, use: ModelServerUse) -> Mapping[str, str]:
        """The variables that point an agent here; one whose value is not known is left out."""
        values = {
            "base_url": self.base_url.rstrip("/"),
            "host": self.base_url.rstrip("/").removesuffix("/v1"),
            "api_key": self.api_key or _NO_KEY,
            "model": self.default or next(iter(self.models), ""),
        }
        filled = {name: _filled(text, values) for name, text in use.env.items()}
        return {name: text for name, text in filled.items() if text}

    def models_of(self, use: ModelServerUse) -> tuple[str, ...]:
        """The server's models as this agent names them."""
        return tuple(f"{use.model_prefix}{model}" for model in self.models)

    def default_of(self, use: ModelServerUse) -> str:
        """The model of a task that names none, as this agent names it; "" if none is known."""
        model = self.default or next(iter(self.models), "")
        return f"{use.model_prefix}{model}" if model else ""


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text
