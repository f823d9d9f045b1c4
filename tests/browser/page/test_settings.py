"""The settings page: trusted files, tokens, webhooks, browsers, hosts, MCP servers, and the editor of a file."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.async_api import expect

from boocoder.model.access_token import TokenScope
from boocoder.wire.projects import Project, ProjectTrustInfo
from boocoder.wire.service import TokenInfo
from boocoder.wire.webhooks import WebhookInfo
from boocoder.wire.worktrees import WorktreeInfo
from tests.acceptance.harness import ServiceHarness
from tests.browser.changes.test_review import panel
from tests.browser.page.test_looks import assert_accessible
from tests.fixtures.browser import MakeVisit, Visit
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation, MakeInstallation
from tests.fixtures.webhook_receiver import webhook_receiver

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_files_of_a_project_are_shown_and_trusted(
    person: Visit, desk: ServiceHarness, project: Repository
) -> None:
    project.write(".mcp.json", "{}")
    made = await desk.client.post("/api/projects", Project, {"path": str(project.path)})
    await person.go("/settings")
    files = person.page.get_by_role("region", name="Trusted files of projects")
    await expect(files).to_contain_text(".mcp.json not trusted")
    await files.get_by_role("button", name="Trust these files").first.click()
    await expect(files).to_contain_text(".mcp.json trusted")
    assert (await desk.client.get(f"/api/projects/{made.id}/trust", ProjectTrustInfo)).trusted


async def test_a_token_is_made_shown_once_and_revoked(person: Visit, desk: ServiceHarness) -> None:
    await person.go("/settings")
    tokens = person.page.get_by_role("region", name="Access tokens")
    await tokens.get_by_label("Name of the new token").fill("nightly build")
    await tokens.get_by_label("What it may do").select_option("start")
    await tokens.get_by_role("button", name="Make token").click()
    await expect(tokens.get_by_role("status")).to_contain_text("boo_", timeout=60_000)
    await expect(tokens).to_contain_text("nightly build read and start tasks, all projects, never used", timeout=60_000)
    made = [one for one in await desk.client.items("/api/tokens", TokenInfo) if one.name == "nightly build"]
    assert [one.scope for one in made] == [TokenScope.START]
    row = tokens.locator("div", has_text="nightly build").filter(has=person.page.get_by_role("button", name="Revoke"))
    await row.get_by_role("button", name="Revoke").click()
    await expect(tokens).not_to_contain_text("never used", timeout=60_000)
    assert not await desk.client.items("/api/tokens", TokenInfo)


async def test_a_webhook_is_added_tested_and_removed(person: Visit, desk: ServiceHarness) -> None:
    await person.go("/settings")
    webhooks = person.page.get_by_role("region", name="Webhooks")
    async with webhook_receiver() as receiver:
        url = f"{receiver.url}/good"
        await webhooks.get_by_label("URL of the new webhook").fill(url)
        await webhooks.get_by_label("What it is told of").select_option("changes")
        await webhooks.get_by_role("button", name="Add webhook").click()
        await expect(webhooks.get_by_role("status")).to_contain_text("whsec_", timeout=60_000)
        receiver.secrets["/good"] = await webhooks.get_by_role("status").locator("code").inner_text()
        told = f"{url} change.applied, change.updated, all projects, "
        await expect(webhooks).to_contain_text(f"{told}nothing sent yet", timeout=60_000)
        await assert_accessible(person.page, "settings with a webhook")
        row = webhooks.locator("div", has_text=url).filter(has=person.page.get_by_role("button", name="Test"))
        await row.get_by_role("button", name="Test").click()
        await receiver.wait_distinct("/good", 1)
        await expect(webhooks).to_contain_text(f"{told}last delivered", timeout=60_000)
        await row.get_by_role("button", name="Turn off").click()
        await expect(webhooks).to_contain_text(f"{told}off", timeout=60_000)
        await row.get_by_role("button", name="Remove").click()
        await expect(webhooks.get_by_role("button", name="Remove")).to_have_count(0, timeout=60_000)
    assert not await desk.client.items("/api/webhooks", WebhookInfo)


async def test_another_browser_is_signed_out(person: Visit, visit: MakeVisit, served: Installation) -> None:
    other = await visit(served, user_agent="Elsewhere/1.0")
    await person.go("/settings")
    browsers = person.page.get_by_role("region", name="Signed-in browsers")
    row = browsers.locator("div", has_text="Elsewhere/1.0")
    await row.get_by_role("button", name="Sign out").click()
    await expect(browsers).not_to_contain_text("Elsewhere/1.0")
    await expect(other.page.get_by_text("This browser is signed out")).to_be_visible(timeout=60_000)
    await other.page.close()
    other.forgive(re.compile("401|WebSocket|net::ERR"))


async def test_hosts_and_mcp_servers_are_shown(installation: MakeInstallation, visit: MakeVisit) -> None:
    made = installation({"BOOCODER_MODELS_BASE_URL": "http://127.0.0.1:9/v1"})
    place = made.home / ".config" / "boocoder" / "config.toml"
    place.parent.mkdir(parents=True)
    place.write_text('[mcp.notes]\ncommand = ["notes-server"]\n', "utf-8")
    made.start()
    person = await visit(made)
    await person.go("/settings")
    servers = person.page.get_by_role("region", name="MCP servers")
    await expect(servers).to_contain_text("notes a program")
    await expect(servers.get_by_role("listitem").first).to_contain_text("gets it")
    hosts = person.page.get_by_role("region", name="Hosts")
    await expect(hosts).to_contain_text("this one · 0 sessions · agents: ")
    await expect(hosts).to_contain_text("running")
    await assert_accessible(person.page, "settings with MCP servers and hosts")


async def test_a_file_of_a_change_opens_in_the_chosen_editor(person: Visit, desk: ServiceHarness) -> None:
    created, _ = await desk.run("[[write notes/a b.txt|one]]")
    worktree = (await desk.client.items("/api/worktrees", WorktreeInfo, session_id=created.session_id))[0]
    await person.go("/settings")
    await person.page.get_by_label("Open an agent's files in").select_option("VS Code")
    await person.open_session(created.session_id)
    file = panel(person).get_by_role("region", name="notes/a b.txt")
    await expect(file.get_by_role("button", name="Copy the path")).to_be_visible()
    link = file.get_by_role("link", name="Open in VS Code")
    await expect(link).to_have_attribute("href", f"vscode://file{quote(worktree.path)}/notes/a%20b.txt:1")
