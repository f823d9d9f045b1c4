"""Old turns are folded without a loss, old answers and archived sessions are deleted, and nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec

from boocoder.db.conversation.overflow import OverflowFiles
from boocoder.db.core.pool import Database
from boocoder.events import frames
from boocoder.maintenance.retention import Retained, Retention, RetentionRules
from boocoder.model.ids import HostId, SessionId
from tests.acceptance.harness import WAIT_S, MessageView, ServiceHarness
from tests.acceptance.many_tasks import Created, Id
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import Installation, MakeInstallation
from tests.invariants import World, violations

PROMPT = "[[say begin {word}]] [[delay 0.3]] [[tokens 60]] [[bash echo {word} >> {word}.txt]] [[say end {word}]]"
LONG_AGO_S = 1e-9  # every turn that has ended, ended before that
ROWS = """
    SELECT (SELECT count(*) FROM events WHERE session_id = $1)
           + (SELECT count(*) FROM part_chunks WHERE session_id = $1)
"""


class Found(msgspec.Struct):
    """What the search finds."""

    session_id: str
    role: str


async def keep_session(_: SessionId) -> None:
    raise AssertionError("no session is archived")


class Desk:
    """A service with ended turns, and retention over its database.

    Args:
        home: the service, which runs.
    """

    def __init__(self, home: Installation, dsn: str, harness: ServiceHarness) -> None:
        self.home = home
        self.dsn = dsn
        self.harness = harness

    async def turns(self, count: int) -> Created:
        """A session with so many turns."""
        made, _ = await self.harness.run(PROMPT.format(word="w0"))
        for number in range(1, count):
            await self.harness.run(PROMPT.format(word=f"w{number}"), session=made.session_id)
        return made

    async def apply(self, rules: RetentionRules) -> Retained:
        """Apply rules once, as the service does now and then."""
        host_id = HostId(UUID((self.home.data_dir / "host-id").read_text().strip()))
        database = Database(dsn=self.dsn, data_dir=self.home.data_dir.resolve())
        await database.open()
        try:
            return await Retention(
                database=database,
                overflow=OverflowFiles(self.home.data_dir / "overflow"),
                delete_session=keep_session,
                host_id=host_id,
                rules=rules,
            ).apply()
        finally:
            await database.close()

    async def rows(self, created: Created) -> int:
        """How many rows the session's stream has."""
        conn = await asyncpg.connect(self.dsn)
        try:
            return int(await conn.fetchval(ROWS, UUID(created.session_id)))
        finally:
            await conn.close()

    async def violations(self) -> list[str]:
        return await violations(World(self.dsn, self.home.data_dir))


def shown(seen: list[frames.Frame]) -> dict[object, object]:
    """What a client shows that folds frames by docs/frames.md."""
    texts: dict[object, str] = {}
    states: dict[object, object] = {}
    for frame in seen:
        match frame:
            case frames.DeltaFrame() | frames.ReasoningDeltaFrame():
                key = (frame.message_id, frame.part)
                before = texts.get(key, "")
                if frame.offset <= len(before):
                    texts[key] = before[: frame.offset] + frame.text
            case frames.ToolCallFrame():
                states[frame.message_id, frame.part] = msgspec.structs.replace(frame, seq=None, at=0.0)
            case frames.UsageFrame():
                states[frame.task_id, "usage"] = msgspec.structs.replace(frame, seq=None, at=0.0)
            case frames.TurnEndedFrame():
                states[frame.task_id, "end"] = msgspec.structs.replace(frame, at=0.0)
    return {**states, **texts}


@asynccontextmanager
async def serving(home: Installation, dsn: str, project: Path) -> AsyncIterator[Desk]:
    """A desk at the service, which is started."""
    home.start()
    async with home.client() as client:
        yield Desk(home, dsn, ServiceHarness(client, project))


