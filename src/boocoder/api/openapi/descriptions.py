"""The words of docs/api.md about fields, parameters and answers, as tools/api_document.py has taken them from there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("descriptions.json")


class ApiDescriptions(msgspec.Struct, frozen=True):
    """Descriptions in Markdown.

    Args:
        common: of fields and parameters that mean the same everywhere, by name.
        schemas: of fields, by schema and name.
        parameters: by route (`GET /api/tasks`) and name.
        answers: by route and status.
    """

    common: Mapping[str, str]
    schemas: Mapping[str, Mapping[str, str]]
    parameters: Mapping[str, Mapping[str, str]]
    answers: Mapping[str, Mapping[str, str]]


@cache
def read_descriptions() -> ApiDescriptions:
    """The descriptions that came with this version."""
    return msgspec.json.decode(FILE.read_bytes(), type=ApiDescriptions)
