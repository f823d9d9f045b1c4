"""Tokens with a scope, for one project, and for a time: every route with every scope, and what a project shows."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI
from starlette.routing import Route
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from boocoder.api.access import Access, ProjectTokens, access_of, declared_access
from boocoder.api.application import ROUTERS
from boocoder.api.tokens.access_tokens import TOUCH_EVERY, AccessTokens
from boocoder.api.tokens.grant import ALLOWED
from boocoder.api.tokens.live_connections import LiveConnections
from boocoder.api.tokens.route_guard import KINDS, guard_routes, named_ids
from boocoder.db.core.pool import Database
from boocoder.db.registry.ids import OwnedKind
from boocoder.errors import Conflict
from boocoder.model.access_token import TokenScope
from boocoder.model.ids import HostId, MessageId, new_id
from boocoder.model.task import MessageRole
from tests.fixtures.api import Api
from tests.fixtures.row_builders import add_answer, add_host, add_message, add_place, add_running, add_task

ROUTES = [route for router in ROUTERS for route in router.routes]
HTTP_ROUTES = [route for route in ROUTES if isinstance(route, Route)]
SOCKETS = [route for route in ROUTES if not isinstance(route, Route)]
REFUSED = ("scope_insufficient", "token_of_one_project")
LIMITED = [scope for scope in TokenScope if scope is not TokenScope.FULL]
TREE = "a" * 40
OTHER_ROWS = """
INSERT INTO pending_changes (id, session_id, task_id, agent, base_tree, tree, files, additions, deletions)
VALUES ('{change_id}', '{session_id}', '{task_id}', 'x', '{tree}', '{tree2}', '[]', 0, 0);
INSERT INTO review_comments (id, session_id, change_id, path, side, first_line, last_line, quote, body)
VALUES ('{comment_id}', '{session_id}', '{change_id}', 'a', 'new', 1, 1, '', 'remark');
INSERT INTO permission_requests
       (id, session_id, task_id, epoch, message_id, part, key, kind, tool, title, argument, options)
VALUES ('{permission_id}', '{session_id}', '{task_id}', 1, '{message_id}', 0, 'k', 'permission', 't', 't', 'a', '[]');
INSERT INTO permission_rules (id, session_id, tool, argument, exact, action)
VALUES ('{rule_id}', '{session_id}', 't', 'a', true, 'deny');
INSERT INTO snapshots (id, session_id, kind, tree) VALUES ('{snapshot_id}', '{session_id}', 'manual', '{tree}');
INSERT INTO attachments (id, task_id, place, name, media_type, size_bytes, path)
VALUES ('{attachment_id}', '{task_id}', 0, 'a', 'text/plain', 1, 'nowhere');
INSERT INTO steers (id, session_id, task_id, prompt, sent_by)
VALUES ('{steer_id}', '{session_id}', '{task_id}', 'words', 'api');
INSERT INTO message_parts (message_id, part, kind, key) VALUES ('{message_id}', 0, 'text', 'k');
"""


@dataclass(frozen=True)
class Rows:
    """One row of each kind of a project, by the name of the parameter that takes its id."""

    ids: dict[str, UUID]

    def fill(self, path: str) -> str:
        """The path of a route with these ids in it."""
        values: dict[str, object] = {**self.ids, "part": 0, "number": 0, "name": "x"}
        return re.sub(r"{(\w+)}", lambda found: str(values.get(found[1], uuid4())), path)

    def seen_in(self, text: str) -> list[str]:
        """The names of the ids that a text holds."""
        return [name for name, one in self.ids.items() if str(one) in text]


async def add_rows(database: Database) -> Rows:
    """A project with one row of each kind."""
    async with database.transaction() as conn:
        owner = await add_host(conn)
        place = await add_place(conn)
        task = await add_running(conn, owner, place)
        made = {"change_id", "comment_id", "permission_id", "rule_id", "snapshot_id", "attachment_id", "steer_id"}
        ids: dict[str, UUID] = {
            "project_id": place.project_id,
            "session_id": place.session_id,
            "chat_id": place.chat_id,
            "task_id": task.id,
            "message_id": await add_answer(conn, task),
            **{name: new_id() for name in sorted(made)},
        }
        await conn.execute(OTHER_ROWS.format(tree=TREE, tree2="b" * 40, **ids))
        queued = await add_task(conn, place, prompt="findable words")
        await add_message(
            conn,
            MessageId(new_id()),
            session_id=place.session_id,
            chat_id=place.chat_id,
            task_id=queued,
            role=MessageRole.USER,
        )
    return Rows(ids)


@asynccontextmanager
async def holding(api: Api, scope: TokenScope, project_id: UUID | None = None) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with a fresh token of this scope, of one project if it is given."""
    body = {"name": str(uuid4()), "scope": scope.value, "project_id": project_id and str(project_id)}
    made = await api.http.post("/api/tokens", json=body)
    assert made.status_code == 201, made.text
    headers = {"Authorization": f"Bearer {made.json()['token']}"}
    async with httpx2.AsyncClient(base_url=api.server.url, headers=headers, timeout=60, trust_env=False) as client:
        yield client


