"""Whatever a model server's stream looks like: no half-written file, no answer that only seems whole, no exception."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from boocoder.backends.native.backend import NativeBackend
from boocoder.backends.native.limits import NativeLimits
from boocoder.events.clean_text import clean
from boocoder.model.turn import Completed, Failed, Outcome
from tests.contract.port import RecordingPort
from tests.fakes.native_model import NativeModel, Reply, saying
from tests.fakes.native_turn import backend_for, request_in
from tests.fakes.stream_mutations import CONTENT, TEXT, MutatedStream, mutated_stream
from tests.paths import ROOT

BASES = ("call", "written", "text")
EACH_BASE = 340  # 1,020 streams
CORPUS = ROOT / "tests" / "golden" / "mutated_streams"
LIMITS = NativeLimits(retries=1, retry_first_s=0.001, retry_cap_s=0.002, answer_wait_s=20.0)
LAST = "done"


class StreamBench:
    """One backend and one model server for many streams.

    Args:
        directory: of the backend's store and the worktree.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.model = NativeModel(saying(LAST))
        self.backend: NativeBackend | None = None

    async def take(self, reply: Reply) -> tuple[RecordingPort, Outcome, str | None]:
        """A turn whose first answer is the reply; what is in the file afterwards, None if it is not there."""
        assert self.backend is not None
        shutil.rmtree(self.directory / "work", ignore_errors=True)
        self.model.replies = [reply, saying(LAST)]
        request = request_in(self.directory)
        port = RecordingPort(stop=request.stop)
        outcome = await self.backend.run_turn(request, port)
        written = sorted(path for path in request.worktree.rglob("*") if path.is_file())
        assert len(written) <= 1
        return port, outcome, written[0].read_text("utf-8") if written else None

    async def check(self, stream: MutatedStream) -> None:
        """Take the stream, and see that nothing false came of it."""
        port, outcome, file = await self.take(stream.reply)
        check_any(port, outcome)
        if stream.faithful:
            expected = (TEXT, None) if stream.base == "text" else (LAST, CONTENT)
            assert (outcome, port.text, file) == (Completed(), *expected)
        if file is not None:
            assert file.endswith("END\n"), "a half-written file"
        if file is not None and stream.base == "call" and not stream.spoiled:
            assert is_whole(stream.arguments(), file), "a half-written file"
        if stream.base == "text" and outcome == Completed() and port.text != LAST and not stream.spoiled:
            whole = stream.text()
            assert whole is not None and port.text.startswith(clean(whole)), "half an answer counts as whole"


def check_any(port: RecordingPort, outcome: Outcome) -> None:
    """What holds of every turn, however bad its stream was."""
    assert isinstance(outcome, Completed | Failed)
    if isinstance(outcome, Failed):
        assert outcome.error.text and outcome.error.cure
        assert not outcome.error.code.startswith("internal")
    assert all(call.status.final for call in port.final_tools)


def is_whole(arguments: str, file: str) -> bool:
    """Whether the file is what whole arguments say: strict JSON, or at least closed at its end."""
    try:
        value = json.loads(arguments)
    except ValueError:
        return arguments.rstrip().endswith("}")
    return not isinstance(value, dict) or value.get("content") == file


@pytest.fixture
async def bench(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[StreamBench]:
    bench = StreamBench(tmp_path)
    async with bench.model:
        bench.backend = backend_for(bench.model, tmp_path, LIMITS)
        yield bench
        await bench.backend.stop()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("base", BASES)
async def test_mutated_streams_do_no_harm(bench: StreamBench, base: str) -> None:
    for seed in range(EACH_BASE):
        try:
            await bench.check(mutated_stream(base, seed))
        except Exception as error:
            error.add_note(f"stream {base!r}, seed {seed}")
            raise


def test_a_seed_makes_the_same_stream_again() -> None:
    for base in BASES:
        assert mutated_stream(base, 7) == mutated_stream(base, 7) != mutated_stream(base, 8)


async def test_streams_that_did_harm_once_do_none(bench: StreamBench) -> None:
    """The corpus: bytes that made an earlier version fail; those with unchanged meaning are prefixed with `same-`."""
    paths = sorted(CORPUS.glob("*.sse"))
    assert len(paths) >= 11
    for path in paths:
        port, outcome, file = await bench.take(Reply([path.read_bytes()]))
        check_any(port, outcome)
        assert file is None or file.endswith("END\n"), path.name
        if path.name.startswith("same-"):
            assert outcome == Completed() and file is not None and file.startswith("BEGIN\n"), path.name
