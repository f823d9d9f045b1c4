"""Agents that are known to speak ACP, as data: how to start them, what their words mean, how to get them."""

from __future__ import annotations

from collections.abc import Mapping

from boocoder.backends.acp.settings import AcpAgent, UsageMeaning

_NPM = "Install it: npm install -g"
_OPENAI = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL")
_ANTHROPIC = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL")
_GOOGLE = ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GEMINI_MODEL")

_AGENTS = (
    AcpAgent(
        name="goose",
        argv=("goose", "acp"),
        keep_env=(
            "GOOSE_PROVIDER",
            "GOOSE_MODEL",
            "GOOSE_DISABLE_KEYRING",
            "OPENAI_HOST",
            *_OPENAI,
            *_ANTHROPIC,
            *_GOOGLE,
        ),
        usage=UsageMeaning.LAST_CALL,
        safe_mode="approve",
        free_mode="auto",
        error_text=r"Ran into this error: (.*?)\s*Please retry if you think this is a transient or recoverable error\.",
        install="Install goose by its own installer; another program of that name does not do.",
        login="goose configure",
    ),
    AcpAgent(
        name="opencode-acp",
        argv=("opencode", "acp"),
        env={"OPENCODE_DISABLE_AUTOUPDATE": "1"},
        keep_env=(*_OPENAI, *_ANTHROPIC, *_GOOGLE),
        usage=UsageMeaning.LAST_CALL,
        install=f"{_NPM} opencode-ai",
        login="opencode auth login",
    ),
    AcpAgent(
        name="qwen",
        argv=("qwen", "--acp"),
        env={"QWEN_CODE_NO_RELAUNCH": "true"},
        keep_env=_OPENAI,
        safe_mode="default",  # it begins in "auto", where a model judges each action
        free_mode="yolo",
        install=f"{_NPM} @qwen-code/qwen-code",
        login="qwen",
    ),
    AcpAgent(
        name="gemini",
        argv=("gemini", "--acp"),
        env={"GEMINI_CLI_NO_RELAUNCH": "true"},
        keep_env=_GOOGLE,
        safe_mode="default",
        free_mode="yolo",
        install=f"{_NPM} @google/gemini-cli",
        login="gemini",
    ),
    AcpAgent(
        name="claude",
        argv=("claude-agent-acp",),
        env={"DISABLE_AUTOUPDATER": "1"},
        keep_env=("ANTHROPIC_SMALL_FAST_MODEL", "CLAUDE_CODE_OAUTH_TOKEN", "IS_SANDBOX", *_ANTHROPIC),
        safe_mode="default",
        free_mode="bypassPermissions",
        install=f"{_NPM} @agentclientprotocol/claude-agent-acp",
        login="claude /login",
    ),
    AcpAgent(
        name="codex",
        argv=("codex-acp",),
        env={"NO_BROWSER": "1"},
        keep_env=("CODEX_API_KEY", "MODEL_PROVIDER", *_OPENAI),
        safe_mode="agent",
        free_mode="agent-full-access",
        install=f"{_NPM} @agentclientprotocol/codex-acp",
        login="codex login",
    ),
    AcpAgent(
        name="kimi",
        argv=("kimi", "acp"),
        keep_env=("KIMI_API_KEY", "KIMI_BASE_URL"),
        install="Install it: pip install kimi-cli",
        login="kimi",
    ),
    AcpAgent(
        name="mistral-vibe",
        argv=("vibe-acp",),
        keep_env=("MISTRAL_API_KEY",),
        usage=UsageMeaning.CUMULATIVE,
        safe_mode="ask",
        free_mode="auto-approve",
        install="Install it: pip install mistral-vibe",
        login="vibe --setup",
    ),
    AcpAgent(
        name="copilot",
        argv=("copilot", "--acp"),
        env={"COPILOT_AUTO_UPDATE": "false"},
        keep_env=("GH_TOKEN", "GITHUB_TOKEN", "COPILOT_MODEL", "COPILOT_PROVIDER_BASE_URL", "COPILOT_PROVIDER_API_KEY"),
        usage=UsageMeaning.CUMULATIVE,
        install=f"{_NPM} @github/copilot",
        login="copilot login",
    ),
)

KNOWN_ACP_AGENTS: Mapping[str, AcpAgent] = {agent.name: agent for agent in _AGENTS}
"""By name."""
