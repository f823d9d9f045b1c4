"""Names of agents' modes: ids may be URLs and differ in case, hyphens and underscores."""

from __future__ import annotations

_MODES_WITHOUT_WRITES = frozenset({"plan", "planmode", "architect", "readonly", "chat", "ask"})


def last_piece(id: str) -> str:
    """The last piece of a mode's id, "autopilot" of "https://agent.example/modes#autopilot"; the id without pieces."""
    return id.replace("#", "/").rstrip("/").rpartition("/")[2] or id


def plain_name(name: str) -> str:
    """A name in lower case without hyphens and underscores."""
    return name.lower().replace("-", "").replace("_", "")


def writes_nothing(mode: str) -> bool:
    """Whether a mode of an agent, by its name, is one in which it may write no file; "" is no such mode."""
    return plain_name(last_piece(mode)) in _MODES_WITHOUT_WRITES
