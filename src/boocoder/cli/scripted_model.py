"""`boocoder scripted-model`: the package's own model server, under the name that the commands' table looks for."""

from __future__ import annotations

from boocoder.scripted_model.__main__ import main as command

__all__ = ["command"]
