"""Modes, models and thinking levels that an agent offers, by config options or by the older lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from boocoder.backends.shared.mode_names import last_piece, plain_name
from boocoder.events import json_coerce


class OptionKind(StrEnum):
    """What a task may choose in a session."""

    MODEL = "model"
    THINKING = "thinking"
    MODE = "mode"


class OptionMethod(StrEnum):
    """The ACP call that sets an option."""

    CONFIG_OPTION = "session/set_config_option"
    SET_MODE = "session/set_mode"
    SET_MODEL = "session/set_model"


_CATEGORIES = {
    "model": OptionKind.MODEL,
    "mode": OptionKind.MODE,
    "thought_level": OptionKind.THINKING,
    "thinking": OptionKind.THINKING,
    "effort": OptionKind.THINKING,
    "thinking_effort": OptionKind.THINKING,
    "reasoning_effort": OptionKind.THINKING,
}


@dataclass(frozen=True, slots=True)
class SessionOption:
    """One option of a session.

    Args:
        current: the id that is set now, "" if unknown.
        offered: (id, name) in the agent's order.
        method: how to set it.
        config_id: the option's id, for OptionMethod.CONFIG_OPTION.
    """

    current: str
    offered: tuple[tuple[str, str], ...]
    method: OptionMethod
    config_id: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        """What may be chosen."""
        return tuple(id for id, _ in self.offered)

    @property
    def short_ids(self) -> tuple[str, ...]:
        """What may be chosen, URLs shortened to their last piece where that is unique."""
        return tuple(self.shortened(id) for id in self.ids)

    def shortened(self, id: str) -> str:
        """One of the ids as it is shown."""
        short = last_piece(id)
        others = [other for other in self.ids if last_piece(other) == short]
        return short if "://" in id and others == [id] else id

    def find(self, wanted: str) -> str | None:
        """The agent's id for what a person wrote: the id, the name, or the one id whose last piece it is."""
        if wanted in self.ids:
            return wanted
        named = [id for id, name in self.offered if name == wanted or id.endswith((f"/{wanted}", f"#{wanted}"))]
        return named[0] if len(named) == 1 else None

    def nearest_mode(self, wanted: str) -> str | None:
        """The agent's mode nearest to `yolo`, `plan` or `read-only`; None for other names or without such a mode."""
        by_meaning = {plain_name(last_piece(id)): id for id in reversed(self.ids)}
        return next((by_meaning[name] for name in _NEAREST_MODES.get(wanted, ()) if name in by_meaning), None)


_NEAREST_MODES = {
    "yolo": ("yolo", "bypasspermissions", "autopilot", "autoapprove", "alwaysapprove", "fullaccess", "agentfullaccess"),
    "plan": ("plan", "planmode", "architect", "readonly", "chat"),
    "read-only": ("readonly", "plan", "planmode", "chat", "ask"),
}
"""Modes of other names by meaning, best first; without hyphens and underscores."""


Options = Mapping[OptionKind, SessionOption]


def read_options(result: Mapping[str, object]) -> dict[OptionKind, SessionOption]:
    """All options in the answer to session/new, load or resume; config options go before the older lists."""
    found: dict[OptionKind, SessionOption] = {}
    modes = json_coerce.mapping(result.get("modes"))
    if offered := _offered(modes.get("availableModes"), "id"):
        found[OptionKind.MODE] = SessionOption(
            json_coerce.text(modes.get("currentModeId")), offered, OptionMethod.SET_MODE
        )
    models = json_coerce.mapping(result.get("models"))
    if offered := _offered(models.get("availableModels"), "modelId"):
        found[OptionKind.MODEL] = SessionOption(
            json_coerce.text(models.get("currentModelId")), offered, OptionMethod.SET_MODEL
        )
    return found | read_config_options(result.get("configOptions"))


def read_config_options(value: object) -> dict[OptionKind, SessionOption]:
    """The options among an agent's config options; a category wins over an id, the first over a later one."""
    found: dict[OptionKind, SessionOption] = {}
    options = [json_coerce.mapping(option) for option in json_coerce.items(value)]
    for key in ("category", "id"):
        for option in options:
            kind = _CATEGORIES.get(json_coerce.text(option.get(key)))
            offered = _offered(option.get("options"), "value")
            if kind is not None and kind not in found and offered:
                current = json_coerce.text(option.get("currentValue"))
                found[kind] = SessionOption(
                    current, offered, OptionMethod.CONFIG_OPTION, json_coerce.text(option.get("id"))
                )
    return found


def merged(known: Options, news: Options) -> dict[OptionKind, SessionOption]:
    """The options after a new list of config options: those of the older lists stay."""
    kept = {kind: choice for kind, choice in known.items() if choice.method is not OptionMethod.CONFIG_OPTION}
    return kept | dict(news)


def with_current(known: Options, kind: OptionKind, current: str) -> dict[OptionKind, SessionOption]:
    """The options after the agent reports the value of one."""
    choice = known.get(kind)
    return dict(known) if choice is None else {**known, kind: replace(choice, current=current)}


def request_of(choice: SessionOption, session_id: str, value: str) -> tuple[str, dict[str, object]]:
    """ACP method and parameters that set an option."""
    match choice.method:
        case OptionMethod.CONFIG_OPTION:
            return choice.method, {"sessionId": session_id, "configId": choice.config_id, "value": value}
        case OptionMethod.SET_MODE:
            return choice.method, {"sessionId": session_id, "modeId": value}
        case OptionMethod.SET_MODEL:
            return choice.method, {"sessionId": session_id, "modelId": value}


def _offered(value: object, key: str) -> tuple[tuple[str, str], ...]:
    """(id, name) of each element that has an id; groups of options are opened."""
    found: list[tuple[str, str]] = []
    for element in json_coerce.items(value):
        fields = json_coerce.mapping(element)
        if id := json_coerce.text(fields.get(key)):
            found.append((id, json_coerce.text(fields.get("name")) or id))
        elif fields.get("options"):
            found.extend(_offered(fields.get("options"), key))
    return tuple(found)