def socket(api: Api, client: httpx2.AsyncClient, path: str = "/api/stream") -> connect:
    """A WebSocket with the client's token."""
    headers = {"Authorization": client.headers["Authorization"]}
    return connect(f"ws://{api.host}{path}", additional_headers=headers, max_queue=None)


async def ask(client: httpx2.AsyncClient, method: str, path: str) -> httpx2.Response:
    """A request to a route; only the head of a stream's answer is read."""
    body = {} if method == "GET" else {"json": {}}
    async with client.stream(method, path, **body) as answer:
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            await answer.aread()
        return answer


def code_of(answer: httpx2.Response) -> str:
    """The code of a problem; "" for any other answer."""
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return str(answer.json()["code"]) if is_problem else ""


@pytest.mark.parametrize("scope", LIMITED)
async def test_every_route_is_refused_beyond_a_scope_and_served_within_it(api: Api, scope: TokenScope) -> None:
    rows = await add_rows(api.database)
    async with holding(api, scope) as client:
        for route in HTTP_ROUTES:
            for method in sorted(route.methods or ()):
                answer = await ask(client, method, rows.fill(route.path))
                allowed = access_of(route) in ALLOWED[scope]
                assert (answer.status_code, code_of(answer)) != (401, "unauthorized")
                assert (code_of(answer) == "scope_insufficient") is not allowed, (method, route.path, answer.text)
                assert allowed or answer.status_code == 403
        for route in SOCKETS:
            if access_of(route) in ALLOWED[scope]:
                async with socket(api, client, rows.fill(route.path)) as opened:
                    await opened.send('{"op":"ping"}')
                    assert await opened.recv() == '{"type":"pong"}'
            else:
                with pytest.raises(InvalidStatus) as caught:
                    async with socket(api, client, rows.fill(route.path)):
                        pass
                assert caught.value.response.status_code == 403


def test_scopes_are_as_narrow_as_they_are_called() -> None:
    changing = {Access.START, Access.ANSWER, Access.WRITE}
    assert ALLOWED[TokenScope.FULL] == set(Access)
    assert not ALLOWED[TokenScope.READ] & changing
    assert ALLOWED[TokenScope.START] & changing == {Access.START}
    assert ALLOWED[TokenScope.ANSWER] == {Access.ANY, Access.REQUESTS, Access.ANSWER}
    assert not any(Access.MANAGE in ALLOWED[scope] for scope in LIMITED)
    reached = {str(getattr(route, "path", "")) for route in ROUTES if access_of(route) in ALLOWED[TokenScope.ANSWER]}
    assert reached == {
        "/api/health",
        "/api/permissions",
        "/api/permissions/{permission_id}",
        "/api/permissions/{permission_id}/answer",
        "/api/tokens/current",
    }


async def test_a_token_says_what_it_may_do(api: Api) -> None:
    for scope in TokenScope:
        async with holding(api, scope) as client:
            told = (await client.get("/api/tokens/current")).json()
        assert (told["scope"], set(told["allows"])) == (scope.value, ALLOWED[scope])


