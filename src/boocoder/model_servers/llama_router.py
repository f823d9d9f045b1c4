"""llama-server in router mode: it lists models of its own and loads them on demand, each in a process of its own."""

from __future__ import annotations

from collections.abc import Iterable

from boocoder.model_servers.answers import ModelRow, ServerProps
from boocoder.model_servers.report import RunningModels

_STATES = {"loaded": "ready", "loading": "starting"}  # a sleeping model has given its memory back


def running_models(props: ServerProps, rows: Iterable[ModelRow]) -> RunningModels:
    """The models that it runs or loads.

    Args:
        props: of the router.
        rows: its list of models.
    """
    said = {row.id: _STATES.get(row.status.value, "") for row in rows if row.status is not None}
    states = {model: state for model, state in said.items() if state}
    return RunningModels(states, room=max(0, (props.max_instances or len(said)) - len(states)))
