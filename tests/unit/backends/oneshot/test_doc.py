"""docs/one-shot.md names every key, format, failure and notice as the code has them."""

from __future__ import annotations

import re
from dataclasses import fields

from boocoder.backends.oneshot.formats.registry import FORMATS
from boocoder.backends.oneshot.settings import OneShotAgent
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "one-shot.md").read_text("utf-8")
BACKENDS = ROOT / "src" / "boocoder" / "backends"
SOURCES = "\n".join(
    path.read_text("utf-8")
    for path in (
        *(BACKENDS / "oneshot").rglob("*.py"),
        BACKENDS / "shared" / "outcomes.py",
    )
)
COMMON = {
    "name",
    "argv",
    "env",
    "home",
    "home_readable",
    "own_sandbox",
    "keep_env",
    "install",
    "login",
}  # on the page of all agents


def quoted() -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", PAGE))


def test_every_key_of_an_agent() -> None:
    assert {field.name for field in fields(OneShotAgent)} - COMMON <= quoted()


def test_every_format() -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| `format`")]
    assert set(re.findall(r"`(\w+)`", row)) - {"format"} == set(FORMATS)


def test_every_failure() -> None:
    raised = set(re.findall(r'(?:TurnError|BackendError|Failed)\(\s*"([a-z_]+)"', SOURCES))
    assert raised <= quoted()
    assert len(raised) > 10


def test_every_notice() -> None:
    told = set(re.findall(r'(?:Notice|once)\(\s*"([a-z_]+)"', SOURCES))
    assert told <= quoted()
    assert len(told) >= 6
