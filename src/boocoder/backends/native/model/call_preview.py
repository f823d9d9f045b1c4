"""Shows tool calls while the model is still writing them, at a limited rate."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from boocoder.backends.native.loop.reporter import NativeReporter
from boocoder.backends.native.model.tool_calls import SentCall, arguments_so_far
from boocoder.backends.native.tools.display import early_view
from boocoder.events.agent_event import Progress, ToolCall, ToolStatus

FIRST_EVERY_S = 0.2  # until the call has an argument to show
EVERY_S = 0.5
AT_LEAST_EVERY_S = 2.0
GROWTH = 0.05  # of a call's length: what is worth a new picture before AT_LEAST_EVERY_S
ALIVE_EVERY_S = 1.0


@dataclass
class _Preview:
    """A call that is shown."""

    shown: ToolCall
    chars: int
    at: float
    has_arguments: bool


class CallPreview:
    """The shown calls of one answer.

    Args:
        reporter: where they are reported.
    """

    def __init__(self, *, reporter: NativeReporter) -> None:
        self._reporter = reporter
        self._previews: dict[int, _Preview] = {}
        self._alive_at = 0.0

    def is_due(self, number: int, chars: int) -> bool:
        """Whether the call with this number has grown enough to be shown again."""
        preview = self._previews.get(number)
        if preview is None:
            return True
        waited = time.monotonic() - preview.at
        if not preview.has_arguments:
            return waited >= FIRST_EVERY_S
        grown = chars - preview.chars >= GROWTH * chars
        return chars > preview.chars and waited >= (EVERY_S if grown else AT_LEAST_EVERY_S)

    async def show(self, number: int, call: SentCall) -> None:
        """Report the call's current state."""
        tool, given = arguments_so_far(call)
        now = time.monotonic()
        preview = self._previews.get(number)
        if preview is None:
            view = early_view(self._reporter.new_part("tool"), tool, given)
            self._previews[number] = _Preview(view, len(call.arguments), now, bool(given))
        else:
            view = early_view(preview.shown.part, tool, given)
            preview.chars, preview.at, preview.has_arguments = len(call.arguments), now, bool(given)
            if view == preview.shown:
                return
            preview.shown = view
        self._alive_at = now
        await self._reporter.tool(view)

    async def prove_life(self) -> None:
        """Report progress if nothing else was reported recently: the model is writing what cannot be shown yet."""
        now = time.monotonic()
        if now - self._alive_at >= ALIVE_EVERY_S:
            self._alive_at = now
            await self._reporter.report(Progress())

    async def finish(self, calls: Mapping[int, SentCall]) -> tuple[SentCall, ...]:
        """End the answer: cancel shown calls that are not among these.

        Returns:
            These calls, each with the part that already shows it.
        """
        previews, self._previews = self._previews, {}
        for number, preview in previews.items():
            if number not in calls:
                await self._reporter.tool(replace(preview.shown, status=ToolStatus.CANCELLED))
        return tuple(
            replace(call, part=previews[number].shown.part) if number in previews else call
            for number, call in calls.items()
        )
