"""What an agent asks is answered in place, by pointer and by keyboard, and seen when somebody else answers."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.acceptance.approvals.asking import RUN, answer, asked
from tests.acceptance.harness import ServiceHarness
from tests.browser import seen
from tests.fixtures.browser import Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUESTION = "[[say before]] [[question Which colour?|red; green; blue]] [[say after]]"


async def test_a_permission_is_allowed_by_pointer(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue(RUN)
    await person.open_session(created.session_id)
    box = person.page.get_by_role("region", name="Run this command?")
    await expect(box).to_contain_text("echo ran > ran.txt")
    await box.get_by_role("button", name="Allow once").click()
    await expect(box).to_be_hidden()
    await expect(seen.answer(person.page)).to_contain_text("allowed by you")
    await expect(seen.answer(person.page)).to_contain_text("after")


@pytest.mark.parametrize(
    ("key", "decided"), [("a", "allowed by you"), ("s", "allowed by you"), ("r", "refused by you")]
)
async def test_a_permission_is_answered_by_one_key(key: str, decided: str, person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue(RUN)
    await person.open_session(created.session_id)
    await expect(person.page.get_by_role("button", name="Allow once")).to_be_enabled()
    await person.page.keyboard.press("Control+.")
    await expect(person.page.get_by_role("region", name="Run this command?")).to_be_focused()
    await person.page.keyboard.press(key)
    await expect(seen.answer(person.page)).to_contain_text(decided)
    await expect(seen.answer(person.page)).to_contain_text("after")


async def test_a_permission_does_not_take_the_keyboard_out_of_a_sentence(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue("[[say hello]]")
    await person.open_session(created.session_id)
    await expect(seen.answer(person.page)).to_contain_text("hello")
    await person.composer.fill("I am writing")
    await desk.queue(RUN, session=created.session_id)
    await expect(person.page.get_by_role("button", name="Allow once")).to_be_visible()
    await person.composer.press_sequentially(" a s r")
    await expect(person.composer).to_have_value("I am writing a s r")
    await person.page.get_by_role("button", name="Refuse").click()
    await expect(seen.answer(person.page)).to_contain_text("refused by you")


async def test_a_refusal_tells_the_agent_why(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue(RUN)
    await person.open_session(created.session_id)
    field = person.page.get_by_role("textbox", name="Reason for refusing")
    await field.fill("use a different file")
    await person.page.get_by_role("button", name="Refuse").click()
    await expect(seen.answer(person.page)).to_contain_text("refused by you: use a different file")


async def test_an_answer_from_elsewhere_is_seen_at_once(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue(RUN)
    await person.open_session(created.session_id)
    await expect(person.page.get_by_role("region", name="Run this command?")).to_be_visible()
    await answer(desk.client, await asked(desk, created), "allow")
    await expect(person.page.get_by_role("region", name="Run this command?")).to_be_hidden()
    await expect(seen.answer(person.page)).to_contain_text("after")


async def test_a_question_is_answered_by_keyboard(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue(QUESTION)
    await person.open_session(created.session_id)
    await person.page.get_by_role("radio", name="red").focus()
    await person.page.keyboard.press("ArrowDown")
    await person.page.keyboard.press("ArrowDown")
    await expect(person.page.get_by_role("radio", name="blue")).to_be_checked()
    await person.page.keyboard.press("Enter")
    await expect(seen.answer(person.page)).to_contain_text("answer: blue")


async def test_a_question_is_dismissed(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue(QUESTION)
    await person.open_session(created.session_id)
    await person.page.get_by_role("button", name="Dismiss").click()
    await expect(seen.answer(person.page)).to_contain_text("answer: dismissed")


async def test_a_free_question_is_answered_in_words(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue("[[question What is its name?]]")
    await person.open_session(created.session_id)
    await person.page.get_by_role("textbox", name="What is its name?").fill("Otto")
    await person.page.get_by_role("button", name="Answer", exact=True).click()
    await expect(seen.answer(person.page)).to_contain_text("answer: Otto")


OWN = "[[question Which colour?|red; green; ...]] [[say after]]"


async def test_a_question_with_choices_takes_an_answer_in_own_words(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue(OWN)
    await person.open_session(created.session_id)
    await expect(person.page.get_by_role("radio", name="red")).to_be_visible()
    await person.page.get_by_role("textbox", name="Your own answer to: Which colour?").fill("a warm grey")
    await expect(person.page.get_by_role("radio", name="Your own answer")).to_be_checked()
    await person.page.get_by_role("button", name="Answer", exact=True).click()
    await expect(seen.answer(person.page)).to_contain_text("answer: a warm grey")


async def test_a_message_to_an_agent_that_waits_is_its_answer_once_the_person_says_so(
    person: Visit, desk: ServiceHarness
) -> None:
    created = await desk.queue(OWN)
    await person.open_session(created.session_id)
    await expect(person.page.get_by_role("radio", name="red")).to_be_visible()
    await person.write("the colour of rain")
    offer = person.page.get_by_role("group", name="The agent waits for an answer")
    await expect(offer).to_be_visible()
    await person.composer.press("Enter")  # pressing it again decides nothing
    await expect(person.page.get_by_role("radio", name="red")).to_be_visible()
    await offer.get_by_role("button", name="Answer with this").click()
    await expect(seen.answer(person.page)).to_contain_text("answer: the colour of rain")
    await expect(person.composer).to_have_value("")


async def test_a_message_while_a_permission_waits_refuses_it_or_is_queued(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue(f"{RUN} {RUN}")
    await person.open_session(created.session_id)
    box = person.page.get_by_role("region", name="Run this command?")
    await expect(box).to_be_visible()
    offer = person.page.get_by_role("group", name="The agent waits for an answer")
    await person.write("[[say later]]")
    await offer.get_by_role("button", name="Send after this turn").click()
    await expect(person.page.get_by_role("region", name="Queued messages")).to_contain_text("[[say later]]")
    await expect(box).to_be_visible()
    await person.write("use another file")
    await offer.get_by_role("button", name="Refuse, and tell the agent this").click()
    await expect(seen.answer(person.page)).to_contain_text("refused by you: use another file")
    await expect(box).to_be_visible()  # the second one
    await desk.cancel(created)


async def test_a_rule_that_spares_the_question_is_added_where_it_is_asked(person: Visit, desk: ServiceHarness) -> None:
    first = await desk.queue(RUN)
    await person.open_session(first.session_id)
    box = person.page.get_by_role("region", name="Run this command?")
    await box.get_by_text("The agent asks before it runs commands.").click()
    await expect(box).to_contain_text("Tool bash, for echo ran > ran.txt")
    await box.get_by_role("button", name="Always in this project").click()
    await expect(seen.answer(person.page)).to_contain_text("allowed by a rule")
    _, ended = await desk.run(RUN)  # another session of the project: nobody is asked
    assert ended.outcome == "completed"


async def test_notices_are_counted_and_what_says_nothing_new_is_left_out(person: Visit, desk: ServiceHarness) -> None:
    many = " ".join(f"[[notice {word}]]" for word in ("alpha", "two", "two", "three", "four", "four"))
    created, _ = await desk.run(f"{many} [[say done]]")
    await person.open_session(created.session_id)
    answer = seen.answer(person.page)
    await expect(answer).to_contain_text("four 2 times")
    await expect(answer).not_to_contain_text("alpha")
    await expect(answer).not_to_contain_text("agent session")
    await answer.get_by_role("button", name="2 earlier notices").click()
    await expect(answer).to_contain_text("two 2 times")
    await desk.run("[[say again]]", session=created.session_id)
    await expect(seen.answer(person.page)).to_contain_text("again")
    await expect(seen.answer(person.page)).not_to_contain_text("conversation")