async def test_folding_loses_nothing_that_is_shown(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    home = installation({"BOOCODER_DATABASE_URL": dsn})
    async with serving(home, dsn, repository().path) as desk:
        harness = desk.harness
        made = await desk.turns(3)
        newest = await harness.queue(PROMPT.format(word="last"), session=made.session_id)
        before = shown(await harness.follow(newest))
        messages, rows = await harness.messages(made), await desk.rows(made)

        assert (await desk.apply(RetentionRules(fold_s=3600.0))).folded_rows == 0, "nothing is that old"
        done = await desk.apply(RetentionRules(fold_s=LONG_AGO_S))
        assert done.folded_rows == rows - await desk.rows(made) > rows // 3
        assert shown(await harness.follow(newest)) == before
        assert await harness.messages(made) == messages
        assert (await desk.apply(RetentionRules(fold_s=LONG_AGO_S))).folded_rows == 0, "once is enough"

        await harness.run(PROMPT.format(word="afterwards"), session=made.session_id)
        assert (await harness.messages(made))[: len(messages)] == messages
    assert await desk.violations() == []


async def test_a_client_that_was_away_while_a_turn_was_folded_misses_nothing(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    home = installation({"BOOCODER_DATABASE_URL": dsn})
    async with serving(home, dsn, repository().path) as desk:
        harness = desk.harness
        made = await harness.queue(PROMPT.format(word="w"))
        seen = await harness.follow(made)
        whole = shown(seen)
        await desk.apply(RetentionRules(fold_s=LONG_AGO_S))
        for place, frame in enumerate(seen[:-1], start=1):
            if frame.seq is not None:
                rest = await harness.follow(made, after=frame.seq)
                assert shown(seen[:place] + rest) == whole, f"after {frame.seq}"


def said(messages: list[MessageView]) -> list[str]:
    return ["".join(part.text for part in message.parts) for message in messages if message.role == "assistant"]


async def test_old_answers_are_deleted_and_say_so(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    home = installation({"BOOCODER_DATABASE_URL": dsn})
    async with serving(home, dsn, repository().path) as desk:
        harness = desk.harness
        made = await desk.turns(3)
        other = await desk.turns(1)
        prompts = [message.text for message in await harness.messages(made)]
        kept_path = RetentionRules(answers_turns=1, kept=(str(harness.project),))
        assert (await desk.apply(kept_path)).answers == 0

        assert (await desk.apply(RetentionRules(answers_turns=1))).answers == 2
        messages = await harness.messages(made)
        assert [message.text for message in messages] == prompts
        assert [bool(text) for text in said(messages)] == [False, False, True]
        assert all(said(await harness.messages(other)))
        notices = [part.data["code"] for message in messages[:4] for part in message.parts if part.data]
        assert notices == ["answer_deleted", "answer_deleted"]
        found = await harness.client.items("/api/search", Found, q="w0")
        assert {one.role for one in found if one.session_id == made.session_id} == {"user"}
        assert (await harness.changes(made))[0].additions == 3

        assert (await desk.apply(RetentionRules(answers_s=LONG_AGO_S))).answers == 2
        assert not any(said(await harness.messages(made)))
        newest = await harness.queue("[[say back]]", session=made.session_id)
        seen = await harness.follow(newest)
        assert [frame.code for frame in seen if isinstance(frame, frames.NoticeFrame)].count("answer_deleted") == 3
        assert await harness.answer(made) == "back"
    assert await desk.violations() == []


async def test_sessions_that_were_archived_long_ago_are_deleted_by_the_service(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    rules = {"BOOCODER_RETENTION_CHECK_EVERY_S": "0.2", "BOOCODER_RETENTION_ARCHIVED_DAYS": "0.000001"}
    home = installation({"BOOCODER_DATABASE_URL": dsn, **rules})
    async with serving(home, dsn, repository().path) as desk:
        client = desk.harness.client
        kept, archived = await desk.turns(1), await desk.turns(1)
        await client.patch(f"/api/sessions/{archived.session_id}", dict[str, object], {"state": "archived"})
        async with asyncio.timeout(WAIT_S):
            while archived.session_id in {one.id for one in await client.items("/api/sessions", Id, state="archived")}:
                await asyncio.sleep(0.05)
        assert len(await desk.harness.messages(kept)) == 2
        assert not list((home.data_dir / "worktrees").glob(f"{archived.session_id}*"))
    assert await desk.violations() == []
