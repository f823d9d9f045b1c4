"""The small pure parts of the opencode backend: ids, models, breaker, mailbox, verdicts, tools, config."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from boocoder.backends.opencode import outcome as opencode_outcome
from boocoder.backends.opencode.events.text_dedup import TextDeduplicator
from boocoder.backends.opencode.events.tool_view import permission_argument, tool_call
from boocoder.backends.opencode.http.store import without_later_turns
from boocoder.backends.opencode.http.wire import (
    ErrorData,
    ErrorInfo,
    MessageInfo,
    OpenCodePart,
    PartDelta,
    StoredMessage,
    TimeSpan,
    decode_event,
    peek_event,
)
from boocoder.backends.opencode.ids import clock_lag_s, is_prompt_of, message_id, part_id
from boocoder.backends.opencode.models import ModelRef, coalesce_model, default_model
from boocoder.backends.opencode.server.crash_breaker import CrashBreaker
from boocoder.backends.opencode.server.environment import ServerEnvironment, UserConfigFiles, config_content
from boocoder.backends.opencode.session_setup import config_hash
from boocoder.backends.opencode.settings import ModelProvider, OpenCodeSettings
from boocoder.backends.opencode.turn_events import EventGap
from boocoder.backends.shared.mailbox import Mailbox
from boocoder.backends.shared.outcomes import stopped
from boocoder.events.agent_event import ToolKind, ToolStatus
from boocoder.model.ids import TaskId, new_id
from boocoder.model.turn import Completed, Failed, Interrupted, StopReason

TASK = TaskId(UUID("00000000-0000-4000-8000-000000000001"))
PROVIDER = ModelProvider("http://127.0.0.1:1/v1", ("small", "org/large"), "org/large")
PROVIDER_A = ModelProvider("http://127.0.0.1:1/v1", ("a",), "b")
NOW_S = 1_795_333_794.412


def test_message_ids_ascend_with_time_as_opencodes_do() -> None:
    recorded = "msg_2023baa7001AAAAAAAAAAAAAAAAA"
    assert len(message_id(TASK, NOW_S)) == 4 + 12 + 14
    assert message_id(TASK, NOW_S)[:9] == recorded[:9], "the head of an id that opencode made at that time"
    made = [message_id(TaskId(new_id()), NOW_S + n / 500) for n in range(50)]
    assert made == sorted(made)
    assert len({name[-14:] for name in made}) == 50


def test_a_prompt_is_known_by_its_task() -> None:
    assert message_id(TASK, 1.0)[-14:] == message_id(TASK, 2e9)[-14:]
    assert is_prompt_of(message_id(TASK, NOW_S), TASK)
    assert not is_prompt_of(message_id(TaskId(new_id()), NOW_S), TASK)
    assert part_id(message_id(TASK, NOW_S)).startswith("prt_")


def test_a_clock_that_was_put_back_is_noticed() -> None:
    newest = message_id(TASK, NOW_S)
    assert clock_lag_s(newest, NOW_S + 1) == 0.0
    assert clock_lag_s(newest, NOW_S - 3600) == pytest.approx(3600, abs=0.01)
    assert clock_lag_s("", NOW_S) == 0.0


@pytest.mark.parametrize(
    ("model", "provider", "expected"),
    [
        (None, PROVIDER, ModelRef("llama-swap", "org/large")),
        ("", PROVIDER, ModelRef("llama-swap", "org/large")),
        ("  ", PROVIDER, ModelRef("llama-swap", "org/large")),
        ("small", PROVIDER, ModelRef("llama-swap", "small")),
        ("llama-swap/small", PROVIDER, ModelRef("llama-swap", "small")),
        ("org/large", PROVIDER, ModelRef("llama-swap", "org/large")),
        ("llama-swap/org/large", PROVIDER, ModelRef("llama-swap", "org/large")),
        ("anthropic/claude", PROVIDER, ModelRef("anthropic", "claude")),
        ("unlisted", PROVIDER, ModelRef("llama-swap", "unlisted")),
        (None, None, None),
        ("anthropic/claude", None, ModelRef("anthropic", "claude")),
    ],
)
def test_models_are_coalesced(model: str | None, provider: ModelProvider | None, expected: ModelRef | None) -> None:
    assert coalesce_model(model, (provider,) if provider else ()) == expected


def test_the_default_model_is_the_named_or_the_first() -> None:
    assert str(default_model((PROVIDER,))) == "llama-swap/org/large"
    assert str(default_model((ModelProvider("http://x/v1", ("a", "b")),))) == "llama-swap/a"
    assert default_model((ModelProvider("http://x/v1", ()),)) is None
    assert str(default_model((ModelProvider("http://x/v1", (), "down-now"),))) == "llama-swap/down-now"
    assert '"models":{"a":' in msgspec.json.encode(config_content((PROVIDER_A,), UserConfigFiles())).decode()
    assert '"b":{"name":"b"}' in msgspec.json.encode(config_content((PROVIDER_A,), UserConfigFiles())).decode()


def test_the_breaker_waits_longer_and_then_opens() -> None:
    breaker = CrashBreaker(limit=3, window_s=100.0, cooldown_s=30.0)
    assert (breaker.delay_s(0.0), breaker.open_for_s(0.0)) == (0.0, 0.0)
    breaker.crashed(0.0)
    assert breaker.delay_s(0.0) == 0.0
    breaker.crashed(1.0)
    assert 0.0 < breaker.delay_s(1.0) < 1.0
    assert breaker.open_for_s(1.0) == 0.0
    breaker.crashed(2.0)
    assert breaker.open_for_s(2.0) == 30.0
    assert breaker.open_for_s(40.0) == 0.0, "one more try after the cool-down"
    assert breaker.delay_s(200.0) == 0.0, "old crashes are forgotten"


async def test_a_full_mailbox_drops_events_and_tells_of_the_gap_once() -> None:
    mail: Mailbox[str | EventGap] = Mailbox(max_items=3, gap=EventGap())
    for name in "abcde":
        mail.offer(name)
    mail.put("signal")
    mail.offer("f")
    assert [await mail.get() for _ in range(5)] == ["a", "b", "c", "signal", EventGap()]
    mail.offer("g")
    mail.put(EventGap())
    mail.put(EventGap())
    mail.put("end")
    assert [await mail.get() for _ in range(3)] == ["g", EventGap(), "end"]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(mail.get(), 0.01)


def test_text_is_passed_on_once() -> None:
    account = TextDeduplicator()
    assert account.whole("p", "", closed=False, trusted=True) == ""
    assert account.delta("p", "ab", trusted=True) == "ab"
    account.freeze_open()
    assert account.delta("p", "d", trusted=False) == ""
    assert account.whole("p", "abcd", closed=True, trusted=True) == "cd"
    assert account.whole("p", "abcd", closed=True, trusted=False) == ""
    assert account.delta("p", "late", trusted=True) == ""
    assert account.disagreements == []


def test_a_part_that_the_stream_has_not_opened_is_filled_in_at_its_end() -> None:
    account = TextDeduplicator()
    assert account.whole("stored", "", closed=False, trusted=False) == ""
    assert account.delta("stored", "x", trusted=True) == ""
    assert account.delta("missed", "y", trusted=False) == ""
    assert account.whole("missed", "wxyz", closed=True, trusted=True) == "wxyz"
    assert account.delta("early", "e", trusted=True) == ""
    assert account.whole("early", "", closed=False, trusted=True) == "e"
    assert account.delta("early", "f", trusted=True) == "f"


def test_a_text_told_in_two_ways_is_noticed() -> None:
    account = TextDeduplicator()
    account.whole("p", "", closed=False, trusted=True)
    account.delta("p", "ba", trusted=True)
    assert account.whole("p", "abc", closed=True, trusted=True) == "c"
    assert account.disagreements == ["p"]


def answer(**more: object) -> MessageInfo:
    """A closed assistant message."""
    fields: dict[str, object] = {"finish": "stop", "time": TimeSpan(created=1, completed=2)} | more
    return MessageInfo("msg_1", "assistant", **fields)  # type: ignore[arg-type]


def error(name: str, message: str = "said", status: int | None = None) -> MessageInfo:
    """An assistant message that failed."""
    return answer(finish=None, error=ErrorInfo(name, ErrorData(message, status)))


@pytest.mark.parametrize(
    ("final", "said", "code"),
    [
        (answer(), True, ""),
        (answer(finish="tool-calls"), True, ""),
        (answer(finish="length"), True, ""),
        (answer(), False, "agent_gave_nothing"),
        (None, False, "agent_gave_nothing"),
        (answer(finish="unknown"), True, "model_stream_cut"),
        (error("APIError", "bad", 400), True, "model_failed"),
        (error("APIError", "no key", 401), True, "model_failed"),
        (error("APIError", "Cannot connect to API"), True, "model_unreachable"),
        (error("APIError", "maximum context length is 4096", 400), True, "context_overflow"),
        (error("ContextOverflowError"), True, "context_overflow"),
        (error("ProviderAuthError"), True, "model_failed"),
        (error("UnknownError", "Model not found: a/b."), False, "model_unknown"),
        (error("UnknownError", "odd"), False, "model_failed"),
        (error("MessageAbortedError"), True, "agent_aborted"),
        (answer(finish=None, time=TimeSpan(created=1)), True, "agent_stopped_early"),
    ],
)
def test_a_turns_end_is_judged(final: MessageInfo | None, said: bool, code: str) -> None:
    outcome = opencode_outcome.classify(final, said_something=said)
    if not code:
        assert outcome == Completed()
    else:
        assert isinstance(outcome, Failed | Interrupted)
        assert outcome.error.code == code
        assert outcome.error.text
        assert outcome.error.cure


def test_every_reason_to_stop_has_an_outcome() -> None:
    kinds = [type(stopped(reason)).__name__ for reason in StopReason]
    assert kinds == ["Cancelled", "Interrupted", "TimedOut", "Interrupted"]


def test_recovery_takes_only_a_finished_answer_for_the_end() -> None:
    assert opencode_outcome.finished_for_certain(answer())
    for unfinished in (None, answer(finish="tool-calls"), answer(time=TimeSpan(created=1)), error("APIError")):
        assert not opencode_outcome.finished_for_certain(unfinished)


def test_a_turn_ends_where_the_next_prompt_begins() -> None:
    def message(name: str, role: str, part: OpenCodePart) -> StoredMessage:
        return StoredMessage(MessageInfo(name, role), [part])

    own = message("a", "assistant", OpenCodePart("1", type="text", text="x"))
    compaction = message("b", "user", OpenCodePart("2", type="compaction"))
    going_on = message("c", "user", OpenCodePart("3", type="text", text="go on", synthetic=True))
    later = message("d", "user", OpenCodePart("4", type="text", text="another prompt"))
    assert without_later_turns([own, compaction, going_on, own, later, own]) == [own, compaction, going_on, own]


def test_a_tool_call_with_arguments_of_any_shape() -> None:
    state = b'{"status":"running","input":{"command":5},"metadata":{"exit":"x"}}'
    raw = b'{"id":"p","type":"tool","tool":"bash","state":%b}' % state
    call = tool_call(msgspec.json.decode(raw, type=OpenCodePart))
    assert (call.kind, call.title, call.status, call.exit_code) == (ToolKind.EXECUTE, "bash", ToolStatus.RUNNING, None)
    aborted = (
        b'{"id":"p","type":"tool","tool":"x_y","state":{"status":"error","error":"no","metadata":{"interrupted":true}}}'
    )
    call = tool_call(msgspec.json.decode(aborted, type=OpenCodePart))
    assert (call.kind, call.status, call.output) == (ToolKind.OTHER, ToolStatus.CANCELLED, "no")


def test_a_permissions_argument_is_what_a_rule_can_match() -> None:
    assert permission_argument(msgspec.Raw(b'{"command":"ls -l"}'), ["ls *"]) == "ls -l"
    assert permission_argument(msgspec.Raw(b'{"filepath":"/etc/hosts","parentDir":"/etc"}'), []) == "/etc/hosts"
    assert permission_argument(msgspec.Raw(b'{"filepath":1}'), ["/a/*", "/b/*"]) == "/a/*\n/b/*"


def test_the_config_hash_is_of_the_directory_alone() -> None:
    assert config_hash(Path("/a")) == config_hash(Path("/a"))
    assert config_hash(Path("/a")) != config_hash(Path("/b"))


def test_the_config_keeps_keys_out_and_offers_only_our_server() -> None:
    keyed = ModelProvider("http://x/v1", ("a",), api_key="secret")
    content = msgspec.json.encode(config_content((keyed,), UserConfigFiles())).decode()
    assert "secret" not in content
    assert '"enabled_providers":["llama-swap"]' in content
    assert '"snapshot":false' in content
    assert "enabled_providers" not in config_content((keyed,), UserConfigFiles(config=Path("/x")))
    assert "provider" not in config_content((), UserConfigFiles())
    planning = {"permission": {"edit": "deny", "bash": "ask"}}
    assert config_content((), UserConfigFiles())["agent"] == {"plan": planning}


def test_a_persons_own_login_is_lent_to_the_private_server(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "auth.json").write_text('{"anthropic": {"type": "api", "key": "theirs"}}')
    (own / "opencode.jsonc").write_text("{}")
    settings = OpenCodeSettings(use_own_config=True, own_data_dir=own, own_config_dir=own)
    provider = ModelProvider("http://x/v1", ("a",), api_key="ours")
    env = ServerEnvironment(state_dir=tmp_path / "state", providers=(provider,), settings=settings).prepare("password")
    auth = tmp_path / "state" / "data" / "opencode" / "auth.json"
    logins = msgspec.json.decode(auth.read_bytes())
    assert (logins["anthropic"]["key"], logins["llama-swap"]["key"]) == ("theirs", "ours")
    assert auth.stat().st_mode & 0o777 == 0o600
    assert env["OPENCODE_CONFIG"] == str(own / "opencode.jsonc")
    assert "ours" not in "".join(env.values())
    assert "OPENCODE_DISABLE_DEFAULT_PLUGINS" not in env

    closed = OpenCodeSettings(use_own_config=False, own_data_dir=own, own_config_dir=own)
    env = ServerEnvironment(state_dir=tmp_path / "state", providers=(provider,), settings=closed).prepare("password")
    assert "anthropic" not in auth.read_text()
    assert "OPENCODE_CONFIG" not in env
    assert env["OPENCODE_DISABLE_DEFAULT_PLUGINS"] == "1"


def test_a_delta_is_read_and_sync_doubles_are_skipped() -> None:
    delta = (
        b'{"directory":"/w","project":"p","payload":{"id":"evt_1","type":"message.part.delta","properties":'
        b'{"sessionID":"ses_1","messageID":"msg_1","partID":"prt_1","field":"text","delta":"word "}}}'
    )
    peeked = peek_event(delta)
    assert peeked is not None
    event = decode_event(peeked)
    assert isinstance(event, PartDelta)
    assert event.delta == "word "
    assert peek_event(b'{"payload":{"type":"sync","syncEvent":{"type":"message.updated.1"}}}') is None
    assert peek_event(b'{"payload":{"type":"unheard.of","properties":{"sessionID":7}}}') is None
