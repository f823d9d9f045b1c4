"""The modes of the native agent, which limit what it may do in a turn."""

from __future__ import annotations

from enum import StrEnum

EXPLORE_TOOLS = ("read", "list", "search")
READ_TOOLS = (*EXPLORE_TOOLS, "explore", "fetch", "plan", "ask")


class AgentMode(StrEnum):
    """A mode, as named in a task."""

    BUILD = "build"
    PLAN = "plan"
    READ_ONLY = "read-only"
    YOLO = "yolo"  # never asks
    EXPLORE = "explore"  # of a helper; no task can name it

    @property
    def read_only(self) -> bool:
        """Whether changing files and running commands is forbidden."""
        return self in (AgentMode.PLAN, AgentMode.READ_ONLY, AgentMode.EXPLORE)

    def allows(self, tool: str) -> bool:
        """Whether the mode allows a tool."""
        return not self.read_only or tool in (EXPLORE_TOOLS if self is AgentMode.EXPLORE else READ_TOOLS)


OFFERED_MODES = (AgentMode.BUILD, AgentMode.PLAN, AgentMode.READ_ONLY)
TASK_MODES = (*OFFERED_MODES, AgentMode.YOLO)
THINKING_LEVELS = ("off", "minimal", "low", "medium", "high")