def test_a_route_that_declares_nothing_or_has_unknown_ids_cannot_be_served() -> None:
    async def forgotten() -> None: ...

    app = FastAPI(openapi_url=None)
    app.add_api_route("/x", forgotten)
    with pytest.raises(RuntimeError, match="/x"):
        guard_routes(app)
    # An id of a kind that the guard does not know would not be compared with a token's project.
    known = {*KINDS, "browser_id", "host_id", "token_id", "webhook_id", "delivery_id"}
    for route in ROUTES:
        named = set(re.findall(r"{(\w+_id)}", str(getattr(route, "path", ""))))
        assert named <= known, getattr(route, "path", "")
    assert {f"{kind.value}_id" for kind in OwnedKind} == KINDS.keys()


async def test_a_token_of_one_project_sees_nothing_of_another(api: Api) -> None:
    mine, other = await add_rows(api.database), await add_rows(api.database)
    reads = 0
    async with holding(api, TokenScope.FULL, mine.ids["project_id"]) as client:
        for route in HTTP_ROUTES:
            declared = declared_access(route)
            assert declared is not None
            for method in sorted(route.methods or ()):
                answer = await ask(client, method, other.fill(route.path))
                assert not other.seen_in(answer.text if answer.is_closed and _has_text(answer) else "") or (
                    answer.status_code == 404
                ), (method, route.path, answer.text)
                if declared.project_tokens is not ProjectTokens.OPEN and named_ids(route).path:
                    assert answer.status_code in (403, 404), (method, route.path, answer.text)
                    assert code_of(answer) == "token_of_one_project" or code_of(answer).endswith("_not_found")
                reads += 1
        everything = ("projects", "sessions", "tasks", "changes", "permissions", "permission-rules", "worktrees")
        for name in everything:
            listed = await client.get(f"/api/{name}")
            assert listed.status_code == 200, listed.text
            assert not other.seen_in(listed.text), name
            assert name in ("worktrees", "permission-rules") or mine.seen_in(listed.text), name
            foreign = await client.get(f"/api/{name}", params={"project_id": str(other.ids["project_id"])})
            assert foreign.status_code == 404, name
    assert reads > 60


def _has_text(answer: httpx2.Response) -> bool:
    return not answer.headers.get("content-type", "").startswith("text/event-stream")


async def test_searches_counts_and_sums_are_of_the_project_alone(api: Api) -> None:
    mine, other = await add_rows(api.database), await add_rows(api.database)
    del other
    async with holding(api, TokenScope.READ, mine.ids["project_id"]) as client:
        both = [
            {str(hit["project_id"]) for hit in (await one.get("/api/search?q=findable")).json()}
            for one in (api.http, client)
        ]
        assert len(both[0]) == 2 and both[1] == {str(mine.ids["project_id"])}
        counts = [(await one.get("/api/sessions/counts")).json()["open"] for one in (api.http, client)]
        assert counts == [2, 1]
        board = [(await one.get("/api/tasks/counts")).json() for one in (api.http, client)]
        assert sum(board[0].values()) == 2 * sum(board[1].values()) > 0
        for kind in ("project", "session", "task", "change", "permission", "rule"):
            found = [(await one.get("/api/ids", params={"kind": kind})).json() for one in (api.http, client)]
            assert len(found[0]) == 2 * len(found[1]) > 0, kind
        # An id of the own project in the query opens no other one.
        trick = {"kind": "session", "session_id": str(mine.ids["session_id"])}
        assert len((await client.get("/api/ids", params=trick)).json()) == 1
        assert (await client.get("/api/usage")).status_code == 200


