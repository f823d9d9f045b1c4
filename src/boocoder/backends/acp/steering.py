"""Gives messages of a person to a running turn by the extension `_session/steering`.

An agent that has it says `_meta.steering.supported` in its answer to `initialize` (claude-agent-acp 0.100, codex-acp
2.6). It answers `injected`, or, because we ask for that, `promptRequired` where no turn runs any more.
"""

from __future__ import annotations

import asyncio

from boocoder.backends.acp.protocol.agent_process import AgentProcess
from boocoder.backends.acp.protocol.connection import RequestRefused
from boocoder.backends.acp.updates.translator import AcpTranslator
from boocoder.backends.base import SteerMessage
from boocoder.errors import BackendError
from boocoder.model.steer import SteerResult

METHOD = "_session/steering"
_RESULTS = {"injected": SteerResult.CONFIRMED, "promptRequired": SteerResult.REFUSED}
_IDLE = {"steering": {"idleBehavior": "promptRequired"}}  # never begin a turn that nobody listens to


class AcpSteering:
    """The messages of one turn.

    Args:
        process: the agent.
        native_id: the turn's session.
        translator: what is said after a message is a part of its own.
        timeout_s: limit for the agent's answer.
    """

    def __init__(self, *, process: AgentProcess, native_id: str, translator: AcpTranslator, timeout_s: float) -> None:
        self._process = process
        self._native_id = native_id
        self._translator = translator
        self._timeout_s = timeout_s
        self._begun = asyncio.Event()
        self._over = False

    def begin(self) -> None:
        """The agent's input has the turn's prompt."""
        self._begun.set()

    def end(self) -> None:
        """The turn is over: what comes is refused. Safe twice."""
        self._over = True
        self._begun.set()

    async def deliver(self, message: SteerMessage) -> SteerResult:
        """Send a message; see `Backend.steer`."""
        if not self._process.capabilities.steering:
            return SteerResult.REFUSED
        await self._begun.wait()
        if self._over or not await message.sending() or self._over:
            return SteerResult.REFUSED
        self._translator.interrupt()
        prompt = [{"type": "text", "text": message.text}]
        params = {"sessionId": self._native_id, "prompt": prompt, "_meta": _IDLE}
        try:
            answer = await self._process.connection.call(METHOD, params, timeout_s=self._timeout_s)
        except RequestRefused:
            return SteerResult.REFUSED
        except BackendError:
            return SteerResult.UNKNOWN
        return _RESULTS.get(str(answer.get("outcome")), SteerResult.UNKNOWN)
