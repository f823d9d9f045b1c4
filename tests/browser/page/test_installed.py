"""The page as an installed app: its manifest, and its shell while nobody answers."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.fixtures.browser import MakeVisit
from tests.fixtures.service import MakeInstallation

KEPT = """caches.open("boocoder-shell").then((shell) => shell.keys())
    .then((all) => all.map((one) => new URL(one.url).pathname))"""

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_it_can_be_installed_and_opens_without_the_service(
    installation: MakeInstallation, visit: MakeVisit
) -> None:
    made = installation({})
    await asyncio.to_thread(made.start)
    person = await visit(made, service_workers="allow")
    page = person.page
    await expect(page.get_by_role("heading", name="Welcome to boocoder")).to_be_visible()
    manifest = await page.evaluate("fetch(document.querySelector('link[rel=manifest]').href).then((one) => one.json())")
    assert (manifest["display"], manifest["start_url"]) == ("standalone", "/")
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await page.reload()  # now through the worker, which keeps what it loads
    await expect(page.get_by_role("heading", name="Welcome to boocoder")).to_be_visible()
    await asyncio.to_thread(made.stop)
    await page.goto(page.url)
    await expect(page.get_by_role("link", name="New session")).to_be_visible()
    await expect(page.get_by_text("does not answer")).to_be_visible()
    kept = await page.evaluate(KEPT)
    assert "/" in kept and not [path for path in kept if path.startswith("/api")]
    person.faults.clear()  # of the service that is gone
