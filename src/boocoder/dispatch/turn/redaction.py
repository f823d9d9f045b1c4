"""Which secrets are replaced in a turn, and in the reason of its end."""

from __future__ import annotations

from dataclasses import replace

from boocoder.db.tasks.claim import ClaimedTask
from boocoder.dispatch.turn.services import TurnServices
from boocoder.events.redaction import Redactor
from boocoder.events.transcript import Transcript
from boocoder.model.turn import Cancelled, Completed, Failed, Interrupted, Outcome, TimedOut


def redactor_of(task: ClaimedTask, services: TurnServices) -> Redactor | None:
    """What replaces secrets in a task's turn; None where its project has that switched off."""
    return services.redactor if task.redact else None


def redacted_outcome(outcome: Outcome, transcript: Transcript) -> Outcome:
    """The outcome with a reason that holds no secrets; agents tell them in error messages, too."""
    match outcome:
        case Failed(error) | Interrupted(error) | TimedOut(error):
            return type(outcome)(replace(error, text=transcript.redacted(error.text)))
        case Completed() | Cancelled():
            return outcome