async def test_bodies_and_queries_cannot_name_another_project(api: Api) -> None:
    mine, other = await add_rows(api.database), await add_rows(api.database)
    my, its = ({name: str(one) for name, one in rows.ids.items()} for rows in (mine, other))
    refused: list[tuple[str, str, dict[str, Any], int]] = [
        ("POST", "/api/tasks", {"prompt": "x", "project_id": its["project_id"]}, 404),
        ("POST", "/api/tasks", {"prompt": "x", "session_id": its["session_id"]}, 404),
        ("POST", "/api/tasks", {"prompt": "x", "session_id": my["session_id"], "chat_id": its["chat_id"]}, 404),
        ("POST", "/api/tasks", {"prompt": "x", "project_id": its["project_id"].upper()}, 404),
        ("POST", "/api/tasks", {"prompt": "x", "project_id": "{" + its["project_id"] + "}"}, 404),
        ("POST", "/api/tasks", {"prompt": "x", "project_id": ["x"]}, 404),
        ("POST", "/api/tasks", {"prompt": "x"}, 403),
        ("POST", "/api/sessions", {"project_id": its["project_id"]}, 404),
        ("POST", "/api/permission-rules", {"tool": "*", "argument": "*", "action": "allow"}, 403),
        (
            "POST",
            "/api/permission-rules",
            {"tool": "*", "argument": "*", "action": "allow", "session_id": its["session_id"]},
            404,
        ),
        ("POST", f"/api/sessions/{my['session_id']}/rewind", {"snapshot_id": its["snapshot_id"]}, 404),
        ("POST", f"/api/sessions/{my['session_id']}/fork", {"task_id": its["task_id"]}, 404),
        ("POST", f"/api/projects/{my['project_id']}/trust?session_id={its['session_id']}", {"files": []}, 404),
        ("POST", f"/api/projects/{my['project_id']}/relink", {"path": "/"}, 403),
        ("PUT", f"/api/projects/{my['project_id']}/settings", {"setup": "id"}, 403),
        ("DELETE", f"/api/projects/{my['project_id']}", {}, 403),
        ("POST", "/api/projects", {"path": "/"}, 403),
        ("POST", "/api/demo", {}, 403),
        ("POST", "/api/login-codes", {}, 403),
        ("POST", "/api/tokens", {"name": "wider", "scope": "full", "project_id": my["project_id"]}, 403),
        ("POST", f"/api/agents/probe?project_id={my['project_id']}", {"project_id": my["project_id"]}, 403),
    ]
    async with holding(api, TokenScope.FULL, mine.ids["project_id"]) as client:
        for method, path, body, status in refused:
            answer = await client.request(method, path, json=body)
            assert answer.status_code == status, (path, answer.text)
            assert code_of(answer) == "token_of_one_project" or code_of(answer).endswith("_not_found")
        twice = await client.get(f"/api/tasks?project_id={my['project_id']}&project_id={its['project_id']}")
        assert twice.status_code == 404
        opened = await client.post("/api/sessions", json={"project_id": my["project_id"]})
        assert opened.status_code == 201
        named = await client.patch(f"/api/sessions/{my['session_id']}", json={"title": "Renamed"})
        assert (named.status_code, named.json()["title"]) == (200, "Renamed")
    assert not api.agents.probes


async def test_a_socket_of_one_project_shows_its_sessions_alone(api: Api) -> None:
    mine, other = await add_rows(api.database), await add_rows(api.database)
    async with holding(api, TokenScope.READ, mine.ids["project_id"]) as client, socket(api, client) as opened:
        await opened.send(json.dumps({"op": "subscribe", "session_id": str(other.ids["session_id"])}))
        assert await answer_of(opened) == ("error", "session_not_found")
        await opened.send(json.dumps({"op": "subscribe", "session_id": str(mine.ids["session_id"])}))
        assert await answer_of(opened) == ("subscribed", "")
        await opened.send('{"op":"watch_sessions"}')
        assert json.loads(await opened.recv()) == {"type": "sessions", "ids": []}
        for rows in (other, mine):
            chat = {"prompt": "more", "session_id": str(rows.ids["session_id"])}
            assert (await api.http.post("/api/tasks", json=chat)).status_code == 201
        named: set[str] = set()
        async with asyncio.timeout(60):
            while str(mine.ids["session_id"]) not in named:
                news = json.loads(await opened.recv())
                named |= set(news["ids"]) if news["type"] == "sessions" else set()
        assert named == {str(mine.ids["session_id"])}


async def answer_of(opened: ClientConnection) -> tuple[str, str]:
    answer = json.loads(await asyncio.wait_for(opened.recv(), 60))
    return answer["type"], answer.get("code", "")


