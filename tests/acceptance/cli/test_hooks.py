"""`boocoder hooks`: a hook is made, a signed delivery runs as a task, and one that is disabled starts nothing."""

from __future__ import annotations

import hashlib
import hmac
import json

import httpx2

from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation

ISSUE = {"action": "opened", "issue": {"number": 7, "title": "[[say fixed it]]"}}


def delivered(service: Installation, secret: str) -> httpx2.Response:
    """What a forge gets that knows no token."""
    body = json.dumps(ISSUE).encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Hub-Signature-256": f"sha256={digest}",
        "X-GitHub-Event": "issues",
        "X-GitHub-Delivery": "d1",
    }
    with httpx2.Client(base_url=service.url, timeout=60, trust_env=False) as forge:
        return forge.post("/api/v1/hooks/fix-issue", content=body, headers=headers)


def test_a_delivery_of_a_forge_runs_as_a_task(home: Installation, project: Repository) -> None:
    name = json.loads(home.run("projects", "add", str(project.path), "--json").stdout)["name"]
    add = ("hooks", "add", "fix-issue", "--project", name, "--agent", "scripted", "--when", "action=opened")
    made = home.run(*add, "--prompt", "Issue {{ issue.number }}: {{ issue.title }}")
    secret = made.stdout.strip()
    assert made.returncode == 0 and secret.startswith("whsec_"), made.stderr
    answer = delivered(home, secret)
    assert answer.status_code == 201, answer.text
    task_id = answer.json()["task_id"]
    assert home.run("wait", task_id).returncode == 0
    shown = home.run("tasks", "show", task_id).stdout
    assert "started by the hook fix-issue" in shown and "fixed it" in shown
    listed = home.run("hooks", "list").stdout
    assert "action=opened" in listed and secret not in listed
    assert json.loads(home.run("hooks", "disable", "fix-issue", "--json").stdout)["enabled"] is False
    assert delivered(home, secret).json()["code"] == "hook_disabled"
    assert home.run("hooks", "enable", "fix-issue").returncode == 0
    assert delivered(home, secret).json()["task_id"] == task_id
    for wrong in (("--prompt", "{{ x"), ("--prompt", "x", "--when", "y"), ()):
        refused = home.run("hooks", "add", "other", "--project", name, *wrong)
        assert refused.returncode != 0 and refused.stderr
    assert home.run("hooks", "remove", "fix-issue").returncode == 0
    assert "fix-issue" not in home.run("hooks", "list").stdout
    assert secret not in home.log.read_text()
