"""Says on standard error that a command uses a service inside its own process."""

from __future__ import annotations

from boocoder.cli.views.style import make_console


class OwnServiceNotices:
    """Notices of one command.

    Args:
        purpose: what the service is started for, such as "for this task".

    Attributes:
        started: whether the command has started one.
    """

    def __init__(self, purpose: str) -> None:
        self._purpose = purpose
        self.started = False

    def starting(self) -> None:
        """It starts, which takes seconds."""
        self.started = True
        make_console(stderr=True).print(f"No service runs; starting one {self._purpose} ...", style="dim")

    def in_use(self) -> None:
        """It keeps running because others use it."""
        text = "Other clients use this service; it keeps running until they are done. Ctrl-C stops it."
        make_console(stderr=True).print(text, style="dim")
