"""`boocoder config`: prints every setting with its current value."""

from __future__ import annotations

import click
import msgspec

from boocoder.cli.invocation import settings_of
from boocoder.cli.listing import show_list
from boocoder.cli.views.terminal_text import plain
from boocoder.config.settings import SettingInfo, Settings, every_setting
from boocoder.config.settings_file import unknown_setting

SECRET = "(set)"  # noqa: S105 - shown instead of a key


class SettingValue(msgspec.Struct, frozen=True):
    """One setting; `value` is "(set)" for a secret that is set."""

    name: str
    value: object
    default: object
    env: str
    unit: str
    meaning: str


@click.command("config")
@click.argument("name", required=False)
@click.option("--changed", is_flag=True, help="Only settings that differ from their defaults.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(ctx: click.Context, name: str | None, changed: bool, as_json: bool) -> None:
    """Show all settings, or the one called NAME, as file and environment give them."""
    settings = settings_of(ctx)
    found = [_value(settings, info) for info in every_setting()]
    if name is not None:
        names = [one.name for one in found]
        if name not in names:
            raise unknown_setting(name, "the command line", names)
        found = [one for one in found if one.name == name]
    found = [one for one in found if not changed or one.value != one.default]
    rows = [
        (
            (one.name, ""),
            (plain(_text(one.value)), "bold" if one.value != one.default else ""),
            (one.meaning, "dim"),
        )
        for one in found
    ]
    show_list(found, ("setting", "value", ""), rows, as_json=as_json)


def _value(settings: Settings, info: SettingInfo) -> SettingValue:
    value: object = settings
    for step in info.name.split("."):
        value = getattr(value, step)
    if value and info.name.endswith(("api_key", "database_url")):
        value = SECRET
    plain_value = value if isinstance(value, str | int | float | bool | None) else _text(value)
    default = info.default if isinstance(info.default, str | int | float | bool | None) else _text(info.default)
    return SettingValue(info.name, plain_value, default, info.env, info.unit, info.why)


def _text(value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(str(one) for one in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
