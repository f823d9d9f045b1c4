"""How a conversation is fitted into a model's context."""

from __future__ import annotations

import json

from boocoder.backends.native.context.window import HARD_CUT_CHARS, ContextWindow
from boocoder.backends.native.conversation.store import (
    AnswerRecord,
    Record,
    RequestedTool,
    StoredImage,
    ToolResultRecord,
    TurnEndRecord,
    UserRecord,
)
from boocoder.backends.native.model.wire import RequestMessage

SYSTEM = "You are an agent."


def window(tokens: int = 4_000) -> ContextWindow:
    return ContextWindow(context_tokens=tokens, answer_tokens=1_000, fixed_chars=100)


def turn(number: int, *, steps: int = 3, output_chars: int = 2_000) -> list[Record]:
    """One turn with `steps` reads of a file."""
    records: list[Record] = [UserRecord(f"task-{number}", f"prompt {number}")]
    for step in range(steps):
        call_id = f"call{number}{step}"
        records.append(AnswerRecord("", f"thought {number}.{step}", (RequestedTool(call_id, "read", '{"path": "x"}'),)))
        records.append(ToolResultRecord(call_id, "read", f"output {number}.{step} " + "x" * output_chars))
    return [*records, AnswerRecord(f"answer {number}"), TurnEndRecord(f"task-{number}", "completed")]


def text_of(messages: tuple[RequestMessage, ...] | None) -> str:
    assert messages is not None
    return "\n".join(message.content for message in messages)


def assert_well_formed(messages: tuple[RequestMessage, ...]) -> None:
    """Every result has its call before it, every call its result; the system's words are first."""
    assert [message.role for message in messages].count("system") == 1 and messages[0].role == "system"
    called = [call.id for message in messages for call in message.tool_calls]
    assert [message.tool_call_id for message in messages if message.role == "tool"] == called
    for message in messages:
        for call in message.tool_calls:
            assert isinstance(json.loads(call.function.arguments), dict)


def test_what_fits_is_sent_whole() -> None:
    records = turn(1, output_chars=10)
    messages = window().messages(SYSTEM, records)
    assert messages is not None
    assert [message.role for message in messages] == ["system", "user", *["assistant", "tool"] * 3, "assistant"]
    assert_well_formed(messages)


def test_oldest_results_go_first_and_stay_out() -> None:
    context = window(4_000)
    records = turn(1, steps=6)
    messages = context.messages(SYSTEM, records)
    text = text_of(messages)
    assert "output 1.0 " not in text and "output 1.5 " in text and "output 1.4 " in text
    assert "left out; call the tool again" in text and "prompt 1" in text
    out = set(context.trimmed.outputs)
    again = context.messages(SYSTEM, records)
    assert again == messages and context.trimmed.outputs == out


def test_much_is_trimmed_at_a_time() -> None:
    context = window(4_000)
    messages = context.messages(SYSTEM, turn(1, steps=6))
    assert messages is not None
    assert context.estimate(messages) <= context.budget_tokens * 0.7


def test_then_oldest_turns_go_and_the_model_is_told() -> None:
    records = [record for number in range(60) for record in turn(number, steps=1, output_chars=100)]
    context = window(2_000)
    messages = context.messages(SYSTEM, records)
    assert messages is not None
    text = text_of(messages)
    assert "prompt 0" not in text and "prompt 59" in text
    assert "Earlier messages of this conversation are left out" in messages[1].content
    assert_well_formed(messages)


def test_the_newest_results_are_cut_when_nothing_else_is_left() -> None:
    messages = window(4_000).messages(SYSTEM, turn(1, steps=1, output_chars=60_000))
    text = text_of(messages)
    assert "output 1.0 " in text and "characters are left out" in text
    assert len(text) < HARD_CUT_CHARS + 1_000


def pictured(number: int, *, size_bytes: int = 1_000) -> list[Record]:
    """One turn whose prompt has an image."""
    prompt = UserRecord(f"task-{number}", f"prompt {number}", (StoredImage(f"{number}.png", size_bytes),))
    return [prompt, AnswerRecord(f"answer {number}"), TurnEndRecord(f"task-{number}", "completed")]


def images_of(messages: tuple[RequestMessage, ...] | None) -> list[str]:
    assert messages is not None
    return [name for message in messages for name in message.images]


