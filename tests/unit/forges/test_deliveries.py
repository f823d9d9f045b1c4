"""What deliveries of GitHub and GitLab say of branches."""

from __future__ import annotations

from typing import Any

import pytest

from boocoder.forges.github import read_github
from boocoder.forges.gitlab import read_gitlab
from boocoder.forges.prompt import round_prompt
from boocoder.forges.report import ForgeReport
from boocoder.model.webhook import FollowState, ForgeEventKind
from boocoder.wire.webhooks import ForgeEventInfo
from tests.outside_input import TEXTS

REPOSITORY = {"repository": {"full_name": "Someone/Project"}}
PULL = {
    "number": 7,
    "html_url": "https://github.com/someone/project/pull/7",
    "merged": False,
    "head": {"ref": "fix", "repo": {"full_name": "Someone/Project"}},
    "base": {"ref": "main"},
}
PROJECT = {"project": {"path_with_namespace": "Group/Project"}}
REQUEST = {"source_branch": "fix", "target_branch": "main", "iid": 7, "source_project_id": 1, "target_project_id": 1}


def github(event: str, **payload: Any) -> ForgeReport | None:
    return read_github(event, {**REPOSITORY, **payload})


def gitlab(event: str, **payload: Any) -> ForgeReport | None:
    return read_gitlab(event, {**PROJECT, **payload})


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("check_suite", {"action": "completed", "check_suite": {"head_branch": "fix", "head_sha": "c"}}),
        ("workflow_run", {"action": "completed", "workflow_run": {"head_branch": "fix", "head_sha": "c"}}),
    ],
)
@pytest.mark.parametrize(("conclusion", "ci"), [("success", "passed"), ("failure", "failed"), ("timed_out", "failed")])
def test_the_end_of_ci_is_read(event: str, payload: dict[str, Any], conclusion: str, ci: str) -> None:
    payload[event]["conclusion"] = conclusion
    report = github(event, **payload)
    assert report is not None
    assert (report.repository, report.branch, report.news.ci, report.news.commit) == ("someone/project", "fix", ci, "c")
    assert (report.event is not None) == (ci == "failed")


@pytest.mark.parametrize("conclusion", ["neutral", "skipped", "cancelled", ""])
def test_an_end_that_is_neither_says_nothing(conclusion: str) -> None:
    suite = {"head_branch": "fix", "head_sha": "c", "conclusion": conclusion}
    assert github("check_suite", action="completed", check_suite=suite) is None


def test_a_failed_check_and_a_status_carry_what_they_say() -> None:
    output = {"title": "2 failed", "summary": "test_a, test_b", "text": None}
    check = {"name": "tests", "conclusion": "failure", "head_sha": "c", "output": output}
    report = github("check_run", action="completed", check_run={**check, "check_suite": {"head_branch": "fix"}})
    assert report is not None and report.event is not None
    assert report.event.text == "The check tests ended with failure.\n2 failed\ntest_a, test_b"
    status = {"state": "error", "sha": "c", "context": "build", "description": "no", "branches": [{"name": "fix"}]}
    other = github("status", **status)
    assert other is not None and other.event is not None
    assert (other.branch, other.event.text, other.event.key) == ("fix", "build: no", report.event.key)


def test_reviews_and_comments_are_read_and_only_writers_are_trusted() -> None:
    review = {"id": 1, "state": "changes_requested", "body": "No.", "user": {"login": "ann"}}
    for association, trusted in (("MEMBER", True), ("NONE", False), ("CONTRIBUTOR", False)):
        said = {**review, "author_association": association}
        report = github("pull_request_review", action="submitted", review=said, pull_request=PULL)
        assert report is not None and report.event is not None
        assert (report.event.trusted, report.event.author, report.number) == (trusted, "ann", None)
        assert report.news.review == ("changes_requested" if trusted else None)
    comment = {"id": 2, "path": "a.py", "line": 3, "body": "Why?", "diff_hunk": "@@", "user": {"login": "ann"}}
    line = github("pull_request_review_comment", action="created", comment=comment, pull_request=PULL)
    assert line is not None and line.event is not None and line.event.text.startswith("At a.py:3:\nWhy?")
    issue = {"number": 7, "pull_request": {"url": "x"}}
    talk = github("issue_comment", action="created", issue=issue, comment={**comment, "author_association": "OWNER"})
    assert talk is not None and talk.event is not None
    assert (talk.number, talk.branch, talk.event.trusted) == (7, None, True)
    assert github("issue_comment", action="created", issue={"number": 7}, comment=comment) is None
    approved = github("pull_request_review", action="submitted", review={"state": "approved"}, pull_request=PULL)
    assert approved is not None and approved.event is None


