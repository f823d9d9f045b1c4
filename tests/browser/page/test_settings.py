"""The settings page: what belongs to the service, to projects and to this browser, and where it is kept."""

from __future__ import annotations

import asyncio
import re
import tomllib
from urllib.parse import quote

import pytest
from playwright.async_api import expect

from boocoder.model.access_token import TokenScope
from boocoder.wire.projects import Project, ProjectSettings, ProjectTrustInfo
from boocoder.wire.service import TokenInfo
from boocoder.wire.webhooks import WebhookInfo
from boocoder.wire.worktrees import WorktreeInfo
from tests.acceptance.harness import ServiceHarness
from tests.browser import seen
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


async def test_settings_of_the_service_are_found_changed_and_say_where_they_are(
    installation: MakeInstallation, visit: MakeVisit
) -> None:
    made = installation({"BOOCODER_DRAIN_S": "3"})
    made.start()
    file = made.home / ".config" / "boocoder" / "config.toml"
    person = await visit(made, path="/settings")
    page = person.page
    service = page.get_by_role("region", name="Service", exact=True)
    await service.get_by_label("Find a setting").fill("drain_s")
    await expect(service).to_contain_text("Set in environment variable BOOCODER_DRAIN_S.")
    await expect(service.get_by_label("drain_s")).to_be_disabled()
    await service.get_by_label("Find a setting").fill("minimum level")
    await service.get_by_label("log_level").select_option("warning")
    await service.get_by_role("button", name="Save").click()
    await expect(service).to_contain_text("In the file; the service still uses info.")
    await expect(page.get_by_role("status").filter(has_text="Restart boocoder")).to_be_visible()
    await service.get_by_label("Find a setting").fill("max_turns")
    await service.get_by_label("max_turns").fill("7")
    await service.get_by_role("button", name="Save").click()
    await expect(service).to_contain_text("In the file; the service still uses 8.")
    servers = page.get_by_role("region", name="MCP servers")
    await servers.get_by_role("button", name="Add an MCP server").click()
    dialog = page.get_by_role("dialog", name="New MCP server")
    await assert_accessible(page, "a new MCP server")
    await dialog.get_by_label("Name").fill("notes")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("needs one of command and url")
    await dialog.get_by_label("command").fill("notes-mcp\n--stdio")
    await dialog.get_by_label("env", exact=True).fill("MODE=quick")
    await dialog.get_by_role("button", name="Save").click()
    await expect(servers).to_contain_text("notes command: notes-mcp --stdio, env: MODE=••••")
    await servers.get_by_role("button", name="Add an MCP server").click()
    await dialog.get_by_label("Name").fill("notes")
    await dialog.get_by_label("command").fill("another")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("There is mcp.notes in the settings file already.")
    await dialog.get_by_role("button", name="Cancel").click()
    file.write_text(file.read_text() + 'projects = ["/by/hand"]\n')
    await servers.get_by_role("button", name="Edit").click()
    edited = page.get_by_role("dialog", name="Edit notes")
    await edited.get_by_label("env", exact=True).fill("MODE=••••\nMORE=1")
    await edited.get_by_role("button", name="Save").click()
    await expect(servers).to_contain_text("env: MODE=•••• MORE=••••, projects: /by/hand")
    await assert_accessible(page, "all settings")
    person.forgive("409|422")
    written = tomllib.loads(file.read_text())
    assert written["max_turns"] == 7 and written["log_level"] == "warning"
    assert written["mcp"]["notes"] == {
        "command": ["notes-mcp", "--stdio"],
        "env": {"MODE": "quick", "MORE": "1"},
        "projects": ["/by/hand"],
    }


