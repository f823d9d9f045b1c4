"""Who falls silent and who speaks again is told once each."""

from __future__ import annotations

from uuid import uuid4

from boocoder.broker.silence import Silence
from boocoder.model.ids import SessionId
from boocoder.model.limits import SILENT_S

ONE, OTHER = SessionId(uuid4()), SessionId(uuid4())


def test_a_session_falls_silent_once_and_speaks_again_once() -> None:
    told: list[SessionId] = []
    silence = Silence(tell=told.append)
    silence.heard(ONE, 0.0)
    silence.heard(OTHER, 1.0)
    silence.heard(ONE, 2.0)
    silence.pass_time(SILENT_S)
    assert told == []
    silence.pass_time(SILENT_S + 1.0)
    assert told == [OTHER]
    silence.pass_time(SILENT_S + 9.0)
    assert told == [OTHER, ONE]
    silence.pass_time(SILENT_S * 9)
    silence.heard(ONE, SILENT_S * 9)
    silence.heard(ONE, SILENT_S * 9)
    assert told == [OTHER, ONE, ONE]
