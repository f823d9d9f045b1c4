"""The transcript numbers parts, keeps text exact, and lets later states replace earlier ones."""

from __future__ import annotations

from uuid import uuid4

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from boocoder.events import agent_event as said
from boocoder.events import frames
from boocoder.events.batch import EventItem, PartItem, TextItem, ToolTextItem
from boocoder.events.transcript import KnownPart, Transcript, TurnIds
from boocoder.model.ids import ChatId, MessageId, SessionId, TaskId
from boocoder.model.limits import INLINE_TEXT_MAX_CHARS
from boocoder.model.task import PartKind


def make(known: list[KnownPart] | None = None) -> Transcript:
    ids = TurnIds(SessionId(uuid4()), ChatId(uuid4()), TaskId(uuid4()), MessageId(uuid4()))
    return Transcript(ids, agent="scripted", known=known or [])


def tool(status: said.ToolStatus, *, output: str = "", part: str = "t1", parent: str = "") -> said.ToolCall:
    return said.ToolCall(part, "bash", said.ToolKind.EXECUTE, "ls", status, "{}", output, parent=parent)


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
        frame = transcript.apply(said.TextDelta(part, text))
        if frame is not None:
            assert frame.offset == len(shown.get(frame.part, ""))
            shown[frame.part] = shown.get(frame.part, "") + frame.text
    assert stored_text(transcript) == shown
    for text in shown.values():
        assert "\x00" not in text
        text.encode()


def test_an_emoji_cut_in_half_between_two_deltas_arrives_whole() -> None:
    transcript = make()
    assert transcript.apply(said.TextDelta("a", "hi \ud83d")) is not None
    frame = transcript.apply(said.TextDelta("a", "\ude00!"))
    assert frame is not None and frame.text == "\N{GRINNING FACE}!"


def test_text_on_both_sides_of_a_tool_keeps_its_order() -> None:
    transcript = make()
    assert transcript.apply(said.TextDelta("a", "before ")) is not None
    transcript.apply(tool(said.ToolStatus.RUNNING))
    assert transcript.apply(said.TextDelta("b", "after")) is None, "it would overtake the tool call"
    transcript.apply(said.TextDelta("a", "late"))
    items, durable, live = transcript.take()
    kinds = [type(item) for item in items]
    assert kinds == [PartItem, TextItem, PartItem, EventItem, PartItem, TextItem, TextItem]
    assert live == 1
    assert durable[0] is None and isinstance(durable[1], frames.ToolCall)
    assert [(frame.offset, frame.text) for frame in durable[2:] if isinstance(frame, frames.Delta)] == [
        (0, "after"),
        (7, "late"),
    ]
    assert transcript.empty
    assert transcript.apply(said.TextDelta("b", " at once")) is not None


def test_states_of_a_tool_that_were_not_stored_are_replaced_by_the_newest() -> None:
    transcript = make()
    for size in range(1, 50):
        transcript.apply(tool(said.ToolStatus.RUNNING, output="x" * size))
    transcript.apply(tool(said.ToolStatus.COMPLETED, output="done"))
    _, durable, _ = transcript.take()
    assert len(durable) == 1
    assert isinstance(durable[0], frames.ToolCall)
    assert (durable[0].status, durable[0].output) == (said.ToolStatus.COMPLETED, "done")


def test_a_tool_never_goes_back_and_never_changes_after_its_end() -> None:
    transcript = make()
    transcript.apply(tool(said.ToolStatus.COMPLETED, output="done"))
    transcript.take()
    transcript.apply(tool(said.ToolStatus.RUNNING))
    transcript.apply(tool(said.ToolStatus.FAILED))
    assert transcript.empty
    assert transcript.running_tools == 0


def test_a_long_output_is_stored_whole_and_grows_by_what_is_new() -> None:
    transcript = make()
    long = "0123456789" * (INLINE_TEXT_MAX_CHARS // 5)
    transcript.apply(tool(said.ToolStatus.RUNNING, output=long))
    transcript.apply(tool(said.ToolStatus.RUNNING, output=long + "more"))
    transcript.apply(tool(said.ToolStatus.COMPLETED, output="other" + long))
    items, durable, _ = transcript.take()
    texts = [item for item in items if isinstance(item, ToolTextItem)]
    assert [(item.offset, len(item.text), item.replace) for item in texts] == [
        (0, len(long), True),
        (len(long), 4, False),
        (0, len(long) + 5, True),
    ]
    frame = durable[0]
    assert isinstance(frame, frames.ToolCall)
    assert frame.output == long[-INLINE_TEXT_MAX_CHARS:] and frame.output_chars == len(long) + 5


def test_open_tools_are_closed_at_the_end() -> None:
    transcript = make()
    transcript.apply(tool(said.ToolStatus.RUNNING, output="half"))
    assert transcript.running_tools == 1
    transcript.close_tools()
    _, durable, _ = transcript.take()
    assert isinstance(durable[0], frames.ToolCall)
    assert (durable[0].status, durable[0].output) == (said.ToolStatus.CANCELLED, "half")


def test_a_childs_tool_names_its_parent() -> None:
    transcript = make()
    transcript.apply(tool(said.ToolStatus.RUNNING, part="parent"))
    transcript.apply(tool(said.ToolStatus.RUNNING, part="child", parent="parent"))
    _, durable, _ = transcript.take()
    assert [getattr(frame, "parent", None) for frame in durable] == [None, 0]


def test_after_a_crash_only_the_missing_text_is_added() -> None:
    transcript = make([KnownPart(0, PartKind.TEXT, "a", 6)])
    assert transcript.apply(said.TextDelta("a", "one ")) is None
    frame = transcript.apply(said.TextDelta("a", "two three"))
    assert frame is not None and (frame.offset, frame.text) == (6, "o three")
    new = transcript.apply(said.TextDelta("b", "new part"))
    assert new is not None and (new.part, new.offset) == (1, 0)


def test_after_a_crash_a_tool_that_was_running_is_closed() -> None:
    before = make()
    before.apply(tool(said.ToolStatus.RUNNING, output="half"))
    stored = next(item.data_json for item in before.take()[0] if isinstance(item, PartItem))
    data = msgspec.json.encode({k: v for k, v in msgspec.json.decode(stored or b"").items() if k != "session_id"})
    transcript = make([KnownPart(0, PartKind.TOOL_CALL, "t1", data=data)])
    transcript.close_tools()
    _, durable, _ = transcript.take()
    assert isinstance(durable[0], frames.ToolCall)
    assert (durable[0].part, durable[0].status, durable[0].output) == (0, said.ToolStatus.CANCELLED, "half")


def test_every_frame_survives_its_wire_form() -> None:
    transcript = make()
    transcript.apply(said.Plan((said.PlanEntry("first", said.PlanStatus.IN_PROGRESS),)))
    transcript.apply(said.Usage(input_tokens=3, cost_usd=0.5))
    transcript.apply(said.Notice("retrying", "again", said.NoticeLevel.WARNING))
    transcript.apply(said.AgentCommands((said.AgentCommand("init", "begin"),)))
    _, durable, _ = transcript.take()
    assert len(durable) == 4
    for frame in durable:
        assert frame is not None
        assert frames.decode(frames.encode(frame)) == frame
