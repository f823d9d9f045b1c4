"""The transcript numbers parts, keeps text exact, and lets later states replace earlier ones."""

from __future__ import annotations

import gc
from uuid import uuid4

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from boocoder.events import agent_event, frames
from boocoder.events.batch import EventItem, PartItem, TextItem, ToolTextItem
from boocoder.events.message_part import KnownPart
from boocoder.events.tool_part import ToolPart
from boocoder.events.transcript import Transcript, TurnIds
from boocoder.model.ids import ChatId, MessageId, SessionId, TaskId
from boocoder.model.limits import INLINE_TEXT_MAX_CHARS, TOOL_TEXT_MAX_CHARS
from boocoder.model.task import PartKind


def make(known: list[KnownPart] | None = None) -> Transcript:
    ids = TurnIds(SessionId(uuid4()), ChatId(uuid4()), TaskId(uuid4()), MessageId(uuid4()))
    return Transcript(ids, agent="scripted", known=known or [])


def tool(
    status: agent_event.ToolStatus, *, output: str = "", part: str = "t1", parent: str = ""
) -> agent_event.ToolCall:
    return agent_event.ToolCall(part, "bash", agent_event.ToolKind.EXECUTE, "ls", status, "{}", output, parent=parent)


def stored_text(transcript: Transcript) -> dict[int, str]:
    texts: dict[int, str] = {}
    for item in transcript.take()[0]:
        if isinstance(item, TextItem):
            assert item.offset == len(texts.get(item.part, ""))
            texts[item.part] = texts.get(item.part, "") + item.text
    return texts


@given(st.lists(st.tuples(st.sampled_from("ab"), st.text(st.characters(exclude_categories=[]), max_size=5))))
def test_live_frames_and_stored_text_agree(deltas: list[tuple[str, str]]) -> None:
    transcript = make()
    shown: dict[int, str] = {}
    for part, text in deltas:
        frame = transcript.apply(agent_event.TextDelta(part, text))
        if frame is not None:
            assert frame.offset == len(shown.get(frame.part, ""))
            shown[frame.part] = shown.get(frame.part, "") + frame.text
    assert stored_text(transcript) == shown
    for text in shown.values():
        assert "\x00" not in text
        text.encode()


def test_an_emoji_cut_in_half_between_two_deltas_arrives_whole() -> None:
    transcript = make()
    assert transcript.apply(agent_event.TextDelta("a", "hi \ud83d")) is not None
    frame = transcript.apply(agent_event.TextDelta("a", "\ude00!"))
    assert frame is not None and frame.text == "\N{GRINNING FACE}!"


def test_the_beginning_of_an_answer_keeps_its_texts_apart() -> None:
    transcript = make()
    for key, text in (("a", "Let me "), ("a", "look."), ("b", "It is "), ("b", "mended.")):
        transcript.apply(agent_event.TextDelta(key, text))
    assert transcript.beginning == "Let me look. It is mended."


def test_text_on_both_sides_of_a_tool_keeps_its_order() -> None:
    transcript = make()
    assert transcript.apply(agent_event.TextDelta("a", "before ")) is not None
    transcript.apply(tool(agent_event.ToolStatus.RUNNING))
    assert transcript.apply(agent_event.TextDelta("b", "after")) is None, "it would overtake the tool call"
    transcript.apply(agent_event.TextDelta("a", "late"))
    items, durable, live = transcript.take()
    kinds = [type(item) for item in items]
    assert kinds == [PartItem, TextItem, PartItem, EventItem, PartItem, TextItem, TextItem]
    assert live == 1
    assert durable[0] is None and isinstance(durable[1], frames.ToolCallFrame)
    assert [(frame.offset, frame.text) for frame in durable[2:] if isinstance(frame, frames.DeltaFrame)] == [
        (0, "after"),
        (7, "late"),
    ]
    assert transcript.empty
    assert transcript.apply(agent_event.TextDelta("b", " at once")) is not None


def test_states_of_a_tool_that_were_not_stored_are_replaced_by_the_newest() -> None:
    transcript = make()
    for size in range(1, 50):
        transcript.apply(tool(agent_event.ToolStatus.RUNNING, output="x" * size))
    transcript.apply(tool(agent_event.ToolStatus.COMPLETED, output="done"))
    _, durable, _ = transcript.take()
    assert len(durable) == 1
    assert isinstance(durable[0], frames.ToolCallFrame)
    assert (durable[0].status, durable[0].output) == (agent_event.ToolStatus.COMPLETED, "done")


