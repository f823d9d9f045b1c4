"""Files named with "@" while one writes: listed, narrowed down, taken by key or pointer, and left alone."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from tests.acceptance.harness import ServiceHarness
from tests.browser import seen
from tests.fixtures.browser import Visit
from tests.fixtures.repository import MakeRepository, Repository

pytestmark = pytest.mark.asyncio(loop_scope="session")

FILES = {"README.md": "# Read me\n", "src/apple.py": "", "src/apricot.py": "", "src/banana split.py": "", "z.txt": ""}


@pytest.fixture
def project(repository: MakeRepository) -> Repository:
    """A repository with files that differ by a few letters."""
    return repository(FILES)


def files(person: Visit) -> Locator:
    """The files that are offered."""
    return person.page.get_by_role("listbox", name="Files").get_by_role("option")


async def opened(person: Visit, desk: ServiceHarness) -> None:
    """An open session whose worktree has a file that the project has not."""
    created, _ = await desk.run("[[write src/apogee.py|new]]")
    await person.open_session(created.session_id)
    await expect(seen.answer(person.page)).to_be_visible()


async def test_the_worktrees_files_are_offered_and_taken_by_keyboard(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk)
    await person.composer.press_sequentially("look at @")
    await expect(files(person)).to_have_count(6)
    await person.composer.press_sequentially("ap")
    await expect(files(person)).to_have_count(4)
    await expect(files(person).filter(has_text="apogee.py")).to_be_visible()
    first = files(person).nth(0)
    await expect(first).to_have_attribute("aria-selected", "true")
    await person.composer.press("ArrowUp")
    await expect(files(person).nth(3)).to_have_attribute("aria-selected", "true")
    for _ in range(2):
        await person.composer.press("ArrowDown")
    chosen = files(person).nth(1)
    await expect(chosen).to_have_attribute("aria-selected", "true")
    name = (await chosen.inner_text()).split()[0]
    assert name in ("apple.py", "apricot.py", "apogee.py")
    await person.composer.press("Enter")
    await expect(person.composer).to_have_value(f"look at src/{name} ")
    await expect(files(person)).to_have_count(0)
    await person.composer.press_sequentially("[[say I did]]\n")
    await expect(seen.answer(person.page)).to_contain_text("I did")
    await expect(person.page.get_by_role("article", name="Your message").last).to_contain_text(f"look at src/{name}")


async def test_a_file_is_taken_by_pointer_in_the_middle_of_a_sentence(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk)
    await person.composer.fill("mend  now")
    for _ in range(len(" now")):
        await person.composer.press("ArrowLeft")
    await person.composer.press_sequentially("@split")
    await expect(files(person)).to_have_count(1)
    await files(person).click()
    await expect(person.composer).to_have_value("mend `src/banana split.py` now")
    await expect(person.composer).to_be_focused()
    await person.composer.press_sequentially(" right")
    await expect(person.composer).to_have_value("mend `src/banana split.py` right now")


async def test_escape_leaves_the_letters_as_they_are(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk)
    await person.composer.press_sequentially("ask @apr")
    await expect(files(person)).to_have_count(1)
    await person.composer.press("Escape")
    await expect(files(person)).to_have_count(0)
    await expect(person.composer).to_have_value("ask @apr")
    await person.composer.press("Escape")
    await person.composer.press_sequentially("icot and me@example.org")
    await expect(person.composer).to_have_value("ask @apricot and me@example.org")
    await expect(files(person)).to_have_count(0)


async def test_what_fits_nothing_offers_nothing_and_is_sent(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk)
    await person.composer.press_sequentially("@apr")
    await expect(files(person)).to_have_count(1)
    await person.composer.press_sequentially("zzz")
    await expect(files(person)).to_have_count(0)
    await person.composer.press_sequentially(" [[say as you like]]\n")
    await expect(seen.answer(person.page)).to_contain_text("as you like")


async def test_before_the_first_turn_the_projects_files_are_offered(
    person: Visit, desk: ServiceHarness, repository: MakeRepository
) -> None:
    own = repository({"only-here.txt": ""}, name="with-a-name-of-its-own")
    await ServiceHarness(desk.client, own.path).run("[[say known now]]")
    await person.go("/")
    await person.page.get_by_role("combobox", name="Project").select_option("with-a-name-of-its-own")
    await person.composer.press_sequentially("@only")
    await expect(files(person)).to_have_count(1)
    await person.composer.press("Tab")
    await expect(person.composer).to_have_value("only-here.txt ")
