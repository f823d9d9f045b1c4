"""Known secrets never pass: whole, cut at every position, in many pieces, and in a text that grows."""

from __future__ import annotations

import itertools
import random

import pytest

from boocoder.events.agent_event import (
    FileDiff,
    Location,
    Notice,
    Plan,
    PlanEntry,
    PlanStatus,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolKind,
    ToolStatus,
)
from boocoder.events.batch import TextItem
from boocoder.events.redaction import KEY_BLOCK_MAX_CHARS, MARK, GrowingText, Redactor
from boocoder.events.transcript import Transcript, TurnIds
from boocoder.model.ids import ChatId, MessageId, SessionId, TaskId, new_id
from boocoder.process.environment import secret_values

LONG = "sk-ant-abcdefgh12345678-and-longer"
VALUES = [LONG[:23], LONG, "aaaaaaaaaaaab", "xyzsk-ant-abcd", "hunter2hunter2", "-----BEGIN-x-y"]
TOKEN = "boo_" + "Ab3-_" * 8 + "xyz"
BODY = "\n".join("MIIabc+/=" * 7 for _ in range(30))
KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n-----END RSA PRIVATE KEY-----"
SECRETS = [*VALUES, TOKEN, KEY]
TEXTS = [
    *(f"my key is {one} and more" for one in SECRETS),
    "".join(VALUES),
    f"{KEY}{KEY} words {TOKEN}{TOKEN}",
    "a" * 30 + "b",
    "-----\na title\n-----BEGIN",
    "boo_short boo_ bo",
    VALUES[0] + VALUES[0][:-1] + TOKEN,
    KEY[:500],
    "x" + KEY[:-10] + "y" * 90,
]


def fed(redactor: Redactor, *pieces: str) -> str:
    stream = redactor.stream()
    return "".join([*map(stream.feed, pieces), stream.finish()])


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:24])
def test_a_secret_cut_anywhere_is_replaced_as_in_the_whole_text(text: str) -> None:
    redactor = Redactor(VALUES)
    whole = redactor.text(text)
    assert not any(one in whole for one in SECRETS)
    assert BODY[:60] not in whole
    for cut in range(len(text) + 1):
        assert fed(redactor, text[:cut], text[cut:]) == whole, cut
    assert fed(redactor, *text) == whole


def test_pieces_of_any_length_make_no_difference() -> None:
    redactor, dice = Redactor(VALUES), random.Random(7)
    for _ in range(1_000):
        parts = [dice.choice(SECRETS), dice.choice(VALUES)[: dice.randrange(13)], TOKEN[:20], KEY[:60], "-----", "a b "]
        text = "".join(dice.choice(parts) for _ in range(6))
        pieces, at = [], 0
        while at < len(text):
            length = dice.randrange(1, 9)
            pieces.append(text[at : at + length])
            at += length
        assert fed(redactor, *pieces) == fed(redactor, text), text


def test_the_first_characters_stay_and_ordinary_text_is_untouched() -> None:
    redactor = Redactor(VALUES)
    assert redactor.text(f"key={LONG}.") == f"key=sk-{MARK}."
    assert redactor.text(TOKEN) == f"boo{MARK}"
    assert redactor.text(f"a\n{KEY}\nb") == f"a\n---{MARK}\nb"
    for text in ("", "an ordinary line", "-----", "hunter2hunter", "the PRIVATE KEY of a house", "boo_" + "x" * 42):
        assert redactor.text(text) == fed(redactor, *text) == text


def test_little_is_held_back() -> None:
    stream = Redactor(VALUES).stream()
    assert stream.feed("sk-an") == "sk-"
    assert stream.held
    assert stream.feed("y word ") == "any word "
    assert not stream.held
    assert stream.feed(f"{KEY[:200]}") == f"---{MARK}"
    assert stream.feed("A" * (2 * KEY_BLOCK_MAX_CHARS)).strip("A") == "", "a key without an end takes only so much"
    assert stream.feed("on") == "on"


def test_what_is_too_short_or_has_white_space_is_no_secret() -> None:
    redactor = Redactor(["short", "with white space", "", "x" * 5_000])
    text = "short, with white space, " + "x" * 5_000
    assert redactor.text(text) == text


def test_a_text_that_grows_or_starts_over_is_told_without_secrets() -> None:
    growing = GrowingText(Redactor(VALUES))
    text = f"one {LONG} two"
    told = [growing.update(text[:end], final=False) for end in range(len(text) + 1)]
    assert told[-1] == f"one sk-{MARK} two"
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(told))
    assert growing.update(f"other {TOKEN}", final=False) == f"other boo{MARK}"
    assert growing.update(f"other {TOKEN} hunter2", final=True) == f"other boo{MARK} hunter2"


def test_nothing_that_an_agent_says_holds_a_secret() -> None:
    ids = TurnIds(SessionId(new_id()), ChatId(new_id()), TaskId(new_id()), MessageId(new_id()))
    transcript = Transcript(ids, agent="some", redactor=Redactor(VALUES))
    shown = [transcript.apply(TextDelta("t", piece)) for piece in ("so ", LONG[:9], LONG[9:], " sk-ant")]
    shown.append(transcript.apply(ReasoningDelta("r", TOKEN)))
    call = ToolCall(
        part="c",
        name="bash",
        kind=ToolKind.EXECUTE,
        title=f"echo {LONG}",
        status=ToolStatus.RUNNING,
        input=f'{{"command": "echo {LONG}"}}',
        output=f"{KEY}\n" + "line\n" * 20_000 + TOKEN,
        locations=(Location(f"/tmp/{LONG}"),),
        diffs=(FileDiff("a", KEY, f"key = {LONG}"),),
    )
    transcript.apply(call)
    transcript.apply(Plan((PlanEntry(f"use {LONG}", PlanStatus.PENDING),)))
    transcript.notice(Notice("x", f"failed with {LONG}"))
    transcript.close_tools()
    batch = transcript.take()
    said = repr([shown, batch, transcript.beginning, transcript.take_overflow()])
    assert MARK in said
    assert not any(one in said for one in (LONG, VALUES[0], TOKEN, BODY[:60]))
    texts = [item for item in batch.items if isinstance(item, TextItem)]
    parts = {part: "".join(item.text for item in texts if item.part == part) for part in (0, 1)}
    assert parts == {0: f"so sk-{MARK} sk-ant", 1: f"boo{MARK}"}


def test_text_passes_unchanged_where_a_project_has_it_switched_off() -> None:
    ids = TurnIds(SessionId(new_id()), ChatId(new_id()), TaskId(new_id()), MessageId(new_id()))
    delta = Transcript(ids, agent="some").apply(TextDelta("t", f"so {TOKEN}"))
    assert delta is not None and delta.text == f"so {TOKEN}"


def test_secrets_are_known_by_the_names_of_their_variables() -> None:
    environment = {
        "OPENAI_API_KEY": LONG,
        "GIT_AUTHOR_NAME": "Somebody",
        "GIT_AUTHOR_EMAIL": "somebody@example.org",
        "SSH_AUTH_SOCK": "/run/user/agent.sock",
        "PATH": "/usr/bin",
        "DATABASE_URL": "postgresql://me:pass-word-of-mine@localhost/db",
        "TOKEN_URL": "https://example.org/token",
        "NPM_TOKEN": "npm_value_of_it",
    }
    assert sorted(filter(None, secret_values(environment))) == sorted([LONG, "pass-word-of-mine", "npm_value_of_it"])
