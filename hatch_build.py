"""Hatchling's hook: builds the web page before a wheel, an sdist or an editable installation is made.

Node.js is asked for only where the page is not up to date, so that an installation from an sdist needs none.
BOOCODER_PAGE=skip leaves the page out.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent / "tools"))
import build_page


class PageHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs `tools/build_page.py`."""

    def dependencies(self) -> list[str]:
        """What the build environment needs besides hatchling."""
        return [build_page.NODE_PACKAGE] if self._wanted() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, or stop the installation with a text that says what to do."""
        if self._wanted():
            try:
                build_page.build()
            except build_page.PageError as error:
                raise SystemExit("\n".join(map(str, error.args))) from None

    @staticmethod
    def _wanted() -> bool:
        return os.environ.get("BOOCODER_PAGE") != "skip" and not build_page.is_fresh()
