"""What stands in answers beside prose: diagrams, formulas, and paths of files that lead to the file."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.acceptance.harness import ServiceHarness
from tests.browser import seen
from tests.fixtures.browser import Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")

DIAGRAM = "```mermaid\nflowchart LR\n  Person --> Agent\n  Agent --> Change\n```"
FORMULA = "It is $\\frac{a}{b}$ for $5 or $6.\n\n$$\n\\sum_{i=1}^n i^2\n$$"


async def test_a_diagram_is_an_image_and_what_is_none_says_why(person: Visit, desk: ServiceHarness) -> None:
    created, _ = await desk.run(f"[[say {DIAGRAM}\n\n```mermaid\nflowchart LR\n  a -->\n```]]")
    await person.open_session(created.session_id)
    image = person.page.get_by_role("img", name="Diagram: flowchart LR Person")
    await expect(image).to_be_visible()
    await seen.until(person.page, "document.querySelector('figure img')?.naturalWidth > 100")
    await expect(seen.answer(person.page)).to_contain_text("This diagram could not be drawn")
    await expect(seen.answer(person.page)).to_contain_text("a -->")


async def test_a_formula_is_drawn_and_money_is_not(person: Visit, desk: ServiceHarness) -> None:
    created, _ = await desk.run(f"[[say {FORMULA}]]")
    await person.open_session(created.session_id)
    formulas = seen.answer(person.page).locator("math")
    await expect(formulas).to_have_count(2)
    await expect(formulas.first.locator("mfrac")).to_be_visible()
    await expect(formulas.last.locator("munderover")).to_be_visible()
    await expect(seen.answer(person.page)).to_contain_text("for $5 or $6.")


async def test_a_path_leads_to_the_file_at_its_line(person: Visit, desk: ServiceHarness) -> None:
    lines = "\n".join(f"row = {number}" for number in range(1, 301))
    created, _ = await desk.run(
        f"[[write src/long.py|{lines}]][[say See src/long.py:222, the same in `long.py:7`, and nowhere.md too.]]"
    )
    await person.open_session(created.session_id)
    said = seen.answer(person.page)
    await said.get_by_role("button", name="src/long.py:222").click()
    file = person.page.get_by_role("dialog", name="src/long.py")
    marked = file.locator("[aria-current]")
    await expect(marked).to_be_in_viewport()
    await expect(marked).to_contain_text("row = 222")
    await person.page.keyboard.press("Escape")
    await said.get_by_role("button", name="long.py:7").click()
    dialog = person.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("This session has no file long.py.")
    await dialog.get_by_role("button", name="src/long.py").click()
    await expect(dialog.locator("[aria-current]")).to_contain_text("row = 7")
    await person.page.keyboard.press("Escape")
    await said.get_by_role("button", name="nowhere.md").click()
    await expect(dialog).to_contain_text("This session has no file nowhere.md.")
    person.forgive(r"404 \(Not Found\)")