async def test_a_revoked_token_is_worthless_and_its_streams_end(api: Api) -> None:
    async with holding(api, TokenScope.READ) as client, socket(api, client) as opened:
        listed = (await api.http.get("/api/tokens")).json()
        assert [(one["scope"], one["used_at"] is not None) for one in listed] == [("read", True)]
        gone = await api.http.delete(f"/api/tokens/{listed[0]['id']}")
        assert (gone.status_code, gone.json()["name"]) == (200, listed[0]["name"])
        with pytest.raises(ConnectionClosed):
            async with asyncio.timeout(60):
                while True:
                    await opened.recv()
        assert (await client.get("/api/health")).status_code == 401
        again = await api.http.delete(f"/api/tokens/{listed[0]['id']}")
        assert (again.status_code, code_of(again)) == (404, "token_not_found")


async def test_tokens_are_kept_as_hashes_and_die_with_the_data_directory_s(database: Database) -> None:
    host_id = HostId(new_id())
    first = AccessTokens(database=database, host_id=host_id, key="a" * 43)
    made, token = await first.add(name="ci", scope=TokenScope.START, project_id=None, days=1)
    assert token.startswith("boo_") and len(token) > 40
    async with database.connection() as conn:
        stored = str(await conn.fetch("SELECT * FROM access_tokens"))
    assert token not in stored and token[4:] not in stored
    again = AccessTokens(database=database, host_id=host_id, key="a" * 43)
    assert again.find(token) is None
    await again.load()
    assert again.find(token) == made
    for other_host, key in ((host_id, "b" * 43), (HostId(new_id()), "a" * 43)):
        other = AccessTokens(database=database, host_id=other_host, key=key)
        await other.load()
        assert other.find(token) is None
    for forged in ("", "boo_", made.token_hash, token[:-1], token + "0", token[4:], "boo_\u00e9", "boo_\ud800"):
        assert again.find(forged) is None
    with pytest.raises(Conflict) as caught:
        await again.add(name="ci", scope=TokenScope.READ, project_id=None, days=None)
    assert caught.value.code == "token_name_taken"


async def test_a_token_ends_in_time_and_its_name_is_free_again(database: Database) -> None:
    host_id = HostId(new_id())
    tokens = AccessTokens(database=database, host_id=host_id, key="a" * 43)
    made, token = await tokens.add(name="ci", scope=TokenScope.READ, project_id=None, days=1)
    assert made.ends_at is not None and made.ends_at - made.created_at == timedelta(days=1)
    later = AccessTokens(database=database, host_id=host_id, key="a" * 43)
    async with database.connection() as conn:
        await conn.execute("UPDATE access_tokens SET ends_at = clock_timestamp() + interval '300 ms'")
    await later.load()
    async with asyncio.timeout(60):
        while later.find(token) is not None:
            await asyncio.sleep(0.05)
    assert later.all() == []
    assert (await later.add(name="ci", scope=TokenScope.READ, project_id=None, days=None))[0].ends_at is None


async def test_the_last_use_is_stored_once_in_a_while(database: Database) -> None:
    tokens = AccessTokens(database=database, host_id=HostId(new_id()), key="a" * 43)
    made, token = await tokens.add(name="ci", scope=TokenScope.READ, project_id=None, days=1)
    assert made.used_at is None
    await tokens.used(made)
    found = tokens.find(token)
    assert found is not None and found.used_at is not None
    await tokens.used(found)
    assert tokens.find(token) is found
    async with database.connection() as conn:
        stored = await conn.fetchval("SELECT used_at FROM access_tokens")
    assert abs(stored - found.used_at) < TOUCH_EVERY


async def test_connections_are_cut_when_a_credential_s_time_is_over() -> None:
    live, cut, kept = LiveConnections(), asyncio.Event(), asyncio.Event()
    with live.connected(uuid4(), cut.set, datetime.now(UTC) + timedelta(seconds=0.05)):
        await asyncio.wait_for(cut.wait(), 60)
    with live.connected(uuid4(), kept.set, datetime.now(UTC) + timedelta(days=9000)):
        pass
    assert not kept.is_set()
