"""Files of a task: stored, identified by their content, sent once, named in the prompt, shown with the message."""

from __future__ import annotations

import base64
from pathlib import Path
from uuid import uuid4

from boocoder.broker.broker import Broker
from boocoder.broker.outbox import Outbox
from boocoder.db.tasks.attachments import Attachment
from boocoder.db.tasks.claim import ClaimedTask, claim_tasks
from boocoder.dispatch.attempt_key import AttemptKey as Attempt
from boocoder.dispatch.turn.prepare import open_turn, read_context
from boocoder.dispatch.turn.request import request_of
from boocoder.events import frames
from boocoder.intake.attachments import Attachments
from boocoder.model.limits import ATTACHMENT_MAX_BYTES, ATTACHMENTS_MAX
from boocoder.model.turn import StopSignal
from tests.fixtures.api import Api
from tests.fixtures.row_builders import LEASE_S, Place, add_host, add_place

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels"


async def put(api: Api, name: str, content: bytes) -> str:
    answer = await api.http.post("/api/attachments", json={"name": name, "content": base64.b64encode(content).decode()})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


async def place_in(api: Api) -> Place:
    async with api.database.transaction() as conn:
        return await add_place(conn)


async def send(api: Api, place: Place, *attached: str, key: str = "") -> dict[str, str]:
    body = {"chat_id": str(place.chat_id), "prompt": "look", "agent": "scripted", "attachments": attached}
    answer = await api.http.post("/api/tasks", json=body, headers={"Idempotency-Key": key} if key else {})
    said: dict[str, str] = answer.json()
    return said


async def claim(api: Api) -> tuple[Attempt, ClaimedTask]:
    async with api.database.connection() as conn:
        host = await add_host(conn)
        [task] = await claim_tasks(conn, host.host_id, host.instance_id, 8, LEASE_S)
    return Attempt(task.id, task.epoch, host.host_id, host.instance_id), task


