"""Every cap of the native agent with its unit and reason. It reads no settings by itself."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_CONTEXT_TOKENS = 32_768  # what llama-server and Ollama are usually started with for coding models
CHARS_PER_TOKEN = 3.5  # English prose has about 4, code about 3; corrected by what the server counts
TOOL_OUTPUT_MAX_CHARS = 48_000  # of one tool result; smaller where the context is small
TOOL_OUTPUT_SHARE = 0.25  # of the context that one tool result may take
GUIDE_MAX_CHARS = 12_000  # of the project's AGENTS.md or CLAUDE.md
ANSWER_MAX_CHARS = 2_000_000  # of one model answer; a model past this has lost its way


@dataclass(frozen=True, slots=True)
class NativeLimits:
    """What one turn may take.

    Args:
        max_steps: model calls in one turn.
        time_limit_s: seconds of one turn, without those in which a person is asked.
        context_tokens: what the model can hold; 0: what the server says, else DEFAULT_CONTEXT_TOKENS.
        shell_timeout_s: seconds until a command is killed.
        turn_tokens: tokens in and out of one turn, over all model calls.
        answer_tokens: tokens of one answer.
        answer_wait_s: seconds without a byte from the model until it is given up; a cold model is loaded meanwhile.
        connect_timeout_s: seconds to reach the server.
        retries: tries after the first one when the server cannot be reached, is busy or fails.
        retry_first_s, retry_cap_s: pause before the first retry, doubled each time with jitter, and its cap.
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
    same_calls: int = 5
