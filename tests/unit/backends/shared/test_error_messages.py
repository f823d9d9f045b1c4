"""An API error that an agent gives as its answer is not taken for an answer."""

from __future__ import annotations

import pytest

from boocoder.backends.shared.error_messages import failed_answer


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"error":{"message":"no such model","type":"invalid_request_error","code":400}}', "model_failed"),
        ('{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', "model_failed"),
        ('{"error":{"code":400,"message":"Invalid argument.","status":"INVALID_ARGUMENT"}}', "model_failed"),
        ('{"error":"model \'m\' not found, try pulling it first"}', "model_failed"),
        ("Error: 400 Bad Request", "model_failed"),
        ("API Error: 500 Internal server error", "model_failed"),
        ("litellm.BadRequestError: OpenAIException - no such model", "model_failed"),
        ("openai.AuthenticationError: Error code: 401 - invalid api key", "model_failed"),
        ("unexpected status 404 Not Found: no such model", "model_failed"),
        ("exceeded retry limit, last status: 429 Too Many Requests", "model_failed"),
        ("stream disconnected before completion: error sending request", "model_failed"),
        ("We're currently experiencing high demand, which may cause temporary errors.", "model_failed"),
        ("Error: Model 'm' not found on provider at http://localhost (HTTP 404).", "model_failed"),
        ("Error: The model gave no answer; retried 5 times. Last error: 429 slow down", "model_failed"),
        ("Network error: check your network connection and try again.", "model_failed"),
        ("litellm.APIConnectionError: connection refused", "model_unreachable"),
    ],
)
def test_an_api_error_is_a_failure_that_keeps_its_words(text: str, code: str) -> None:
    failed = failed_answer(f"\n{text}\n", counted_output=False)
    assert failed is not None
    assert failed.error.code == code
    assert text in failed.error.text and "looks like the agent's model failed" in failed.error.text
    assert failed.error.cure


def test_warnings_before_an_error_do_not_make_it_an_answer() -> None:
    said = "Warning: no metadata for the model.\n\nInfo: Retrying...Info: Retrying...Error: 500 no"
    failed = failed_answer(said, counted_output=False)
    assert failed is not None and failed.error.text.endswith("Error: 500 no")
    assert failed_answer("Warning: the table is missing.\n\nI made it.", counted_output=False) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The server answers with Error: 500 when the table is missing.",
        "I fixed the APIError: it is raised only once now.",
        'The body is {"error": "none"}.',
        '{"name": "package", "version": "1.0"}',
        '{"error": "the field name is required"}',
        '{"error": true, "files": 3}',
        '{"error": {"message": "name is required"}}',
        '{"error": {"message": "late", "type": "x", "at": "2026-01-01"}}',
        '{"error": {"message": "no", "code": 404}, "data": null}',
        '{"type": "error", "text": "Enter a name."}',
        '{"error": null}',
        "{not json",
        "Error: 500 " + "and a long explanation " * 200,
        "ValueError: is what Python raises here.",
        "Error 404 means that the server cannot find the page.",
        "HTTP error 502 is returned by a proxy when the server behind it is away.",
        "TimeoutError: raised by asyncio.timeout when the deadline passes.",
    ],
)
def test_an_answer_stays_an_answer(text: str) -> None:
    assert failed_answer(text, counted_output=False) is None


def test_what_the_agents_model_wrote_by_its_count_is_an_answer() -> None:
    example = '{"error": {"message": "no such order", "type": "not_found", "code": 404}}'
    assert failed_answer(example, counted_output=False) is not None
    assert failed_answer(example, counted_output=True) is None
    assert failed_answer("Error: 400 Bad Request", counted_output=True) is None
