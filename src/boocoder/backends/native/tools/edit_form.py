"""Selects how a model edits files, by exact text, by line numbers or as a whole, from its success so far."""

from __future__ import annotations

import json
import logging
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import msgspec

RECENT_MAX = 6  # newest edits that decide: a model that has learnt better is not held to its first tries
DESCRIBED_MAX = 5  # models in one sentence
FAILED_MAX = 4  # of those: two in three fail, so that another form is cheaper than trying again

log = logging.getLogger(__name__)


class EditForm(StrEnum):
    """The form of an edit, from the cheapest to the one that every model can use."""

    EXACT = "exact text"
    LINES = "line numbers"
    WHOLE = "whole files"


class EditCounts(msgspec.Struct):
    """Successes and failures of a model's edits in one form."""

    worked: int = 0
    failed: int = 0
    recent: list[bool] = []


@dataclass
class EditStatistics:
    """Counts the edits of every model, in a file, because a model repeats its failures in every new conversation.

    Args:
        path: the file.
    """

    path: Path
    _models: dict[str, dict[EditForm, EditCounts]] | None = field(default=None, repr=False)

    def add(self, model: str, form: EditForm, *, worked: bool) -> None:
        """Count an edit whose text or lines matched, or did not match."""
        counts = self._counts().setdefault(model, {}).setdefault(form, EditCounts())
        counts.worked += worked
        counts.failed += not worked
        counts.recent = list(deque([*counts.recent, worked], maxlen=RECENT_MAX))
        self._save()

    def form(self, model: str) -> EditForm:
        """The form that the model has to use."""
        counts = self._counts().get(model, {})
        for form in (EditForm.EXACT, EditForm.LINES):
            if form not in counts or counts[form].recent.count(False) < FAILED_MAX:
                return form
        return EditForm.WHOLE

    def describe(self) -> str:
        """A sentence for display about the models that edited most recently, "" if there is none."""
        models = list(self._counts())[-DESCRIBED_MAX:]
        return f"Edits that fitted: {'; '.join(map(self._describe, models))}" if models else ""

    def _describe(self, model: str) -> str:
        tried = [f"{one.worked} of {one.worked + one.failed} by {form}" for form, one in self._counts()[model].items()]
        return f"{model} {', '.join(tried)}; it is asked for {self.form(model)}"

    def _counts(self) -> dict[str, dict[EditForm, EditCounts]]:
        if self._models is None:
            try:
                self._models = msgspec.json.decode(
                    self.path.read_bytes(), type=dict[str, dict[EditForm, EditCounts]], strict=False
                )
            except (OSError, msgspec.DecodeError, UnicodeDecodeError):
                self._models = {}
        return self._models

    def _save(self) -> None:
        """Replace the file; if it cannot be written, the counts last as long as the process."""
        new = self.path.with_suffix(".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            new.write_text(json.dumps(msgspec.to_builtins(self._counts())), encoding="utf-8")
            new.replace(self.path)
        except OSError as error:
            log.warning("the counts of edits cannot be written", extra={"error": str(error)})