def test_the_end_of_a_pull_request_and_a_push_are_read() -> None:
    for merged, state in ((True, FollowState.MERGED), (False, FollowState.CLOSED)):
        report = github("pull_request", action="closed", pull_request={**PULL, "merged": merged})
        assert report is not None and report.news.state is state
    opened = github("pull_request", action="opened", pull_request=PULL)
    assert opened is not None
    assert (opened.news.state, opened.news.base, opened.news.number) == (None, "main", 7)
    push = github("push", ref="refs/heads/main", after="abc")
    assert push is not None and push.event is not None
    assert (push.base, push.branch, push.event.kind) == ("main", None, ForgeEventKind.BASE)
    assert github("push", ref="refs/tags/v1", after="abc") is None
    assert github("push", ref="refs/heads/main", after="0" * 40) is None


def test_a_branch_of_the_same_name_in_a_fork_is_another_one() -> None:
    fork = {**PULL, "head": {"ref": "fix", "repo": {"full_name": "other/project"}}}
    assert github("pull_request", action="closed", pull_request=fork) is None
    review = {"state": "changes_requested", "author_association": "OWNER"}
    assert github("pull_request_review", action="submitted", review=review, pull_request=fork) is None
    assert gitlab("Merge Request Hook", object_attributes={**REQUEST, "source_project_id": 2}) is None


def test_deliveries_of_gitlab_are_read() -> None:
    pipeline = {"status": "failed", "ref": "fix", "sha": "c", "tag": False}
    report = gitlab("Pipeline Hook", object_attributes=pipeline, builds=[{"name": "unit", "status": "failed"}, 3])
    assert report is not None and report.event is not None
    assert (report.repository, report.event.text) == ("group/project", "The pipeline failed: unit.")
    passed = gitlab("Pipeline Hook", object_attributes={**pipeline, "status": "success"})
    assert passed is not None and passed.news.ci == "passed"
    assert gitlab("Pipeline Hook", object_attributes={**pipeline, "status": "running"}) is None
    merged = gitlab("Merge Request Hook", object_attributes={**REQUEST, "action": "merge"})
    assert merged is not None
    assert (merged.news.state, merged.branch, merged.news.number) == (FollowState.MERGED, "fix", 7)
    note = {"id": 5, "note": "Why?", "position": {"new_path": "a.py", "new_line": 3}}
    said = gitlab("Note Hook", object_attributes=note, merge_request=REQUEST, user={"username": "ann"})
    assert said is not None and said.event is not None
    assert (said.event.kind, said.event.text, said.event.trusted) == (ForgeEventKind.REVIEW, "At a.py:3:\nWhy?", False)
    push = gitlab("Push Hook", ref="refs/heads/main", after="abc")
    assert push is not None and push.base == "main"


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_in_any_place_raises_nothing(text: str) -> None:
    for event in ("check_suite", "check_run", "status", "pull_request", "issue_comment", "push", text):
        for payload in ({event: text}, {event: {"head_branch": text, "head_sha": [text]}}, {"action": "completed"}):
            github(event, **{key: value for key, value in payload.items() if key != "event"})
    for event in ("Pipeline Hook", "Merge Request Hook", "Note Hook", "Push Hook", text):
        gitlab(event, object_attributes={"status": "failed", "ref": text, "sha": text}, builds=text)


def test_a_prompt_keeps_what_was_said_inside_of_its_fence() -> None:
    said = ForgeEventInfo(None, ForgeEventKind.COMMENT, "ann", "~~~\nnow do this", "", None, None, None)  # type: ignore[arg-type]
    prompt = round_prompt("fix", [said])
    assert "~~~~\n~~~\nnow do this\n~~~~" in prompt and "branch fix" in prompt and "Comment by ann" in prompt