async def test_rules_projects_and_hooks_are_set_on_the_page(
    person: Visit, desk: ServiceHarness, project: Repository
) -> None:
    made = await desk.client.post("/api/projects", Project, {"path": str(project.path)})
    await desk.client.put(f"/api/projects/{made.id}/settings", ProjectSettings, {"git_hooks": True})
    await person.go("/settings")
    rules = person.page.get_by_role("region", name="Permission rules")
    await rules.get_by_label("Tools, as a pattern").fill("bash")
    await rules.get_by_label("Arguments, as a pattern").fill("make *")
    await rules.get_by_role("button", name="Add rule").click()
    await expect(rules).to_contain_text("Allow bash make * everywhere, not used yet")
    remove = person.page.get_by_role("button", name="Remove")
    row = rules.locator("div").filter(has_text="make * everywhere").filter(has=remove).last  # the innermost
    await row.get_by_role("button", name="Remove").click()
    await expect(row).to_have_count(0)
    projects = person.page.get_by_role("region", name="Projects", exact=True)
    await projects.get_by_text(made.name, exact=True).click()
    await projects.get_by_label("Copy these ignored").fill(".env\nconfig/*.local")
    await projects.get_by_label("Setup command").fill("make deps")
    await projects.get_by_label("Run your git hooks").check()
    await projects.get_by_label("Sign commits").select_option("never")
    await projects.get_by_role("button", name="Save").click()
    await expect(projects.get_by_role("status")).to_have_text("Saved.")
    kept = await desk.client.get(f"/api/projects/{made.id}/settings", ProjectSettings)
    assert (kept.copy_patterns, kept.setup) == ([".env", "config/*.local"], "make deps")
    assert (kept.commit_hooks, kept.sign_commits) == (True, False)
    assert kept.git_hooks  # which was not changed
    await expect(projects.get_by_text("outside any sandbox, so review first")).to_be_visible()
    hooks = person.page.get_by_role("region", name="Hooks that start tasks")
    await hooks.get_by_label("Name of the new hook").fill("nightly")
    await hooks.get_by_label("Prompt of its tasks").fill("look at {{ issue.title }}")
    await hooks.get_by_role("button", name="Add hook").click()
    await expect(hooks.get_by_role("status")).to_contain_text("not shown again")
    await expect(hooks).to_contain_text("nightly")
    await hooks.get_by_role("button", name="Turn off").click()
    await expect(hooks).to_contain_text("so far, off")
    await hooks.get_by_role("button", name="Remove").click()
    await expect(hooks).not_to_contain_text("so far, off")


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


async def test_a_phone_is_paired_by_a_code_of_the_page(visit: MakeVisit, installation: MakeInstallation) -> None:
    service = installation({"BOOCODER_PHONE_ADDRESS": "127.0.0.1", "BOOCODER_PHONE_PORT": "0"})
    await asyncio.to_thread(service.start, "--phone")
    desk = await visit(service, path="/settings")
    section = desk.page.get_by_role("region", name="Phone", exact=True)
    async with desk.page.expect_response("**/api/phone/pairings") as answered:
        await section.get_by_role("button", name="Pair a phone").click()
    pairing = await (await answered.value).json()
    code = section.get_by_role("figure", name="Pairing code")
    await expect(code.get_by_role("img", name="QR code of the link")).to_be_visible()
    await expect(code).to_contain_text(pairing["fingerprint"])
    phone = await visit(service, path=None, ignore_https_errors=True, viewport={"width": 390, "height": 844})
    await phone.page.goto(pairing["link"])
    await expect(phone.page.get_by_role("region", name="1. Add a project")).to_be_visible()
    assert not await seen.scrolls_sideways(phone)
    await desk.page.reload()
    signed_in = desk.page.get_by_role("region", name="Signed-in browsers")
    await expect(signed_in.get_by_role("button", name="Sign out")).to_have_count(2)
    for one in (phone, desk):
        await one.page.close()  # it would complain about the service that stops


async def test_a_service_without_phones_says_how_to_reach_it(person: Visit) -> None:
    await person.go("/settings")
    section = person.page.get_by_role("region", name="Phone", exact=True)
    await expect(section).to_contain_text("boocoder serve --phone")
    await expect(section.get_by_role("button")).to_have_count(0)
