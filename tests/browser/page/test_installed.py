"""The page as an installed app: its manifest, and its shell while nobody answers."""

from __future__ import annotations

import asyncio
import re
from importlib import metadata

import pytest
from playwright.async_api import Route, expect

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
    await expect(page.locator("#main").get_by_text("does not answer")).to_be_visible()
    kept = await page.evaluate(KEPT)
    assert "/" in kept and not [path for path in kept if path.startswith("/api")]
    person.faults.clear()  # of the service that is gone


async def test_a_page_that_is_older_than_the_service_offers_to_reload(
    installation: MakeInstallation, visit: MakeVisit
) -> None:
    made = installation({})
    await asyncio.to_thread(made.start)
    person = await visit(made)
    page = person.page
    meta = page.locator("meta[name=boocoder-version]")
    await expect(meta).to_have_attribute("content", metadata.version("boocoder"))

    async def aged(route: Route) -> None:
        """The document as an earlier version gave it, which a browser may have kept."""
        text = await (await route.fetch()).text()
        old = re.sub(r'(name="boocoder-version" content=")[^"]*', r"\g<1>0.0.1", text)
        await route.fulfill(body=old, content_type="text/html")

    await page.route(made.url, aged)
    await page.goto(made.url)
    await expect(page.get_by_text("this page is version 0.0.1.")).to_be_visible()
    await page.unroute(made.url)
    await page.get_by_role("button", name="Reload").click()
    await expect(meta).to_have_attribute("content", metadata.version("boocoder"))
    await expect(page.get_by_text("this page is version")).to_have_count(0)
    person.forgive("LOCAL_NETWORK_ACCESS")  # a document that the test gave has no address that Chromium knows
