"""Falling silent and resuming are reported once each."""

from __future__ import annotations

from uuid import uuid4

from boocoder.broker.idle import IdleDetector
from boocoder.model.ids import SessionId
from boocoder.model.limits import SILENT_S

ONE, OTHER = SessionId(uuid4()), SessionId(uuid4())


def test_a_session_falls_silent_once_and_speaks_again_once() -> None:
    told: list[SessionId] = []
    detector = IdleDetector(notify=told.append)
    detector.touch(ONE, 0.0)
    detector.touch(OTHER, 1.0)
    detector.touch(ONE, 2.0)
    detector.pass_time(SILENT_S)
    assert told == []
    detector.pass_time(SILENT_S + 1.0)
    assert told == [OTHER]
    detector.pass_time(SILENT_S + 9.0)
    assert told == [OTHER, ONE]
    detector.pass_time(SILENT_S * 9)
    detector.touch(ONE, SILENT_S * 9)
    detector.touch(ONE, SILENT_S * 9)
    assert told == [OTHER, ONE, ONE]
