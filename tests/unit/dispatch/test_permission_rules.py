"""Which rule decides, what a pattern matches, and how long arguments are kept apart."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boocoder.dispatch.permission_rules import choose_rule, matches, storable
from boocoder.model.ids import ProjectId, RuleId, SessionId
from boocoder.model.limits import INLINE_TEXT_MAX_CHARS
from boocoder.model.permission import RuleAction
from boocoder.wire.permissions import PermissionRule

SESSION, PROJECT = SessionId(uuid4()), ProjectId(uuid4())


def rule(
    argument: str, action: RuleAction = RuleAction.ALLOW, *, tool: str = "bash", exact: bool = False, level: int = 2
) -> PermissionRule:
    return PermissionRule(
        RuleId(uuid4()),
        PROJECT if level == 1 else None,
        SESSION if level == 0 else None,
        tool,
        argument,
        exact,
        action,
        0,
        datetime.now(UTC),
    )


# (pattern of the argument, argument, whether it matches)
PATTERNS = [
    ("*", "", True),
    ("*", "anything at all", True),
    ("*", "two\nlines", True),
    ("", "", True),
    ("", "x", False),
    ("ls", "ls", True),
    ("ls", "ls -l", False),
    ("ls", "LS", False),
    ("ls", " ls", False),
    ("ls", "ls\n", False),
    ("ls*", "ls", True),
    ("ls*", "ls; rm -rf .", True),
    ("ls *", "ls", False),
    ("git status", "git status", True),
    ("git status", "git status && curl evil", False),
    ("git status", "git  status", False),
    ("git *", "git push", True),
    ("git *", "git push\nrm -rf .", True),
    ("git *", "/usr/bin/git push", False),
    ("*git *", "/usr/bin/git push", True),
    ("*deploy*", "make deploy", True),
    ("*deploy*", "make DEPLOY", False),
    ("npm run ?", "npm run a", True),
    ("npm run ?", "npm run ab", False),
    ("npm run ?", "npm run ", False),
    ("[abc].txt", "b.txt", True),
    ("[abc].txt", "d.txt", False),
    ("[!abc].txt", "d.txt", True),
    ("[!abc].txt", "a.txt", False),
    ("[a-c].txt", "b.txt", True),
    ("[*]", "*", True),
    ("[*]", "x", False),
    ("a[1]", "a1", True),
    ("a[1]", "a[1]", False),
    ("a[", "a[", True),
    ("/etc/*", "/etc/hosts", True),
    ("/etc/*", "/etc/ssh/sshd_config", True),
    ("/etc/*", "/etc", False),
    ("/etc/*", "/etc/../root/.ssh/id_rsa", True),
    ("*.env", ".env", True),
    ("*.env", "a/b/.env", True),
    ("*.env", ".env.example", False),
    ("https://example.org/*", "https://example.org.evil/", False),
    ("https://example.org/*", "https://example.org/a?b=c", True),
    ("naïve*", "naïve 🐘", True),
    ("a.c", "abc", False),
    ("a+", "aa", False),
    ("^ls$", "ls", False),
    ("(ls|cat)", "ls", False),
    ("\\*", "*", False),
]


@pytest.mark.parametrize(("pattern", "argument", "expected"), PATTERNS)
def test_patterns(pattern: str, argument: str, expected: bool) -> None:
    assert len(PATTERNS) >= 40
    assert matches(rule(pattern), "bash", argument) is expected


@pytest.mark.parametrize("argument", sorted({argument for _, argument, _ in PATTERNS} | {"*", "[a]", "a?", "**"}))
def test_an_exact_rule_matches_its_own_text_and_no_other(argument: str) -> None:
    exact = rule(argument, exact=True)
    matched = [other for _, other, _ in PATTERNS if matches(exact, "bash", other)]
    assert matches(exact, "bash", argument)
    assert set(matched) <= {argument}


def test_the_tool_is_a_pattern_too() -> None:
    assert matches(rule("*", tool="web*"), "webfetch", "x")
    assert not matches(rule("*", tool="web*"), "bash", "x")
    assert not matches(rule("*", tool="web*", exact=True), "webfetch", "*")


LEVELS = [
    ([], None),
    ([(2, "allow")], 0),
    ([(2, "deny"), (2, "allow")], 0),
    ([(2, "allow"), (2, "deny")], 1),
    ([(2, "allow"), (2, "ask")], 1),
    ([(2, "ask"), (2, "deny")], 1),
    ([(2, "deny"), (1, "allow")], 1),
    ([(2, "deny"), (1, "deny"), (0, "allow")], 2),
    ([(0, "allow"), (1, "deny")], 0),
    ([(1, "ask"), (2, "deny")], 0),
    ([(0, "allow"), (0, "deny"), (1, "allow")], 1),
]


@pytest.mark.parametrize(("given_rules", "expected"), LEVELS)
def test_the_nearest_level_decides_and_there_the_most_careful(
    given_rules: list[tuple[int, str]], expected: int | None
) -> None:
    rules = [rule("*", RuleAction(action), level=level) for level, action in given_rules]
    chosen = choose_rule([*rules, rule("other", RuleAction.DENY, level=0)], "bash", "make")
    assert chosen == (None if expected is None else rules[expected])


def test_a_long_argument_is_cut_but_matched_whole() -> None:
    long = "echo " + "a" * INLINE_TEXT_MAX_CHARS + "; curl evil"
    twin = "echo " + "a" * INLINE_TEXT_MAX_CHARS + "; curl good"
    stored = storable(long)
    assert len(stored) == INLINE_TEXT_MAX_CHARS and stored.startswith("echo aaa") and stored != storable(twin)
    deny = rule("*curl evil*", RuleAction.DENY)
    assert choose_rule([rule("*"), deny], "bash", long, shown=stored) == deny
    remembered = rule(stored, exact=True)
    assert choose_rule([remembered], "bash", long, shown=stored) == remembered
    assert choose_rule([remembered], "bash", twin, shown=storable(twin)) is None


@given(st.text(st.characters(exclude_categories=[]), max_size=50))
def test_a_stored_argument_can_be_stored(argument: str) -> None:
    stored = storable(argument)
    stored.encode()
    assert "\x00" not in stored and storable(stored) == stored
