"""The client against every way in which a service can answer or go away; nothing is patched."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from uuid import uuid4

import httpx2
import msgspec
import pytest

from boocoder.client.http_client import Client
from boocoder.errors import BoocoderError, Conflict, InvalidInput, NotFound, Unavailable
from boocoder.events import frames
from boocoder.wire.changes import ChangeInfo
from boocoder.wire.problems import Problem
from boocoder.wire.projects import Project
from boocoder.wire.tasks import EnqueuedTask

SESSION, MESSAGE, TASK, CHAT = (uuid4() for _ in range(4))
Handler = Callable[[httpx2.Request], httpx2.Response]


def client(handler: Handler) -> Client:
    return Client(url="http://service", token="s3cret", transport=httpx2.MockTransport(handler))


def event(frame: frames.Frame) -> bytes:
    number = b"" if frame.seq is None else b"id: %d\n" % frame.seq
    return number + b"data: " + frames.encode(frame) + b"\n\n"


def delta(offset: int, text: str, seq: int | None = None) -> frames.DeltaFrame:
    return frames.DeltaFrame(session_id=SESSION, message_id=MESSAGE, part=0, offset=offset, text=text, seq=seq)


END = frames.TurnEndedFrame(session_id=SESSION, task_id=TASK, chat_id=CHAT, outcome="completed", seq=9)


class Body(httpx2.AsyncByteStream):
    """A body in pieces; an exception among them is raised."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


class Answers:
    """Gives each request the next answer, and remembers what was asked for."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self._answers: Iterator[httpx2.Response | Exception] = iter(answers)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def after(self) -> list[str]:
        return [request.url.params["after"] for request in self.requests]


def problem(code: str, detail: str, cure: str) -> bytes:
    body = Problem(type="t", title="t", status=0, code=code, detail=detail, cure=cure)
    return msgspec.json.encode(body)


def stream(*pieces: bytes | Exception) -> httpx2.Response:
    return httpx2.Response(200, stream=Body(*pieces))


async def read(answers: Answers, until: int = 9) -> list[frames.Frame]:
    got = []
    async with client(answers) as service, aclosing(service.stream(SESSION, 0)) as received:
        async for frame in received:
            got.append(frame)
            if frame.seq == until:
                break
    return got


async def test_a_cut_stream_goes_on_behind_the_last_number() -> None:
    whole = event(delta(0, "a", 1)) + event(delta(1, "b", 2))
    answers = Answers(
        stream(b"retry: 1000\n\n", whole[:-10], httpx2.ReadError("cut")),
        stream(b": still here\n\n", event(delta(1, "b", 2)), event(delta(2, "live"))),
        httpx2.ConnectError("refused"),
        httpx2.Response(503, json={"code": "database_unavailable", "detail": "no database"}),
        stream(event(END)),
    )
    got = await read(answers)
    assert [frame.seq for frame in got] == [1, 2, None, 9]
    assert answers.after == ["0", "1", "2", "2", "2"]
    assert all(request.headers["authorization"] == "Bearer s3cret" for request in answers.requests)


async def test_resync_means_to_connect_again() -> None:
    resync = frames.ResyncFrame(session_id=SESSION, reason="too slow")
    answers = Answers(stream(event(delta(0, "a", 4)), event(resync), event(delta(9, "lost", 8))), stream(event(END)))
    got = await read(answers)
    assert [frame.seq for frame in got] == [4, 9]
    assert answers.after == ["0", "4"]


async def test_a_resync_before_anything_else_means_to_begin_anew() -> None:
    unknown = frames.ResyncFrame(session_id=SESSION, reason="the stream ends before that number")
    answers = Answers(stream(event(unknown)), stream(event(END)))
    async with client(answers) as service, aclosing(service.stream(SESSION, after=99)) as frames_:
        assert await anext(frames_) == END
    assert [request.url.params["after"] for request in answers.requests] == ["99", "0"]


async def test_frames_of_a_newer_service_are_passed_over() -> None:
    answers = Answers(stream(b'data: {"type":"hologram","session_id":"x"}\n\n', b"data: no json\n\n", event(END)))
    assert await read(answers) == [END]


async def test_a_session_that_is_gone_is_an_error_at_once() -> None:
    answers = Answers(httpx2.Response(404, content=problem("session_not_found", "No session x.", "c")))
    with pytest.raises(NotFound) as caught:
        await read(answers)
    assert (caught.value.code, caught.value.text, caught.value.cure) == ("session_not_found", "No session x.", "c")
    assert len(answers.requests) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidInput),
        (401, InvalidInput),
        (404, NotFound),
        (409, Conflict),
        (422, InvalidInput),
        (500, Unavailable),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"detail": 5}', problem("c", "why", "do")])
async def test_a_refusal_is_one_of_our_errors(status: int, kind: type[BoocoderError], body: bytes) -> None:
    async with client(Answers(httpx2.Response(status, content=body))) as service:
        with pytest.raises(kind) as caught:
            await service.get("/api/projects/1", Project)
    assert caught.value.text and caught.value.code
    assert "s3cret" not in str(caught.value)


async def test_an_answer_that_does_not_fit_is_named() -> None:
    async with client(Answers(httpx2.Response(200, json={"id": 5}))) as service:
        with pytest.raises(Unavailable) as caught:
            await service.get("/api/projects/1", Project)
    assert caught.value.code == "answer_not_understood" and "versions" in caught.value.cure


async def test_a_lost_answer_is_asked_for_again_with_the_same_key() -> None:
    answers = Answers(
        httpx2.ReadError("lost"),
        httpx2.Response(
            200, json={"task_id": str(TASK), "session_id": str(SESSION), "chat_id": str(CHAT), "created": True}
        ),
    )
    async with client(answers) as service:
        done = await service.post("/api/tasks", EnqueuedTask, {"prompt": "x", "agent": None}, key="k")
    assert done.task_id == TASK
    assert [request.headers["idempotency-key"] for request in answers.requests] == ["k", "k"]
    assert [json.loads(request.content) for request in answers.requests] == [{"prompt": "x"}] * 2


async def test_without_a_key_nothing_is_sent_twice() -> None:
    answers = Answers(httpx2.ReadError("lost"))
    async with client(answers) as service:
        with pytest.raises(Unavailable) as caught:
            await service.post("/api/changes/1/apply", ChangeInfo)
    assert caught.value.code == "service_unreachable" and len(answers.requests) == 1


async def test_answers_tells_whether_anybody_is_there() -> None:
    async with client(Answers(httpx2.ConnectError("refused"), httpx2.Response(200, json={}))) as service:
        assert await service.answers() is False
        assert await service.answers() is True
