"""The page of the API: readable, with its style, under the same policy as every other page."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.page.test_looks import PHONE, assert_accessible
from tests.fixtures.browser import MakeVisit
from tests.fixtures.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_route_leads_to_its_fields(visit: MakeVisit, served: Installation) -> None:
    person = await visit(served, path="/docs", color_scheme="dark", **PHONE)
    page = person.page
    await expect(page.get_by_role("heading", level=1)).to_contain_text("HTTP API")
    assert await page.evaluate("getComputedStyle(document.body).maxWidth") != "none", "no style"
    await page.locator("#add_task summary").click()
    await page.locator("#add_task").get_by_role("link", name="NewTaskInput").click()
    await page.locator("#schema-NewTaskInput summary").click()
    await expect(page.locator("#schema-NewTaskInput")).to_contain_text("Id of a project")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the screen"
    await assert_accessible(page, "the API")
