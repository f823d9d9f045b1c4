"""Guesses what a tool does from the name that its agent gives it. Pure."""

from __future__ import annotations

from boocoder.events.agent_event import ToolKind

_NAME_WORDS = (
    (ToolKind.THINK, ("todo", "plan", "think")),
    (ToolKind.EXECUTE, ("bash", "shell", "exec", "terminal", "command")),
    (ToolKind.EDIT, ("write", "edit", "patch", "replace", "create")),
    (ToolKind.READ, ("read", "view", "cat")),
    (ToolKind.SEARCH, ("grep", "glob", "search", "find", "list", "ls")),
    (ToolKind.FETCH, ("fetch", "http", "web")),
    (ToolKind.AGENT, ("task", "agent")),
)


def kind_of(name: str) -> ToolKind:
    """What a tool of this name probably does."""
    lowered = name.lower()
    return next((kind for kind, words in _NAME_WORDS if any(word in lowered for word in words)), ToolKind.OTHER)
