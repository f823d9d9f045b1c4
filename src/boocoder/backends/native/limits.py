"""All limits of the native agent, with units and reasons."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_CONTEXT_TOKENS = 32_768  # what llama-server and Ollama are usually started with for coding models
CHARS_PER_TOKEN = 3.5  # English prose has about 4, code about 3; corrected by what the server counts
TOOL_OUTPUT_MAX_CHARS = 16_000  # of one tool result; smaller where the context is small, more by asking again
TOOL_OUTPUT_SHARE = 0.125  # of the context that one tool result may take
RULES_SHARE = 0.125  # of the context that rules of the project may take, and those of its folders again
GUIDE_MAX_CHARS = 12_000  # of the project's AGENTS.md or CLAUDE.md
IMAGE_TOKENS = 1_200  # of one image, about: Gemma takes 256, Qwen up to some 4,000; corrected by what the server counts
IMAGES_MAX_BYTES = 20_000_000  # of all images in one request; those of earlier prompts are left out beyond it
ANSWER_MAX_CHARS = 2_000_000  # of one model answer; a model that writes more is looping


@dataclass(frozen=True, slots=True)
class NativeLimits:
    """Limits of a turn.

    Args:
        max_steps: model calls in one turn.
        time_limit_s: seconds of one turn, without the time spent waiting for a person.
        context_tokens: context size of the model; 0: what the server reports, else DEFAULT_CONTEXT_TOKENS.
        shell_timeout_s: seconds until a command is killed.
        turn_tokens: input and output tokens of one turn, over all model calls.
        answer_tokens: tokens of one answer.
        answer_wait_s: seconds to wait for a byte from the model, including the time to load it.
        connect_timeout_s: seconds to reach the server.
        retries: attempts after the first one if the server is unreachable, busy or failing.
        retry_first_s, retry_cap_s: pause before the first retry, doubled each time with jitter, and its cap.
        retry_after_max_s: no retry if the server asks for a longer pause.
        load_timeout_s: seconds to wait for a server that reports that it is loading the model.
        same_calls: identical tool calls with identical results in a row that end the turn.
    """

    max_steps: int = 100
    time_limit_s: float = 3_600.0
    context_tokens: int = 0
    shell_timeout_s: float = 300.0
    turn_tokens: int = 20_000_000
    answer_tokens: int = 16_384
    answer_wait_s: float = 900.0
    connect_timeout_s: float = 10.0
    retries: int = 5
    retry_first_s: float = 0.5
    retry_cap_s: float = 15.0
    retry_after_max_s: float = 300.0
    load_timeout_s: float = 600.0
    same_calls: int = 5
