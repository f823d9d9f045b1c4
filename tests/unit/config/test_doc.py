"""docs/configuration.md lists every setting as the code has it, and no other."""

from __future__ import annotations

import re

import pytest

from boocoder.config.settings import SettingInfo, every_setting
from tests.paths import DOCS

PAGE = (DOCS / "configuration.md").read_text("utf-8")


def shown_default(info: SettingInfo) -> str:
    match info.default:
        case None:
            return "`$XDG_DATA_HOME/boocoder`"
        case "" | ():
            return "empty"
        case bool():
            return f"`{str(info.default).lower()}`"
        case tuple():
            return f"`{', '.join(info.default)}`"
        case float():
            return f"`{info.default:g}`"
        case _:
            return f"`{info.default}`"


def shown_range(info: SettingInfo) -> str:
    if info.choices:
        return ", ".join(f"`{choice}`" for choice in info.choices)
    if info.low is None:
        return ""
    return f"{info.low:g} to {info.high:g}" if info.high is not None else f"{info.low:g} or more"


def row(info: SettingInfo) -> str:
    cells = (f"`{info.name}`", f"`{info.env}`", info.unit, shown_default(info), shown_range(info), info.why)
    return f"| {' | '.join(cells)} |"


@pytest.mark.parametrize("info", list(every_setting()), ids=lambda info: info.name)
def test_the_page_has_the_settings_row(info: SettingInfo) -> None:
    assert row(info) in PAGE.splitlines()


def test_the_page_has_no_row_too_many() -> None:
    listed = re.findall(r"^\| `([a-z_.]+)` \| `BOOCODER_", PAGE, re.MULTILINE)
    assert listed == [info.name for info in every_setting()]
