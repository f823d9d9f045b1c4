"""Modes, models and thinking levels as an agent offers them, by config options or by the older lists. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from boocoder.events import loose


class Knob(StrEnum):
    """What a task may choose."""

    MODEL = "model"
    THINKING = "thinking"
    MODE = "mode"


class Way(StrEnum):
    """How a choice is told to the agent."""

    CONFIG_OPTION = "session/set_config_option"
    SET_MODE = "session/set_mode"
    SET_MODEL = "session/set_model"


_CATEGORIES = {
    "model": Knob.MODEL,
    "mode": Knob.MODE,
    "thought_level": Knob.THINKING,
    "thinking": Knob.THINKING,
    "effort": Knob.THINKING,
    "thinking_effort": Knob.THINKING,
    "reasoning_effort": Knob.THINKING,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One knob of a session.

    Args:
        current: the id that is set now, "" if unknown.
        offered: (id, name) in the agent's order.
        way: how to set it.
        config_id: the option's id, for Way.CONFIG_OPTION.
    """

    current: str
    offered: tuple[tuple[str, str], ...]
    way: Way
    config_id: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        """What may be chosen."""
        return tuple(id for id, _ in self.offered)

    def find(self, wanted: str) -> str | None:
        """The agent's id for what a person wrote: the id, the name, or the one id that ends with "/" and it."""
        if wanted in self.ids:
            return wanted
        named = [id for id, name in self.offered if name == wanted or id.endswith(f"/{wanted}")]
        return named[0] if len(named) == 1 else None


Options = Mapping[Knob, Choice]


def read_options(result: Mapping[str, object]) -> dict[Knob, Choice]:
    """All knobs in the answer to session/new, load or resume; config options go before the older lists."""
    found: dict[Knob, Choice] = {}
    modes = loose.mapping(result.get("modes"))
    if offered := _offered(modes.get("availableModes"), "id"):
        found[Knob.MODE] = Choice(loose.text(modes.get("currentModeId")), offered, Way.SET_MODE)
    models = loose.mapping(result.get("models"))
    if offered := _offered(models.get("availableModels"), "modelId"):
        found[Knob.MODEL] = Choice(loose.text(models.get("currentModelId")), offered, Way.SET_MODEL)
    return found | read_config_options(result.get("configOptions"))


def read_config_options(value: object) -> dict[Knob, Choice]:
    """The knobs among an agent's config options; a category wins over an id, the first over a later one."""
    found: dict[Knob, Choice] = {}
    options = [loose.mapping(option) for option in loose.items(value)]
    for key in ("category", "id"):
        for option in options:
            knob = _CATEGORIES.get(loose.text(option.get(key)))
            offered = _offered(option.get("options"), "value")
            if knob is not None and knob not in found and offered:
                current = loose.text(option.get("currentValue"))
                found[knob] = Choice(current, offered, Way.CONFIG_OPTION, loose.text(option.get("id")))
    return found


def merged(known: Options, news: Options) -> dict[Knob, Choice]:
    """What is known after a whole new list of config options: knobs of the older lists stay."""
    kept = {knob: choice for knob, choice in known.items() if choice.way is not Way.CONFIG_OPTION}
    return kept | dict(news)


def with_current(known: Options, knob: Knob, current: str) -> dict[Knob, Choice]:
    """What is known after the agent reports what one knob stands on."""
    choice = known.get(knob)
    return dict(known) if choice is None else {**known, knob: replace(choice, current=current)}


def request_of(choice: Choice, session_id: str, value: str) -> tuple[str, dict[str, object]]:
    """Method and parameters that set a knob."""
    match choice.way:
        case Way.CONFIG_OPTION:
            return choice.way, {"sessionId": session_id, "configId": choice.config_id, "value": value}
        case Way.SET_MODE:
            return choice.way, {"sessionId": session_id, "modeId": value}
        case Way.SET_MODEL:
            return choice.way, {"sessionId": session_id, "modelId": value}


def _offered(value: object, key: str) -> tuple[tuple[str, str], ...]:
    """(id, name) of each element that has an id; groups of options are opened."""
    found: list[tuple[str, str]] = []
    for element in loose.items(value):
        fields = loose.mapping(element)
        if id := loose.text(fields.get(key)):
            found.append((id, loose.text(fields.get("name")) or id))
        elif fields.get("options"):
            found.extend(_offered(fields.get("options"), key))
    return tuple(found)
