"""What LM Studio says of its models: `/api/v0/models` lists those on disk, with the context of the loaded ones."""

from __future__ import annotations

import msgspec

from boocoder.model_servers.report import ModelReport

_EMBEDS = "embeddings"
_SEES = "vlm"


class ModelEntry(msgspec.Struct, frozen=True):
    """A model on disk.

    Args:
        type: llm, vlm (sees images) or embeddings.
        state: loaded or not-loaded.
        loaded_context_length: the context that it was loaded with.
        max_context_length: the context that it was trained for.
        capabilities: such as "tool_use"; models without it call tools as well, by LM Studio's own format.
    """

    id: str
    state: str
    type: str = ""
    loaded_context_length: int | None = None
    max_context_length: int | None = None
    capabilities: tuple[str, ...] | None = None

    @property
    def report(self) -> ModelReport:
        """In the words of all servers."""
        loaded = self.state == "loaded"
        return ModelReport(
            context_tokens=(self.loaded_context_length or 0) if loaded else 0,
            trained_tokens=self.max_context_length or 0,
            tools=True if "tool_use" in (self.capabilities or ()) else None,
            images=self.type == _SEES if self.type else None,
            loaded=loaded,
            chats=self.type != _EMBEDS,
        )


class ModelEntries(msgspec.Struct, frozen=True):
    """The answer of `/api/v0/models`."""

    data: tuple[ModelEntry, ...]
