"""The scripted model in its other wire formats: what clients of Anthropic, OpenAI responses and Gemini receive."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from boocoder.scripted_model.request_log import RequestState
from boocoder.scripted_model.server import ScriptedModel

Json = dict[str, Any]
Turn = tuple[str, str]  # role "user", "assistant" or "result", text
WRITE: Json = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
    "required": ["path", "content"],
}
TITLE: Json = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}


@dataclass(frozen=True)
class Heard:
    """What an answer says, in no format."""

    text: str = ""
    reasoning: str = ""
    tool: tuple[str, Json] | None = None
    tokens: tuple[int, int] = (0, 0)
    stop: str = ""


@dataclass(frozen=True)
class Dialect:
    """How a client of one format sends requests and reads answers.

    Args:
        path: of a call, whole and streamed.
        body: made of the turns, the tools offered and the schema demanded.
        events: what the events of a stream say.
        whole: what a body says.
        stops: how a finished answer and one that calls a tool name their end.
    """

    path: tuple[str, str]
    body: Callable[[list[Turn], bool, Json | None], Json]
    events: Callable[[list[Json]], Heard]
    whole: Callable[[Json], Heard]
    stops: tuple[str, str]


def anthropic_body(turns: list[Turn], tools: bool, schema: Json | None) -> Json:
    messages: list[Json] = []
    for role, text in turns:
        if role == "result":
            messages.append(
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text"}]}],
                }
            )
        else:
            reminder = {"type": "text", "text": "<system-reminder>[[fail 500]]</system-reminder>"}
            messages.append({"role": role, "content": [reminder, {"type": "text", "text": text}]})
    body: Json = {"model": "m", "max_tokens": 9, "system": [{"type": "text", "text": "Working directory: /w"}]}
    body |= {"messages": messages, "tools": [{"name": "Write", "input_schema": WRITE}] if tools else []}
    return body | ({"output_config": {"format": {"type": "json_schema", "schema": schema}}} if schema else {})


def anthropic_events(events: list[Json]) -> Heard:
    kinds = [event["type"] for event in events]
    assert kinds[0] == "message_start" and kinds[-1] == "message_stop"
    assert kinds.count("content_block_start") == kinds.count("content_block_stop")
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    used = [event["content_block"] for event in events if event.get("content_block", {}).get("type") == "tool_use"]
    thought = "".join(delta.get("thinking", "") for delta in deltas)
    assert [delta["type"] for delta in deltas].count("signature_delta") == bool(thought)
    arguments = "".join(delta.get("partial_json", "") for delta in deltas)
    usage = events[-2]["usage"]
    return Heard(
        "".join(delta.get("text", "") for delta in deltas),
        thought,
        (used[0]["name"], json.loads(arguments)) if used else None,
        (usage["input_tokens"], usage["output_tokens"]),
        events[-2]["delta"]["stop_reason"],
    )


def anthropic_whole(body: Json) -> Heard:
    blocks = {block["type"]: block for block in body["content"]}
    use = blocks.get("tool_use")
    return Heard(
        blocks.get("text", {}).get("text", ""),
        blocks.get("thinking", {}).get("thinking", ""),
        (use["name"], use["input"]) if use else None,
        (body["usage"]["input_tokens"], body["usage"]["output_tokens"]),
        body["stop_reason"],
    )


def responses_body(turns: list[Turn], tools: bool, schema: Json | None) -> Json:
    items: list[Json] = [
        {
            "role": "user",
            "content": [{"type": "input_text", "text": "<environment_context><cwd>/w</cwd></environment_context>"}],
        }
    ]
    for role, text in turns:
        if role == "result":
            items.append({"type": "function_call_output", "call_id": "c", "output": text})
        else:
            kind = "input_text" if role == "user" else "output_text"
            items.append({"type": "message", "role": role, "content": [{"type": kind, "text": text}]})
    offered = [{"type": "function", "name": "write_file", "parameters": WRITE}] if tools else []
    body: Json = {"model": "m", "instructions": "You code.", "input": items, "tools": offered}
    return body | ({"text": {"format": {"type": "json_schema", "name": "x", "schema": schema}}} if schema else {})


def responses_events(events: list[Json]) -> Heard:
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[0]["type"] == "response.created" and events[-1]["type"] == "response.completed"
    done = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    assert done == events[-1]["response"]["output"]
    heard = responses_whole(events[-1]["response"])
    streamed = [event["delta"] for event in events if event["type"] == "response.output_text.delta"]
    thought = [event["delta"] for event in events if event["type"] == "response.reasoning_summary_text.delta"]
    arguments = [event["delta"] for event in events if event["type"] == "response.function_call_arguments.delta"]
    assert ("".join(streamed), "".join(thought)) == (heard.text, heard.reasoning)
    assert heard.tool is None or json.loads("".join(arguments)) == heard.tool[1]
    return heard


def responses_whole(body: Json) -> Heard:
    items = {item["type"]: item for item in body["output"]}
    call = items.get("function_call")
    return Heard(
        "".join(part["text"] for part in items.get("message", {}).get("content", [])),
        "".join(part["text"] for part in items.get("reasoning", {}).get("summary", [])),
        (call["name"], json.loads(call["arguments"])) if call else None,
        (body["usage"]["input_tokens"], body["usage"]["output_tokens"]),
        body["status"],
    )


def gemini_body(turns: list[Turn], tools: bool, schema: Json | None) -> Json:
    contents: list[Json] = []
    for role, text in turns:
        if role == "result":
            contents.append({"role": "user", "parts": [{"functionResponse": {"name": "write_file", "response": {}}}]})
        else:
            contents.append({"role": "user" if role == "user" else "model", "parts": [{"text": text}]})
    body: Json = {"systemInstruction": {"parts": [{"text": "Workspace Directories:\n  - /w\n"}]}, "contents": contents}
    if tools:
        body["tools"] = [{"functionDeclarations": [{"name": "write_file", "parametersJsonSchema": WRITE}]}]
    return body | ({"generationConfig": {"responseJsonSchema": schema}} if schema else {})


def gemini_events(events: list[Json]) -> Heard:
    parts = [part for event in events for part in event["candidates"][0]["content"]["parts"]]
    end = events[-1]["candidates"][0]
    return gemini_whole({**events[-1], "candidates": [{**end, "content": {"role": "model", "parts": parts}}]})


def gemini_whole(body: Json) -> Heard:
    candidate = body["candidates"][0]
    parts = candidate["content"]["parts"]
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    usage = body["usageMetadata"]
    return Heard(
        "".join(part.get("text", "") for part in parts if not part.get("thought")),
        "".join(part["text"] for part in parts if part.get("thought")),
        (calls[0]["name"], calls[0]["args"]) if calls else None,
        (usage["promptTokenCount"], usage["candidatesTokenCount"]),
        candidate["finishReason"],
    )


GEMINI = "/v1beta/models/scripted-small"
DIALECTS = {
    "anthropic": Dialect(
        ("/v1/messages", "/v1/messages"), anthropic_body, anthropic_events, anthropic_whole, ("end_turn", "tool_use")
    ),
    "responses": Dialect(
        ("/v1/responses", "/v1/responses"), responses_body, responses_events, responses_whole, ("completed",) * 2
    ),
    "gemini": Dialect(
        (f"{GEMINI}:generateContent", f"{GEMINI}:streamGenerateContent?alt=sse"),
        gemini_body,
        gemini_events,
        gemini_whole,
        ("STOP",) * 2,
    ),
}


@dataclass
class Caller:
    """A client of one format at a running model."""

    dialect: Dialect
    client: httpx2.AsyncClient

    def asked(self, turns: list[Turn], stream: bool, tools: bool = False, schema: Json | None = None) -> Json:
        body = self.dialect.body(turns, tools, schema)
        return {"url": self.dialect.path[stream], "json": body | ({"stream": True} if stream else {})}

    async def post(self, prompt: str, **more: Any) -> httpx2.Response:
        return await self.client.post(**self.asked([("user", prompt)], stream=True, **more))

    async def events(self, request: Json) -> list[Json]:
        async with self.client.stream("POST", **request) as response:
            assert response.status_code == 200
            assert response.headers["content-type"] == "text/event-stream"
            lines = [line async for line in response.aiter_lines()]
        return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]

    async def hear(self, turns: list[Turn], *, stream: bool, tools: bool = False, schema: Json | None = None) -> Heard:
        request = self.asked(turns, stream, tools, schema)
        if stream:
            return self.dialect.events(await self.events(request))
        answer = await self.client.post(**request)
        assert answer.status_code == 200, answer.text
        return self.dialect.whole(answer.json())


@pytest.fixture(params=sorted(DIALECTS))
async def caller(request: pytest.FixtureRequest, scripted_model: ScriptedModel) -> AsyncIterator[Caller]:
    async with httpx2.AsyncClient(base_url=scripted_model.root_url, timeout=20, trust_env=False) as client:
        yield Caller(DIALECTS[request.param], client)


streams = pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])


@streams
async def test_text_reasoning_and_usage(caller: Caller, stream: bool) -> None:
    heard = await caller.hear([("user", "[[think I wonder]][[usage 7]][[say one two  three]]")], stream=stream)
    assert heard == Heard("one two  three", "I wonder", None, (7, 5), caller.dialect.stops[0])


@streams
async def test_a_tool_call_then_the_rest_behind_its_result(caller: Caller, stream: bool) -> None:
    turns: list[Turn] = [("user", "[[say first]][[write a/b.txt|x]][[say second]]")]
    heard = await caller.hear(turns, stream=stream, tools=True)
    assert (heard.text, heard.stop) == ("first", caller.dialect.stops[1])
    assert heard.tool is not None
    assert heard.tool[0].lower().startswith("write")
    assert heard.tool[1] == {"path": "/w/a/b.txt", "content": "x"}
    turns += [("assistant", "first"), ("result", "written")]
    assert (await caller.hear(turns, stream=stream, tools=True)).text == "second"


async def test_recall_counts_what_the_person_said(caller: Caller) -> None:
    turns: list[Turn] = [("user", "blue"), ("assistant", "ok: blue"), ("user", "[[recall]]")]
    assert (await caller.hear(turns, stream=True)).text == "users=2: blue | [[recall]]"


async def test_text_comes_word_by_word(caller: Caller) -> None:
    """The first word is here long before the last one is said."""
    began, first = time.monotonic(), 0.0
    async with caller.client.stream(
        "POST", **caller.asked([("user", "[[delay 0.1]][[tokens 10]]")], stream=True)
    ) as response:
        async for line in response.aiter_lines():
            if "w0" in line and not first:
                first = time.monotonic() - began
    assert 0 < first < (time.monotonic() - began) / 2


@pytest.mark.parametrize("status", [400, 429, 529])
async def test_a_refusal_has_the_shape_of_the_format(caller: Caller, status: int) -> None:
    refused = await caller.post(f"[[fail {status}]]")
    assert refused.status_code == status
    error = refused.json()["error"]
    assert error["message"] == "scripted failure"
    named = {400: ("invalid_request_error", "400", 400), 429: ("rate_limit_error", "429", 429)}
    assert (error.get("code") or error["type"]) in named.get(status, ("overloaded_error", "529", 529))


async def test_drop_cuts_the_stream_and_cut_ends_it_without_a_reason(caller: Caller) -> None:
    with pytest.raises(httpx2.RemoteProtocolError):
        await caller.post("[[say a]][[drop]]")
    torn = await caller.post("[[say a b]][[cut]]")
    assert "b" in torn.text
    assert not any(end in torn.text for end in ("message_stop", "response.completed", "finishReason"))


async def test_a_client_that_goes_away_is_noticed(caller: Caller, scripted_model: ScriptedModel) -> None:
    for prompt in ("[[hang]]", "[[say a]][[hang]]", "[[delay 0.01]][[tokens 100000]]"):
        post = asyncio.create_task(caller.post(prompt))
        recorded = await scripted_model.wait_request(prompt)
        assert recorded.state is RequestState.ANSWERING
        post.cancel()
        assert await scripted_model.wait_settled(recorded) is RequestState.GONE
        await asyncio.gather(post, return_exceptions=True)


async def test_side_calls_run_no_directives(caller: Caller, scripted_model: ScriptedModel) -> None:
    title = await caller.hear([("user", "Generate a short title for this session:\n[[fail 500]]")], stream=True)
    assert title.text == "Scripted title"
    demanded = await caller.hear([("user", "[[fail 500]]")], stream=True, tools=True, schema=TITLE)
    assert json.loads(demanded.text) == {"title": "Scripted title"}
    assert [request.conversation.side_answer is not None for request in scripted_model.requests] == [True, True]


async def test_a_body_that_is_none_is_refused_in_the_shape_of_the_format(caller: Caller) -> None:
    for content in (b"{", b"[]", b'{"messages": 3, "input": 3, "contents": 3}'):
        refused = await caller.client.post(caller.dialect.path[0], content=content)
        assert refused.status_code == 400
        assert "not a request of" in refused.json()["error"]["message"]


async def test_counters_and_unknown_routes(caller: Caller, scripted_model: ScriptedModel) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x" * 400}]}
    assert (await caller.client.post("/v1/messages/count_tokens", json=body)).json()["input_tokens"] > 100
    assert (await caller.client.post(f"{GEMINI}:countTokens", json=body)).json()["totalTokens"] > 100
    for method, path in (("POST", "/v1/audio"), ("GET", "/v1/files"), ("DELETE", "/v1/messages")):
        unknown = await caller.client.request(method, path)
        assert unknown.status_code == 404
        assert f"no route {method} {path}; there are *" in unknown.json()["error"]["message"]
    assert not scripted_model.requests


async def test_tools_of_responses_that_are_no_functions(scripted_model: ScriptedModel) -> None:
    tools = [{"type": "local_shell"}, {"type": "custom", "name": "apply_patch"}, {"type": "web_search"}]
    body: Json = {"model": "m", "stream": True, "input": "[[bash ls]][[write a.txt|x]]", "tools": tools}
    async with httpx2.AsyncClient(base_url=scripted_model.root_url, timeout=20, trust_env=False) as client:
        caller = Caller(DIALECTS["responses"], client)
        (shell,) = (await caller.events({"url": "/v1/responses", "json": body}))[-1]["response"]["output"]
        assert (shell["type"], shell["action"]["command"]) == ("local_shell_call", ["bash", "-lc", "ls"])
        body["input"] = [
            {"role": "user", "content": body["input"]},
            {"type": "local_shell_call_output", "call_id": shell["call_id"], "output": "a"},
        ]
        (patch,) = (await caller.events({"url": "/v1/responses", "json": body}))[-1]["response"]["output"]
    assert (patch["type"], patch["name"]) == ("custom_tool_call", "apply_patch")
    assert patch["input"] == "*** Begin Patch\n*** Add File: a.txt\n+x\n*** End Patch\n"


async def test_a_prompt_behind_the_result_of_a_stopped_tool(scripted_model: ScriptedModel) -> None:
    """Claude sends both in one message; Gemini's client may do the same."""
    content = [
        {"type": "tool_result", "tool_use_id": "t", "content": "stopped"},
        {"type": "text", "text": "[[say on]]"},
    ]
    body = {"messages": [{"role": "user", "content": "[[bash sleep 9]]"}, {"role": "user", "content": content}]}
    async with httpx2.AsyncClient(base_url=scripted_model.root_url, timeout=20, trust_env=False) as client:
        answer = (await client.post("/v1/messages", json=body)).json()
    assert answer["content"] == [{"type": "text", "text": "on"}]