async def test_an_image_is_shown_and_anything_else_is_saved(api: Api) -> None:
    image = await api.http.get(f"/api/attachments/{await put(api, 'a shot.PNG', PNG)}")
    assert (image.status_code, image.content) == (200, PNG)
    assert image.headers["content-type"] == "image/png"
    assert image.headers["content-disposition"] == "inline; filename*=UTF-8''a_shot.PNG"
    assert image.headers["x-content-type-options"] == "nosniff"
    page = await api.http.get(f"/api/attachments/{await put(api, 'x.png', b'<script>alert(1)</script>')}")
    assert page.headers["content-type"] == "application/octet-stream"
    assert page.headers["content-disposition"].startswith("attachment;")
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_what_cannot_be_kept_is_refused(api: Api) -> None:
    for content, code in ((b"", "attachment_empty"), (b"x" * (ATTACHMENT_MAX_BYTES + 1), "attachment_too_large")):
        body = {"name": "x", "content": base64.b64encode(content).decode()}
        answer = await api.http.post("/api/attachments", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text[:300]
    assert (await api.http.post("/api/attachments", json={"name": "x", "content": "no base64"})).status_code == 422
    assert (await api.http.get(f"/api/attachments/{uuid4()}")).json()["code"] == "attachment_not_found"
    whole = await put(api, "largest", b"x" * ATTACHMENT_MAX_BYTES)
    assert len((await api.http.get(f"/api/attachments/{whole}")).content) == ATTACHMENT_MAX_BYTES


async def test_a_file_goes_with_one_task_once(api: Api) -> None:
    place, file = await place_in(api), await put(api, "a.txt", b"words")
    made = await send(api, place, file, key="one")
    again = await send(api, place, file, key="one")
    assert again["task_id"] == made["task_id"]
    for attached in ((file,), (str(uuid4()),), ((other := await put(api, "b", b"b")), other)):
        assert (await send(api, place, *attached))["code"] == "attachment_unusable"
    assert (await api.http.get("/api/tasks", params={"session_id": str(place.session_id)})).json()[0]["id"] == made[
        "task_id"
    ]
    many = [str(uuid4())] * (ATTACHMENTS_MAX + 1)
    assert (await send(api, place, *many))["status"] == 422


async def test_the_prompt_names_the_files_and_the_message_shows_them(api: Api) -> None:
    place = await place_in(api)
    files = [await put(api, "shot.png", PNG), await put(api, "log.txt", b"words")]
    made = await send(api, place, *reversed(files))
    task = (await api.http.get(f"/api/tasks/{made['task_id']}")).json()
    assert [one["name"] for one in task["attachments"]] == ["log.txt", "shot.png"]
    attempt, claimed = await claim(api)
    request = request_of(claimed, "scripted", Path("/worktree"), StopSignal())
    assert [path.read_bytes() for path in request.attachments] == [b"words", PNG]
    assert request.prompt.startswith("look\n\n")
    assert all(str(path) in request.prompt for path in request.attachments)
    subscription = api.broker.subscribe(place.session_id, 0)
    broker: Broker = api.broker
    await open_turn(claimed, attempt, agent="scripted", outbox=Outbox(database=api.database, publisher=broker))
    seen = [frames.decode(await anext(subscription)) for _ in range(5)]
    subscription.close()
    [said] = [frame for frame in seen if isinstance(frame, frames.MessageStartedFrame) and frame.role == "user"]
    assert (said.text, [one.media_type for one in said.attachments]) == ("look", ["text/plain", "image/png"])
    messages = (await api.http.get(f"/api/chats/{place.chat_id}/messages")).json()
    assert [len(message["attachments"]) for message in messages] == [2, 0]


async def test_an_agent_that_takes_over_hears_of_earlier_files(api: Api) -> None:
    place = await place_in(api)
    await send(api, place, await put(api, "plan.txt", b"words"))
    attempt, first = await claim(api)
    await open_turn(first, attempt, agent="scripted", outbox=Outbox(database=api.database, publisher=api.broker))
    other = ClaimedTask(**{**{name: getattr(first, name) for name in first.__struct_fields__}, "id": uuid4()})
    context = await read_context(other, database=api.database)
    request = request_of(other, "scripted", Path("/worktree"), StopSignal(), context=context)
    assert "plan.txt]" in request.handover


async def test_a_file_is_given_to_an_agent_of_a_host_that_did_not_take_it(api: Api, tmp_path: Path) -> None:
    place = await place_in(api)
    await send(api, place, await put(api, "shot.png", PNG))
    _, task = await claim(api)
    (file,) = task.attached()
    elsewhere = Attachment(file.id, file.name, file.media_type, file.size_bytes, str(tmp_path / "other" / file.name))
    other = Attachments(database=api.database, root=tmp_path / "other")
    await other.copy_here([elsewhere])
    assert Path(elsewhere.path).read_bytes() == PNG
    Path(elsewhere.path).write_bytes(PNG[:3])
    await other.copy_here([elsewhere])
    assert Path(elsewhere.path).read_bytes() == PNG, "half a copy is made again"
    assert list(Path(elsewhere.path).parent.iterdir()) == [Path(elsewhere.path)]


async def test_a_file_of_an_early_version_is_read_from_the_disk(api: Api) -> None:
    file_id = await put(api, "plan.txt", b"words")
    async with api.database.connection() as conn:
        await conn.execute("DELETE FROM attachment_contents")
        path = Path(await conn.fetchval("SELECT path FROM attachments"))
    assert (await api.http.get(f"/api/attachments/{file_id}")).content == b"words"
    path.unlink()
    assert (await api.http.get(f"/api/attachments/{file_id}")).json()["code"] == "attachment_not_found"


async def test_what_nobody_sent_for_a_day_goes(api: Api) -> None:
    place = await place_in(api)
    kept, old = await put(api, "kept", b"k"), await put(api, "old", b"o")
    await send(api, place, kept)
    async with api.database.connection() as conn:
        paths = {row["name"]: Path(row["path"]) for row in await conn.fetch("SELECT name, path FROM attachments")}
        await conn.execute("UPDATE attachments SET created_at = now() - interval '2 days'")
    await put(api, "new", b"n")
    assert (paths["kept"].exists(), paths["old"].parent.exists()) == (True, False)
    assert (await api.http.get(f"/api/attachments/{old}")).status_code == 404
