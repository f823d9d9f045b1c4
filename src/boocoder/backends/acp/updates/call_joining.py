"""Joins a permission request with its tool call where an agent gives each an id of its own."""

from __future__ import annotations

from collections.abc import Mapping

from boocoder.backends.acp.updates.tool_state import ToolCallState
from boocoder.events.agent_event import ToolStatus


class CallJoiner:
    """The ids of one turn's calls.

    A request is joined with the one open call that does the same: the same input, diffs or files, or the same command.
    A call that is announced after its request was answered is joined with that request.

    Args:
        calls: the turn's calls that have not ended, by the id that they are shown under.
    """

    def __init__(self, calls: Mapping[str, ToolCallState]) -> None:
        self._calls = calls
        self._shown_as: dict[str, str] = {}
        self._announced: set[str] = set()  # of those that have not ended
        self._asked: set[str] = set()  # likewise
        self._ended: set[str] = set()
        self._twins: dict[str, ToolStatus] = {}

    def of_report(self, id: str, fields: Mapping[str, object], *, announced: bool) -> str:
        """The id that a reported call is shown under."""
        shown = self._shown_as.get(id, id)
        if announced and shown == id and not self._known(id):
            shown = self._twin(id, fields, self._asked - self._announced)
        if announced and shown not in self._ended:
            self._announced.add(shown)
        return shown

    def of_request(self, id: str, fields: Mapping[str, object]) -> str:
        """The id that the call of a permission request is shown under."""
        shown = self._shown_as.get(id, id)
        if shown == id and not self._known(id):
            shown = self._twin(id, fields, self._announced - self._asked)
        if shown not in self._ended:
            self._asked.add(shown)
        return shown

    def end(self, id: str) -> None:
        """A call has ended; of what it did is kept only which open request was the same."""
        call = self._calls[id]
        for other in self._asked:
            if other != id and self._calls[other].does_same(call):
                self._twins[other] = call.status
        self._ended.add(id)
        self._announced.discard(id)
        self._asked.discard(id)

    def finished_twin(self, id: str) -> ToolStatus | None:
        """For a call that was only there to ask for permission: how the call that did the same ended; else None."""
        return self._twins.get(id)

    def _known(self, id: str) -> bool:
        return id in self._calls or id in self._ended

    def _twin(self, id: str, fields: Mapping[str, object], candidates: set[str]) -> str:
        wanted = ToolCallState(id)
        wanted.take(fields)
        found = [one for one in candidates if self._calls[one].does_same(wanted)]
        if len(found) != 1:
            return id
        self._shown_as[id] = found[0]
        return found[0]
