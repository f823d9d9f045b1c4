"""What is made of a model server's answers: recorded ones of llama-server, and those that other servers document."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from boocoder.model_servers.answers import ServerProps, read_models
from boocoder.model_servers.facts import ModelFacts, facts_of, label_of
from boocoder.model_servers.server import ModelOptions, ModelServer
from tests.paths import GOLDEN

RECORDED = GOLDEN / "llama_cpp"


def facts(row: dict[str, Any], options: ModelOptions | None = None) -> ModelFacts:
    return facts_of(read_models(json.dumps({"data": [row]}).encode())[0], None, options or ModelOptions(), None)


def test_a_slot_of_the_recorded_llama_server_has_half_of_its_context() -> None:
    row = read_models((RECORDED / "models.json").read_bytes())[0]
    props = msgspec.json.decode((RECORDED / "props.json").read_bytes(), type=ServerProps)
    found = facts_of(row, props.report, ModelOptions(), None)
    assert (found.context_tokens, found.slots, found.trained_tokens) == (4_096, 2, 32_768)
    assert found.lacks_tools and found.images is False
    assert "no tools" in found.warning and "--jinja" in found.cure
    without = facts_of(row, None, ModelOptions(), found)
    assert (without.context_tokens, without.slots) == (4_096, 2), "what is known stays while it cannot be had"


def test_a_small_context_is_reported_with_the_reason_and_a_cure() -> None:
    shared = ModelFacts("m", "m", context_tokens=4_096, slots=2, tools=True)
    assert "4,096 tokens a request" in shared.warning and "2 slots share -c 8192" in shared.warning
    assert "-c 65536" in shared.cure and "--parallel" in shared.cure
    alone = ModelFacts("m", "m", context_tokens=8_192, slots=1, trained_tokens=32_768)
    assert "8,192" in alone.warning and "trained for 32,768" in alone.cure
    assert not ModelFacts("m", "m", context_tokens=32_768).warning
    assert not ModelFacts("m", "m").warning and not ModelFacts("m", "m").cure


def test_a_person_says_whether_a_model_takes_images() -> None:
    row = {"id": "eyes", "architecture": {"input_modalities": ["text"]}}
    assert facts(row).images is False
    assert facts(row, ModelOptions(images=True)).images is True


@pytest.mark.parametrize(
    ("row", "context", "images"),
    [
        ({"id": "m", "max_model_len": 40_960}, 40_960, None),
        ({"id": "m", "context_length": 32_000, "meta": {"n_ctx": 32_000}}, 32_000, None),
        ({"id": "m", "loaded_context_length": 4_096, "max_context_length": 131_072}, 4_096, None),
        ({"id": "m", "architecture": {"input_modalities": ["text", "image"]}}, 0, True),
        ({"id": "m", "architecture": "llama", "meta": 5}, 0, None),
    ],
    ids=["vllm", "llama-swap", "lm-studio", "images", "strange"],
)
def test_other_servers(row: dict[str, Any], context: int, images: bool | None) -> None:
    found = facts(row)
    assert (found.context_tokens, found.images) == (context, images)


def test_what_a_person_sets_wins() -> None:
    assert facts({"id": "m", "max_model_len": 9}, ModelOptions(context_tokens=7)).context_tokens == 7


@pytest.mark.parametrize(
    ("id_", "label"),
    [
        ("/srv/models/Qwen3-8B-Q4_K_M.gguf", "Qwen3-8B-Q4_K_M"),
        ("models/big-00001-of-00003.gguf", "big"),
        (r"C:\models\small.gguf", "small"),
        ("/srv/models/plain", "plain"),
        ("org/model", "org/model"),
        ("qwen3:8b", "qwen3:8b"),
    ],
)
def test_a_path_gets_a_readable_name(id_: str, label: str) -> None:
    assert label_of(read_models(json.dumps({"data": [{"id": id_}]}).encode())[0]) == label


def test_options_of_a_model_come_over_those_of_its_server() -> None:
    server = ModelServer(
        "http://x/v1",
        options=ModelOptions(temperature=0.5, thinking=True, extra_body={"a": 1, "b": 1}),
        models={"m": ModelOptions(temperature=0.0, extra_body={"b": 2})},
    )
    fields = server.options_of("m").request_fields()
    assert fields == {"temperature": 0.0, "chat_template_kwargs": {"enable_thinking": True}, "a": 1, "b": 2}
    assert server.options_of("other").temperature == 0.5
