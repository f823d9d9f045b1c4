"""Joins a permission request with its tool call where an agent gives each an id of its own."""

from __future__ import annotations

from collections.abc import Mapping

from boocoder.backends.acp.updates.tool_state import ToolCallState


class CallJoiner:
    """The ids of one turn's calls.

    A request is joined with the one open call that does the same: the same input, diffs or files, or the same command.
    A call that is announced after its request was answered is joined with that request.

    Args:
        calls: the turn's calls, by the id that they are shown under.
    """

    def __init__(self, calls: Mapping[str, ToolCallState]) -> None:
        self._calls = calls
        self._shown_as: dict[str, str] = {}
        self._announced: set[str] = set()
        self._asked: set[str] = set()

    def of_report(self, id: str, fields: Mapping[str, object], *, announced: bool) -> str:
        """The id that a reported call is shown under."""
        shown = self._shown_as.get(id, id)
        if announced and shown == id and id not in self._calls:
            shown = self._twin(id, fields, {one for one in self._asked if one not in self._announced})
        if announced:
            self._announced.add(shown)
        return shown

    def of_request(self, id: str, fields: Mapping[str, object]) -> str:
        """The id that the call of a permission request is shown under."""
        shown = self._shown_as.get(id, id)
        if shown == id and id not in self._calls:
            shown = self._twin(id, fields, self._announced - self._asked)
        self._asked.add(shown)
        return shown

    def finished_twin(self, id: str) -> ToolCallState | None:
        """For a call that was only there to ask for permission: the ended call that did the same; else None."""
        if id not in self._asked:
            return None
        mine = self._calls[id]
        twins = [one for other, one in self._calls.items() if other != id and one.status.final and one.does_same(mine)]
        return twins[-1] if twins else None

    def _twin(self, id: str, fields: Mapping[str, object], candidates: set[str]) -> str:
        wanted = ToolCallState(id)
        wanted.take(fields)
        found = [one for one in candidates if not self._calls[one].status.final and self._calls[one].does_same(wanted)]
        if len(found) != 1:
            return id
        self._shown_as[id] = found[0]
        return found[0]
