"""`boocoder tokens`: a token is made, works within its scope and project after a restart, and is revoked."""

from __future__ import annotations

import json

import httpx2

from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation


def status(service: Installation, token: str, method: str, path: str) -> int:
    """The status of a request with a token."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=service.url, headers=headers, timeout=60, trust_env=False) as client:
        return client.request(method, path, json=None if method == "GET" else {}).status_code


def test_a_token_is_made_used_and_revoked(home: Installation, project: Repository) -> None:
    added = json.loads(home.run("projects", "add", str(project.path), "--json").stdout)
    made = home.run("tokens", "add", "nightly build", "--scope", "read", "--project", added["name"], "--days", "3")
    token = made.stdout.strip()
    assert made.returncode == 0 and token.startswith("boo_"), made.stderr
    home.stop()
    home.start()
    assert status(home, token, "GET", f"/api/projects/{added['id']}") == 200
    assert status(home, token, "POST", "/api/tasks") == 403
    assert status(home, token, "GET", "/api/folders") == 403
    listed = home.run("tokens", "list")
    assert "nightly build" in listed.stdout and "read" in listed.stdout and token not in listed.stdout
    shown = json.loads(home.run("tokens", "list", "--json").stdout)
    assert (shown["project_id"], shown["used_at"] is not None) == (added["id"], True)
    again = home.run("tokens", "add", "nightly build", "--scope", "full")
    assert again.returncode != 0 and "nightly build" in again.stderr
    assert home.run("tokens", "revoke", "nothing").returncode != 0
    assert home.run("tokens", "revoke", "nightly build").returncode == 0
    assert status(home, token, "GET", f"/api/projects/{added['id']}") == 401
    assert token not in home.log.read_text()
