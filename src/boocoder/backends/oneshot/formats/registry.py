"""All formats by name. A format's reader is imported with its first turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boocoder.backends.oneshot.formats.reader import OutputReader

FORMATS: Mapping[str, str] = {
    "claude": "claude.ClaudeReader",
    "cline": "cline.ClineReader",
    "codex": "codex.CodexReader",
    "copilot": "copilot.CopilotReader",
    "gemini": "gemini.GeminiReader",
    "goose": "goose.GooseReader",
    "kimi": "kimi.KimiReader",
    "opencode": "opencode.OpenCodeReader",
    "plain": "plain.PlainReader",
    "qwen": "claude.ClaudeReader",
    "vibe": "vibe.VibeReader",
}
"""Module and class of the reader of one turn."""


def reader_of(format: str, *, cost_before: float = 0.0) -> OutputReader:
    """A reader for one turn.

    Args:
        format: a name of `FORMATS`.
        cost_before: what the session had cost before, for agents that count it as a whole; in US dollars.
    """
    module, _, name = FORMATS[format].partition(".")
    make: Callable[..., OutputReader] = getattr(import_module(f"boocoder.backends.oneshot.formats.{module}"), name)
    return make(cost_before=cost_before) if module == "claude" else make()


KEPT_OPEN_FORMATS = ("claude", "qwen")
"""Those whose agents take prompts as lines, too."""
