"""The ways in which the fake breaks, by name. Each overrides one moment of a turn."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.fakes.oneshot.wire import Json, Wire, complain, write_all

HANG_S = 600.0


def text_delta(text: str) -> Json:
    """A piece of text."""
    event = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}}
    return {"type": "stream_event", "event": event, "parent_tool_use_id": None}


def line_of(message: Json) -> bytes:
    """A message as it is printed."""
    return json.dumps(message).encode() + b"\n"


def detach(seconds: int = 300, *, own_session: bool) -> None:
    """Start a grandchild that holds our output and outlives us."""
    argv = [sys.executable, "-c", f"import time; time.sleep({seconds})"]
    subprocess.Popen(argv, start_new_session=own_session)


class Fault:
    """No fault: every moment as it should be."""

    def at_launch(self, *, resumed: bool) -> None:
        """The program has just begun."""

    def at_start(self, wire: Wire) -> None:
        """A kept-open process has begun."""

    def before_turn(self, wire: Wire) -> None:
        """The prompt is known, nothing is printed yet."""

    def tell_result(self, wire: Wire, result: Json, code: int) -> int:
        """Print the result after all other output. Returns the exit code."""
        wire.send(result)
        return code

    def control(self, wire: Wire, subtype: str) -> Json | None:
        """The answer to a request; None for none."""
        if subtype in ("initialize", "interrupt"):
            commands = [{"name": "compact", "description": "Make it short"}] if subtype == "initialize" else []
            return {"subtype": "success", "response": {"commands": commands}}
        return {"subtype": "error", "error": f"{subtype} is not known"}

    def plain(self, prompts: list[str]) -> int:
        """A turn in plain text."""
        write_all(f"You said {len(prompts)}: {prompts[-1][:60]}\n".encode())
        return 0


class _Before(Fault):
    def __init__(self, act: Callable[[Wire], None]) -> None:
        self._act = act

    def before_turn(self, wire: Wire) -> None:
        self._act(wire)


class _After(Fault):
    """Instead of the result."""

    def __init__(self, act: Callable[[Wire, Json], int | None]) -> None:
        self._act = act

    def tell_result(self, wire: Wire, result: Json, code: int) -> int:
        return self._act(wire, result) or 0


class _Launch(Fault):
    def __init__(self, act: Callable[[bool], None]) -> None:
        self._act = act

    def at_launch(self, *, resumed: bool) -> None:
        self._act(resumed)


class _Start(Fault):
    def __init__(self, act: Callable[[Wire], None]) -> None:
        self._act = act

    def at_start(self, wire: Wire) -> None:
        self._act(wire)


class _Control(Fault):
    def __init__(self, subtype: str, answer: Json | None) -> None:
        self._subtype = subtype
        self._answer = answer

    def control(self, wire: Wire, subtype: str) -> Json | None:
        return self._answer if subtype == self._subtype else super().control(wire, subtype)


class _Plain(Fault):
    def __init__(self, data: bytes, code: int = 0, stderr: str = "") -> None:
        self._data, self._code, self._stderr = data, code, stderr

    def plain(self, prompts: list[str]) -> int:
        write_all(self._data)
        if self._stderr:
            complain(self._stderr)
        return self._code


def _exit(code: int, words: str = "") -> None:
    if words:
        complain(words)
    sys.stderr.flush()
    os._exit(code)


def _if_resumed(act: Callable[[], None]) -> Callable[[bool], None]:
    return lambda resumed: act() if resumed else None


def _flood(wire: Wire) -> None:
    noise = line_of({"type": "system", "subtype": "noise", "text": "x" * 900})
    for _ in range(20_000):
        wire.raw(noise)


def _stderr_flood(_: Wire) -> None:
    for _number in range(2_000):
        write_all(b"warning " * 1_000 + b"\n", 2)


def _then(act: Callable[[Wire], None]) -> Callable[[Wire, Json], int | None]:
    """First this, then the result as it should be."""

    def run(wire: Wire, result: Json) -> int | None:
        act(wire)
        wire.send(result)
        return None

    return run


def _and(act: Callable[[Wire], int | None]) -> Callable[[Wire, Json], int | None]:
    """First the result as it should be, then this."""

    def run(wire: Wire, result: Json) -> int | None:
        wire.send(result)
        return act(wire)

    return run


def _changed(**more: object) -> Callable[[Wire, Json], int | None]:
    """The result with other fields; None takes one away."""

    def run(wire: Wire, result: Json) -> int | None:
        wire.send({name: value for name, value in {**result, **more}.items() if value is not None})
        return None

    return run


def _half_line(wire: Wire, result: Json) -> int | None:
    wire.raw(line_of(result)[:40])
    return None


def _no_newline(wire: Wire, result: Json) -> int | None:
    wire.raw(line_of(result).rstrip())
    return None


def _crlf(wire: Wire, result: Json) -> int | None:
    wire.raw(line_of(result).rstrip() + b"\r\n")
    return None


def _slow_bytes(wire: Wire) -> None:
    for byte in line_of(text_delta("")).replace(b'"text": ""', '"text": "grüß "'.encode()):
        wire.raw(bytes([byte]))


def _hang(_: Wire) -> None:
    time.sleep(HANG_S)


def _deaf(_: Wire) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path("deaf").touch()
    time.sleep(HANG_S)


def _close_stdout(wire: Wire, result: Json) -> int | None:
    os.close(1)
    time.sleep(HANG_S)
    return None


def _refused_late(_: bool) -> None:
    """Accepts the prompt in an earlier session, reports it, and then fails."""
    write_all(line_of({**text_delta("I heard you. "), "session_id": "late"}))
    _exit(1, "session not found")


def _kill_self(number: int) -> Callable[[Wire, Json], int | None]:
    def run(wire: Wire, result: Json) -> int | None:
        signal.signal(number, signal.SIG_DFL) if number != signal.SIGKILL else None
        os.kill(os.getpid(), number)
        time.sleep(HANG_S)
        return None

    return run


_CODES = (
    b"\x1b[?25l\x1b]0;title\x07\x1b[1mWorking\x1b[0m\r\x1b[Kstep 1/3\rstep 2/3\rstep 3/3\x1b[K\r\n"
    b"\x1bP1$r0m\x1b\\\x1b[32mgreen\x1b[39m and b\x08bold\x1b[?25h\r\n"
)
_DAEMON = _and(lambda _: detach(own_session=True))

FAULTS: dict[str, Callable[[], Fault]] = {
    "none": Fault,
    "no-result": lambda: _After(lambda *_: None),
    "half-line": lambda: _After(_half_line),
    "no-final-newline": lambda: _After(_no_newline),
    "crlf": lambda: _After(_crlf),
    "exit-3": lambda: _After(lambda *_: _exit(3, "something broke inside")),
    "exit-3-silent": lambda: _After(lambda *_: 3),
    "exit-3-after-result": lambda: _After(_and(lambda _: 3)),
    "signal-9": lambda: _After(_kill_self(signal.SIGKILL)),
    "signal-term": lambda: _After(_kill_self(signal.SIGTERM)),
    "signal-segv": lambda: _After(_kill_self(signal.SIGSEGV)),
    "hang": lambda: _Before(_hang),
    "deaf": lambda: _Before(_deaf),
    "hang-after-result": lambda: _After(_and(_hang)),
    "deaf-after-result": lambda: _After(_and(_deaf)),
    "closes-stdout": lambda: _After(_close_stdout),
    "grandchild-holds-pipe": lambda: _After(_and(lambda _: detach(own_session=False))),
    "daemon-in-own-session": lambda: _After(_DAEMON),
    "daemon-without-result": lambda: _After(lambda *_: detach(own_session=True)),
    "banner": lambda: _Before(lambda wire: wire.raw(b"Welcome to the fake!\n\x1b[1mHave fun\x1b[0m\n\n")),
    "scalar-lines": lambda: _Before(lambda wire: wire.raw(b'42\nnull\n[1]\n"x"\ntrue\n')),
    "broken-json": lambda: _Before(lambda wire: wire.raw(b'{"type": "assistant", "message"\n')),
    "two-on-a-line": lambda: _Before(lambda wire: wire.raw(b'{"type": "a"}{"type": "b"}\n')),
    "deep-json": lambda: _Before(lambda wire: wire.raw(b'{"a":' * 100_000 + b"\n")),
    "nul-bytes": lambda: _Before(lambda wire: wire.raw(line_of(text_delta("A\0B ")) + b"\0\0\0\n")),
    "invalid-utf8": lambda: _Before(lambda wire: wire.raw(line_of(text_delta("AXB ")).replace(b"X", b"\xff"))),
    "slow-bytes": lambda: _Before(_slow_bytes),
    "lone-surrogate": lambda: _Before(lambda wire: wire.send(text_delta("A\ud800B "))),
    "long-line": lambda: _Before(lambda wire: wire.send(text_delta("x" * 600_000))),
    "line-too-long": lambda: _Before(lambda wire: wire.raw(b'{"x": "' + b"x" * 3_000_000 + b'"}\n')),
    "stdout-flood": lambda: _Before(_flood),
    "stderr-flood": lambda: _Before(_stderr_flood),
    "unknown-events": lambda: _Before(lambda wire: wire.send({"type": "brand_new", "event": {"type": "x"}})),
    "odd-types": lambda: _Before(
        lambda wire: (
            [
                wire.send({"type": kind, "event": 5, "message": [1], "parent_tool_use_id": 7, "usage": "many"})
                for kind in ("stream_event", "assistant", "user", "system")
            ]
            and None
        )
    ),
    "double-result": lambda: _After(_and(lambda wire: wire.send({"type": "result", "is_error": True, "result": "no"}))),
    "text-after-result": lambda: _After(_and(lambda wire: wire.send(text_delta(" late")))),
    "result-null": lambda: _After(_changed(usage=None, result=None, total_cost_usd=None, subtype=None)),
    "result-odd-usage": lambda: _After(
        _changed(usage={"input_tokens": -5, "output_tokens": 1e300}, total_cost_usd="x")
    ),
    "error-result": lambda: _After(_changed(is_error=True, result="the model is on fire")),
    "error-without-words": lambda: _After(_changed(is_error=True, result=None, subtype="error_during_execution")),
    "step-limit": lambda: _After(_changed(subtype="error_max_turns", is_error=True)),
    "login-result": lambda: _After(_changed(is_error=True, result="Not logged in · Please run /login")),
    "login-text": lambda: _Launch(lambda _: _exit(1, "Error: please log in first")),
    "overflow": lambda: _After(_changed(is_error=True, result="prompt is too long: 9 > 8")),
    "unreachable": lambda: _After(lambda *_: _exit(1, "connect ECONNREFUSED 127.0.0.1:1")),
    "exit-at-launch": lambda: _Launch(lambda _: _exit(9, "cannot begin")),
    "exit-0-at-launch": lambda: _Launch(lambda _: _exit(0)),
    "resume-refused": lambda: _Launch(_if_resumed(lambda: _exit(1, "No session found with that id"))),
    "resume-fails": lambda: _Launch(_if_resumed(lambda: _exit(1, "out of memory"))),
    "resume-refused-late": lambda: _Launch(lambda resumed: _refused_late(resumed) if resumed else None),
    # kept open
    "exit-at-start": lambda: _Start(lambda _: _exit(5, "no, thanks")),
    "garbage-at-start": lambda: _Start(lambda wire: wire.raw(b"hello\n{broken\n42\n")),
    "no-initialize-answer": lambda: _Control("initialize", None),
    "initialize-error": lambda: _Control("initialize", {"subtype": "error", "error": "what is that?"}),
    "initialize-odd": lambda: _Control("initialize", {"subtype": "success", "response": {"commands": [5, {}]}}),
    "ignores-interrupt": lambda: _Control("interrupt", None),
    "strange-request": lambda: _Before(
        lambda wire: wire.send(
            {"type": "control_request", "request_id": "s", "request": {"subtype": "hook_callback", "x": 1}}
        )
    ),
    # plain text
    "plain-codes": lambda: _Plain(_CODES),
    "plain-nothing": lambda: _Plain(b""),
    "plain-blank": lambda: _Plain(b"\n  \n\n"),
    "plain-exit-2": lambda: _Plain(b"half an answer\n", 2, "it broke"),
    "plain-nul": lambda: _Plain(b"one\0two\n"),
    "plain-latin": lambda: _Plain(b"caf\xe9\n"),
    "plain-no-newline": lambda: _Plain(b"the end"),
    "plain-login": lambda: _Plain(b"", 1, "You are not logged in."),
    "plain-many": lambda: _Plain(b"line\n" * 50_000),
}
"""What makes each fault."""
