"""The scripted model over real sockets: what a client of OpenAI chat completions receives for each directive."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import uvloop

from boocoder.scripted_model.request_log import RequestState
from boocoder.scripted_model.server import ScriptedModel

SHELL_TOOL = {
    "type": "function",
    "function": {
        "name": "bash",
        "parameters": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
    },
}


@pytest.fixture
async def client(scripted_model: ScriptedModel) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=scripted_model.base_url, timeout=20, trust_env=False) as opened:
        yield opened


def body(prompt: str, *, stream: bool = True, **more: Any) -> dict[str, Any]:
    return {"model": "scripted-small", "stream": stream, "messages": [{"role": "user", "content": prompt}], **more}


async def chunks(client: httpx2.AsyncClient, request: dict[str, Any]) -> list[dict[str, Any]]:
    """All chunks of a streamed answer; it must end with [DONE]."""
    found: list[str] = []
    async with client.stream("POST", "/chat/completions", json=request) as response:
        assert response.status_code == 200
        async for line in response.aiter_lines():
            if line:
                assert line.startswith("data: ")
                found.append(line.removeprefix("data: "))
    assert found.pop() == "[DONE]"
    return [json.loads(text) for text in found]


def joined(found: list[dict[str, Any]], key: str = "content") -> str:
    return "".join(choice["delta"].get(key) or "" for chunk in found for choice in chunk["choices"])


async def test_a_hurried_answer_ends_without_a_pause(scripted_model: ScriptedModel, client: httpx2.AsyncClient) -> None:
    asked = asyncio.create_task(chunks(client, body("[[delay 0.5]] [[tokens 1000]] hurried")))
    await scripted_model.wait_request("hurried")
    scripted_model.hurry()
    async with asyncio.timeout(60):
        assert joined(await asked) == "".join(f"w{number} " for number in range(1000))


async def test_streams_text_and_reasoning_word_by_word(client: httpx2.AsyncClient) -> None:
    found = await chunks(client, body("[[think I wonder]][[usage 7]][[say one two  three]]"))
    assert joined(found, "reasoning_content") == "I wonder"
    assert joined(found) == "one two  three"
    assert len([chunk for chunk in found if joined([chunk])]) == 3
    assert found[-1]["choices"][0]["finish_reason"] == "stop"
    assert found[-1]["usage"] == {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}


async def test_usage_comes_apart_when_asked_for(client: httpx2.AsyncClient) -> None:
    found = await chunks(client, body("[[say hi]]", stream_options={"include_usage": True}))
    assert found[-1]["choices"] == []
    assert found[-1]["usage"]["completion_tokens"] == 1
    assert found[-2]["choices"][0]["finish_reason"] == "stop"


async def test_tool_call_then_the_rest_behind_its_result(client: httpx2.AsyncClient) -> None:
    request = body("[[say first]][[bash echo 1]][[say second]]", tools=[SHELL_TOOL])
    found = await chunks(client, request)
    calls = [call for chunk in found for call in chunk["choices"][0]["delta"].get("tool_calls", [])]
    assert calls[0]["function"]["name"] == "bash"
    assert json.loads("".join(call["function"]["arguments"] for call in calls)) == {"command": "echo 1"}
    assert joined(found) == "first"
    assert found[-1]["choices"][0]["finish_reason"] == "tool_calls"
    request["messages"] += [
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "function"}]},
        {"role": "tool", "tool_call_id": "c", "content": "1"},
    ]
    assert joined(await chunks(client, request)) == "second"


async def test_whole_answer(client: httpx2.AsyncClient) -> None:
    request = body("[[think hm]][[say hello there]][[bash ls]]", stream=False, tools=[SHELL_TOOL])
    answer = (await client.post("/chat/completions", json=request)).json()
    message = answer["choices"][0]["message"]
    assert message["content"] == "hello there"
    assert message["reasoning_content"] == "hm"
    assert json.loads(message["tool_calls"][0]["function"]["arguments"]) == {"command": "ls"}
    assert answer["choices"][0]["finish_reason"] == "tool_calls"


async def test_recall_counts_user_messages(client: httpx2.AsyncClient) -> None:
    request = body("blue")
    request["messages"] += [
        {"role": "assistant", "content": "ok: blue"},
        {"role": "user", "content": [{"type": "text", "text": "[[recall]]"}]},
    ]
    assert joined(await chunks(client, request)) == "users=2: blue | [[recall]]"


async def test_fail_and_flaky(client: httpx2.AsyncClient) -> None:
    refused = await client.post("/chat/completions", json=body("[[say x]][[fail 529]]"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (529, 529)
    flaky = body("[[flaky 2 503]][[say fine]]")
    statuses = [(await client.post("/chat/completions", json=flaky)).status_code for _ in range(2)]
    assert statuses == [503, 503]
    assert joined(await chunks(client, flaky)) == "fine"


async def test_drop_cuts_the_stream_and_cut_ends_it_without_a_reason(client: httpx2.AsyncClient) -> None:
    with pytest.raises(httpx2.RemoteProtocolError):
        await chunks(client, body("[[say a]][[drop]]"))
    response = await client.post("/chat/completions", json=body("[[say a b]][[cut]]"))
    assert "b" in response.text
    assert '"finish_reason":"stop"' not in response.text
    assert "[DONE]" not in response.text


async def test_client_that_goes_away_is_noticed(client: httpx2.AsyncClient, scripted_model: ScriptedModel) -> None:
    for prompt in ("[[hang]]", "[[say a]][[hang]]", "[[delay 0.01]][[tokens 100000]]"):
        post = asyncio.create_task(client.post("/chat/completions", json=body(prompt)))
        recorded = await scripted_model.wait_request(prompt)
        assert recorded.state is RequestState.ANSWERING
        post.cancel()
        assert await scripted_model.wait_settled(recorded) is RequestState.GONE
        await asyncio.gather(post, return_exceptions=True)


async def test_side_calls(client: httpx2.AsyncClient, scripted_model: ScriptedModel) -> None:
    title = body("Generate a title for this conversation:\n[[fail 500]]")
    assert joined(await chunks(client, title)) == "Scripted title"
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert json.loads(joined(await chunks(client, body("[[say x]]", response_format=wanted)))) == {
        "name": "Scripted title"
    }
    assert [request.conversation.side_answer is not None for request in scripted_model.requests] == [True, True]


async def test_other_routes(client: httpx2.AsyncClient) -> None:
    listed = (await client.get("/models")).json()
    assert [row["id"] for row in listed["data"]] == ["scripted-small", "scripted-large"]
    assert (await client.get("/health")).json() == {"status": "ok"}
    assert (await client.post("/embeddings", json={})).status_code == 404
    assert (await client.post("/chat/completions", content=b"{")).status_code == 400


async def test_request_log_is_bounded() -> None:
    async with (
        ScriptedModel(keep_requests=3) as model,
        httpx2.AsyncClient(base_url=model.base_url, trust_env=False) as client,
    ):
        for index in range(5):
            await client.post("/chat/completions", json=body(f"number {index}"))
        assert [request.number for request in model.requests] == [3, 4, 5]


async def test_garbage_is_refused_and_the_server_lives(
    client: httpx2.AsyncClient, scripted_model: ScriptedModel
) -> None:
    port = int(scripted_model.base_url.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\x16\x03\x01 hello\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()
    assert (await client.get("/models")).status_code == 200


async def hundred_streams(stamp: bool) -> list[str]:
    async with (
        ScriptedModel(stamp=stamp) as model,
        httpx2.AsyncClient(
            base_url=model.base_url, timeout=60, trust_env=False, limits=httpx2.Limits(max_connections=200)
        ) as client,
    ):
        answers = await asyncio.gather(*(chunks(client, body(f"[[tokens 50]][[say s{n}]]")) for n in range(100)))
        return [joined(found) for found in answers]


async def test_hundred_streams_at_once_without_cross_talk() -> None:
    texts = await hundred_streams(stamp=False)
    said = "".join(f"w{index} " for index in range(50))
    assert texts == [f"{said}s{number}" for number in range(100)]


def test_runs_under_uvloop() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        texts = runner.run(hundred_streams(stamp=True))
    for text in texts:
        stamps = [int(word) for word in text.split()]
        assert len(stamps) == 51
        assert stamps == sorted(stamps)


async def test_program_prints_its_base_url_and_ends_on_a_signal() -> None:
    argv = (sys.executable, "-m", "boocoder.scripted_model", "--models", "a,b", "--stamp")
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        base_url = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip()
        async with httpx2.AsyncClient(base_url=base_url, trust_env=False) as client:
            assert [row["id"] for row in (await client.get("/models")).json()["data"]] == ["a", "b"]
            before = time.monotonic_ns()
            assert before < int(joined(await chunks(client, body("[[say word]]")))) < time.monotonic_ns()
    finally:
        process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(process.wait(), 20)
    assert code == 0
