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
