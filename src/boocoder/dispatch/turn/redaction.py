"""Which secrets are replaced in a turn, and in the reason of its end."""

from __future__ import annotations

from dataclasses import replace

from boocoder.db.registry.project_settings import get_project_settings
from boocoder.dispatch.turn.services import TurnServices
from boocoder.events.redaction import Redactor
from boocoder.events.transcript import Transcript
from boocoder.model.ids import ProjectId
from boocoder.model.turn import Cancelled, Completed, Failed, Interrupted, Outcome, TimedOut


async def redactor_of(project_id: ProjectId, services: TurnServices) -> Redactor | None:
    """What replaces secrets in a project's turns; None where the project has that switched off."""
    async with services.database.connection() as conn:
        settings = await get_project_settings(conn, project_id)
    return services.redactor if settings.redact else None


def redacted_outcome(outcome: Outcome, transcript: Transcript) -> Outcome:
    """The outcome with a reason that holds no secrets; agents tell them in error messages, too."""
    match outcome:
        case Failed(error) | Interrupted(error) | TimedOut(error):
            return type(outcome)(replace(error, text=transcript.redacted(error.text)))
        case Completed() | Cancelled():
            return outcome