def test_images_are_sent_to_a_model_that_sees_them() -> None:
    records = [*pictured(1), *pictured(2)]
    context = window(8_000)
    blind = context.messages(SYSTEM, records)
    assert images_of(blind) == [] and "left out" not in text_of(blind)
    context.sees_images = True
    assert images_of(context.messages(SYSTEM, records)) == ["1.png", "2.png"]


def test_images_of_earlier_prompts_go_before_any_text() -> None:
    context = window(6_000)
    context.sees_images = True
    records = [*turn(0, steps=1, output_chars=600), *(one for number in range(1, 6) for one in pictured(number))]
    messages = context.messages(SYSTEM, records)
    assert images_of(messages) == ["4.png", "5.png"]
    text = text_of(messages)
    assert "output 0.0 " in text and text.count("[The images of this prompt are left out") == 3
    assert context.messages(SYSTEM, records) == messages


def test_images_that_do_not_fit_never_keep_a_prompt_from_the_model() -> None:
    context = window(1_500)
    context.sees_images = True
    messages = context.messages(SYSTEM, pictured(1))
    assert images_of(messages) == [] and "prompt 1" in text_of(messages)


def test_a_request_has_a_limited_size_of_images() -> None:
    context = window(100_000)
    context.sees_images = True
    records = [record for number in range(5) for record in pictured(number, size_bytes=4_500_000)]
    assert images_of(context.messages(SYSTEM, records)) == ["4.png"]


def test_a_prompt_that_cannot_fit_gives_nothing() -> None:
    assert window(1_000).messages(SYSTEM, [UserRecord("t", "x" * 20_000)]) is None


def test_long_arguments_of_old_calls_are_left_out_as_valid_json() -> None:
    records: list[Record] = [UserRecord("t", "go")]
    for step in range(4):
        use = RequestedTool(f"c{step}", "write", json.dumps({"path": "x", "content": "y" * 4_000}))
        records += [AnswerRecord("", "", (use,)), ToolResultRecord(f"c{step}", "write", "Replaced x.")]
    messages = window(4_000).messages(SYSTEM, records)
    assert messages is not None
    assert_well_formed(messages)
    first = json.loads(messages[2].tool_calls[0].function.arguments)
    last = json.loads(messages[-2].tool_calls[0].function.arguments)
    assert (first["path"], first["content"]) == ("x", "[4000 characters are left out]")
    assert last["content"] == "y" * 4_000


def test_the_estimate_learns_from_the_server() -> None:
    context = window()
    messages = (RequestMessage("system", "x" * 3_500),)
    before = context.estimate(messages)
    context.learn(messages, before * 2)
    assert abs(context.estimate(messages) - before * 2) <= 2
    context.learn(messages, 1)
    assert context.estimate(messages) >= before * 0.5 - 1


def test_a_server_that_says_too_long_makes_it_smaller_until_there_is_no_sense() -> None:
    context = window(100_000)
    assert context.shrink(8_192)
    assert context.budget_tokens == 8_192 - 1_000
    assert context.shrink(0)
    assert context.budget_tokens < 8_192 * 0.7
    assert [context.shrink(0) for _ in range(20)][-1] is False


def test_a_turn_without_an_answer_gets_one_so_that_the_roles_take_turns() -> None:
    records: list[Record] = [UserRecord("a", "one"), TurnEndRecord("a", "model_failed"), UserRecord("b", "two")]
    messages = window().messages(SYSTEM, records)
    assert messages is not None
    assert [message.role for message in messages] == ["system", "user", "assistant", "user"]
    assert "model_failed" in messages[2].content


def test_thinking_is_sent_back_in_the_current_turn_only() -> None:
    records = [*turn(1, steps=1), *turn(2, steps=1)[:-2]]
    messages = window().messages(SYSTEM, records)
    assert messages is not None
    assert [message.reasoning_content for message in messages if message.tool_calls] == ["", "thought 2.0"]


def test_a_turn_of_many_steps_loses_its_first_ones() -> None:
    context = window(4_000)
    records = turn(1, steps=150, output_chars=20)[:-2]
    messages = context.messages(SYSTEM, records)
    assert messages is not None and context.estimate(messages) <= context.budget_tokens
    assert_well_formed(messages)
    assert messages[1].role == "user" and messages[1].content.endswith("prompt 1")
    assert "first steps" in messages[1].content
    assert "output 1.149" in text_of(messages) and "output 1.3 " not in text_of(messages)
    more = context.messages(SYSTEM, turn(1, steps=152, output_chars=20)[:-2])
    assert more is not None and more[: len(messages)] == messages, "what is left out stays left out, for the cache"
    assert_well_formed(more)
