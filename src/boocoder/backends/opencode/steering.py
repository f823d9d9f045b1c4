"""Gives messages of a person to a running turn: opencode takes a second prompt into the session's loop.

The model call that runs ends, then the second prompt is answered, and both requests get that answer. A prompt that
comes a moment after the loop's end begins another loop, which is a part of the same turn here.
"""

from __future__ import annotations

import asyncio
import time

import msgspec

from boocoder.backends.base import SteerMessage
from boocoder.backends.opencode.http.client import OpenCodeClient, Prompt, PromptFilePart, PromptText, Unreachable
from boocoder.backends.opencode.ids import part_id, steer_message_id
from boocoder.backends.opencode.turn_events import Signal, SteerReplied
from boocoder.backends.shared.mailbox import Mailbox
from boocoder.errors import BackendError
from boocoder.model.ids import TaskId
from boocoder.model.steer import SteerResult
from boocoder.service import TaskSupervisor


class OpenCodeSteering:
    """The messages of one turn.

    Args:
        client: the server.
        session_id: the turn's session.
        task_id: marks the messages' ids.
        prompt: the turn's; a message goes to the same model and agent.
        mail: gets one SteerReplied for every message that was sent.

    Attributes:
        open: messages that were sent and have no SteerReplied that was handled.
    """

    def __init__(
        self, *, client: OpenCodeClient, session_id: str, task_id: TaskId, prompt: Prompt, mail: Mailbox[Signal]
    ) -> None:
        self._client = client
        self._session = session_id
        self._task_id = task_id
        self._prompt = prompt
        self._mail = mail
        self._accepted = asyncio.Event()
        self._over = False
        self._sent: dict[str, asyncio.Future[SteerResult]] = {}
        self._tasks = TaskSupervisor("opencode-steering")
        self.open = 0

    async def deliver(self, message: SteerMessage) -> SteerResult:
        """Send a message once opencode has the turn's prompt; see `Backend.steer`."""
        await self._accepted.wait()
        if self._over or not await message.sending() or self._over:
            return SteerResult.REFUSED
        identity = steer_message_id(self._task_id, time.time())
        parts: list[PromptText | PromptFilePart] = [PromptText(part_id(identity), message.text)]
        prompt = msgspec.structs.replace(self._prompt, message_id=identity, parts=parts)
        result: asyncio.Future[SteerResult] = asyncio.get_running_loop().create_future()
        self._sent[identity] = result
        self.open += 1
        self._tasks.spawn(self._send(prompt), "message")
        return await result

    @property
    def used(self) -> bool:
        """Whether a message was given to opencode."""
        return bool(self._sent)

    def on_message(self, message_id: str) -> None:
        """opencode has stored this message."""
        if message_id == self._prompt.message_id:
            self._accepted.set()
        self._settle(message_id, SteerResult.CONFIRMED)

    async def stop(self) -> None:
        """The turn is over: what comes is refused, and of what was sent without a sign nobody knows. Safe twice."""
        self._over = True
        self._accepted.set()
        for message_id in list(self._sent):
            self._settle(message_id, SteerResult.UNKNOWN)
        await self._tasks.stop()

    async def _send(self, prompt: Prompt) -> None:
        try:
            reply = await self._client.prompt(self._session, prompt)
        except BackendError as error:
            unknown = isinstance(error, Unreachable) and error.delivered
            self._settle(prompt.message_id, SteerResult.UNKNOWN if unknown else SteerResult.REFUSED)
            self._mail.put(SteerReplied(None))
        else:
            self._settle(prompt.message_id, SteerResult.CONFIRMED)
            self._mail.put(SteerReplied(reply))

    def _settle(self, message_id: str, result: SteerResult) -> None:
        sent = self._sent.get(message_id)
        if sent is not None and not sent.done():
            sent.set_result(result)