def test_a_tool_never_goes_back_and_never_changes_after_its_end() -> None:
    transcript = make()
    transcript.apply(tool(agent_event.ToolStatus.COMPLETED, output="done"))
    transcript.take()
    transcript.apply(tool(agent_event.ToolStatus.RUNNING))
    transcript.apply(tool(agent_event.ToolStatus.FAILED))
    assert transcript.empty
    assert transcript.running_tools == 0


def test_a_long_output_is_stored_whole_and_grows_by_what_is_new() -> None:
    transcript = make()
    long = "0123456789" * (INLINE_TEXT_MAX_CHARS // 5)
    transcript.apply(tool(agent_event.ToolStatus.RUNNING, output=long))
    transcript.apply(tool(agent_event.ToolStatus.RUNNING, output=long + "more"))
    transcript.apply(tool(agent_event.ToolStatus.COMPLETED, output="other" + long))
    items, durable, _ = transcript.take()
    texts = [item for item in items if isinstance(item, ToolTextItem)]
    assert [(item.offset, len(item.text), item.replace) for item in texts] == [
        (0, len(long), True),
        (len(long), 4, False),
        (0, len(long) + 5, True),
    ]
    frame = durable[0]
    assert isinstance(frame, frames.ToolCallFrame)
    assert frame.output == long[-INLINE_TEXT_MAX_CHARS:] and frame.output_chars == len(long) + 5


def test_open_tools_are_closed_at_the_end() -> None:
    transcript = make()
    transcript.apply(tool(agent_event.ToolStatus.RUNNING, output="half"))
    assert transcript.running_tools == 1
    transcript.close_tools()
    _, durable, _ = transcript.take()
    assert isinstance(durable[0], frames.ToolCallFrame)
    assert (durable[0].status, durable[0].output) == (agent_event.ToolStatus.CANCELLED, "half")


def test_a_childs_tool_names_its_parent() -> None:
    transcript = make()
    transcript.apply(tool(agent_event.ToolStatus.RUNNING, part="parent"))
    transcript.apply(tool(agent_event.ToolStatus.RUNNING, part="child", parent="parent"))
    _, durable, _ = transcript.take()
    assert [getattr(frame, "parent", None) for frame in durable] == [None, 0]


def test_after_a_crash_only_the_missing_text_is_added() -> None:
    transcript = make([KnownPart(0, PartKind.TEXT, "a", 6)])
    assert transcript.apply(agent_event.TextDelta("a", "one ")) is None
    frame = transcript.apply(agent_event.TextDelta("a", "two three"))
    assert frame is not None and (frame.offset, frame.text) == (6, "o three")
    new = transcript.apply(agent_event.TextDelta("b", "new part"))
    assert new is not None and (new.part, new.offset) == (1, 0)


def test_after_a_crash_a_tool_that_was_running_is_closed() -> None:
    before = make()
    before.apply(tool(agent_event.ToolStatus.RUNNING, output="half"))
    stored = next(item.data_json for item in before.take()[0] if isinstance(item, PartItem))
    data = msgspec.json.encode({k: v for k, v in msgspec.json.decode(stored or b"").items() if k != "session_id"})
    transcript = make([KnownPart(0, PartKind.TOOL_CALL, "t1", data=data)])
    transcript.close_tools()
    _, durable, _ = transcript.take()
    assert isinstance(durable[0], frames.ToolCallFrame)
    assert (durable[0].part, durable[0].status, durable[0].output) == (0, agent_event.ToolStatus.CANCELLED, "half")


def test_every_frame_survives_its_wire_form() -> None:
    transcript = make()
    transcript.apply(agent_event.Plan((agent_event.PlanEntry("first", agent_event.PlanStatus.IN_PROGRESS),)))
    transcript.apply(agent_event.Usage(input_tokens=3, cost_usd=0.5))
    transcript.apply(agent_event.Notice("retrying", "again", agent_event.NoticeLevel.WARNING))
    transcript.apply(agent_event.AgentCommands((agent_event.SlashCommand("init", "begin"),)))
    _, durable, _ = transcript.take()
    assert len(durable) == 4
    for frame in durable:
        assert frame is not None
        assert frames.decode(frames.encode(frame)) == frame


def limited(chars: int) -> Transcript:
    ids = TurnIds(SessionId(uuid4()), ChatId(uuid4()), TaskId(uuid4()), MessageId(uuid4()))
    return Transcript(ids, agent="scripted", text_max_chars=chars)


def test_text_beyond_the_limit_of_a_turn_is_overflow_with_one_notice() -> None:
    transcript = limited(10)
    assert transcript.apply(agent_event.TextDelta("a", "0123456")) is not None
    transcript.apply(agent_event.TextDelta("a", "789ABC"))
    assert transcript.apply(agent_event.ReasoningDelta("b", "thought")) is None
    transcript.apply(agent_event.TextDelta("a", "DEF"))
    assert not transcript.empty and transcript.pending_chars > 0
    overflow = transcript.take_overflow()
    assert [(one.part, one.text, one.replace) for one in overflow] == [
        (0, "ABC", True),
        (2, "thought", True),
        (0, "DEF", False),
    ]
    batch = transcript.take()
    assert "".join(item.text for item in batch.items if isinstance(item, TextItem)) == "0123456789"
    notices = [frame for frame in batch.frames if isinstance(frame, frames.NoticeFrame)]
    assert [notice.code for notice in notices] == ["text_in_files"]
    assert transcript.empty and transcript.take_overflow() == []


def test_what_an_earlier_attempt_stored_counts_against_the_limit() -> None:
    ids = TurnIds(SessionId(uuid4()), ChatId(uuid4()), TaskId(uuid4()), MessageId(uuid4()))
    known = [KnownPart(0, PartKind.TEXT, "a", 6)]
    transcript = Transcript(ids, agent="scripted", known=known, text_max_chars=8)
    transcript.apply(agent_event.TextDelta("a", "0123456789"))
    assert [item.text for item in transcript.take().items if isinstance(item, TextItem)] == ["67"]
    assert [one.text for one in transcript.take_overflow()] == ["89"]


def test_a_long_output_is_stored_up_to_its_limit_and_goes_on_in_a_file() -> None:
    transcript, output = make(), "x" * (TOOL_TEXT_MAX_CHARS - 5)
    transcript.apply(tool(agent_event.ToolStatus.RUNNING, output=output))
    transcript.take()
    transcript.apply(tool(agent_event.ToolStatus.RUNNING, output=output + "0123456789"))
    assert [one.text for one in transcript.take_overflow()] == ["56789"]
    batch = transcript.take()
    assert [(one.offset, one.text) for one in batch.items if isinstance(one, ToolTextItem)] == [(len(output), "01234")]
    [frame] = [frame for frame in batch.frames if isinstance(frame, frames.ToolCallFrame)]
    assert frame.output.endswith("0123456789") and frame.output_chars == len(output) + 10
    transcript.apply(tool(agent_event.ToolStatus.COMPLETED, output=output + "0123456789ab"))
    assert [(one.text, one.replace) for one in transcript.take_overflow()] == [("ab", False)]
    assert not [one for one in transcript.take().items if isinstance(one, ToolTextItem)]


def test_calls_that_have_ended_keep_no_texts() -> None:
    transcript = make()
    for number in range(50):
        transcript.apply(tool(agent_event.ToolStatus.RUNNING, output="o" * 20_000, part=f"t{number}"))
        transcript.apply(tool(agent_event.ToolStatus.COMPLETED, output="o" * 20_001, part=f"t{number}"))
    assert transcript.running_tools == 0
    kept = [call for call in transcript._tools.values() if call.last is not None and call.last.output]
    assert kept == []


def test_calls_that_have_ended_leave_no_objects_and_keep_their_parts() -> None:
    transcript = make()
    for number in range(500):
        for status in (agent_event.ToolStatus.RUNNING, agent_event.ToolStatus.COMPLETED):
            transcript.apply(tool(status, part=str(number), output="x" * 100))
    transcript.take()
    assert not [one for one in gc.get_objects() if isinstance(one, ToolPart)]
    transcript.apply(tool(agent_event.ToolStatus.FAILED, part="7"))
    assert transcript.empty  # an ended call never changes
    transcript.apply(tool(agent_event.ToolStatus.RUNNING, part="child", parent="7"))
    [frame] = [msgspec.json.decode(item.frame_json) for item in transcript.take()[0] if isinstance(item, EventItem)]
    assert (frame["part"], frame["parent"]) == (500, 7)
    assert transcript.new_request("7") == (501, 7)
