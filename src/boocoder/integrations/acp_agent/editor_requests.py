"""Permissions and questions of an agent, put to the editor; the first answer counts, here or elsewhere."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec
from acp import RequestError
from acp.schema import (
    CreateFormSessionElicitationRequest,
    PermissionOption,
    RequestPermissionRequest,
    ToolCallProgress,
    ToolCallUpdate,
)

from boocoder.client.http_client import Client, Json
from boocoder.errors import BoocoderError
from boocoder.events import frames
from boocoder.events.agent_event import Question
from boocoder.integrations.acp_agent.connection import EditorConnection
from boocoder.integrations.acp_agent.update_translator import message, text_content, tool_call_id
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

Request = frames.PermissionFrame | frames.QuestionFrame
Answer = dict[str, Json]

PERMISSION_OPTIONS = (
    PermissionOption(option_id="allow", name="Allow once", kind="allow_once"),
    PermissionOption(option_id="allow_session", name="Allow in this session", kind="allow_always"),
    PermissionOption(option_id="refuse", name="Refuse", kind="reject_once"),
)
DISMISS = PermissionOption(option_id="dismiss", name="Do not answer", kind="reject_once")


class EditorRequests:
    """The open requests of one session.

    Args:
        session_id: of the session.
        connection: with the editor.
        client: finds the service.
        forms: whether the editor shows forms (ACP's elicitation).
        supervisor: owner of the tasks that wait for an answer.
    """

    def __init__(
        self,
        *,
        session_id: str,
        connection: EditorConnection,
        client: Callable[[], Client],
        forms: bool,
        supervisor: TaskSupervisor,
    ) -> None:
        self._session_id = session_id
        self._connection = connection
        self._client = client
        self._forms = forms
        self._supervisor = supervisor
        self._held: dict[UUID, Request] | None = None
        self._open: dict[UUID, asyncio.Task[None]] = {}

    def hold(self) -> None:
        """Collect requests without asking: what history holds was decided long ago."""
        self._held = {}

    def release(self) -> None:
        """Ask what is still open."""
        held, self._held = self._held or {}, None
        for frame in held.values():
            self._ask(frame)

    async def take(self, frame: Request) -> None:
        """Take a frame: a new request is asked, a decided one is withdrawn."""
        if self._held is not None:
            self._held.pop(frame.request_id, None)
            if frame.state == "asked":
                self._held[frame.request_id] = frame
        elif frame.state == "asked":
            self._ask(frame)
        else:
            await self._decided(frame)

    def cancel(self) -> None:
        """Withdraw everything."""
        for task in self._open.values():
            task.cancel()
        self._open.clear()

    def _ask(self, frame: Request) -> None:
        if frame.request_id not in self._open:
            self._open[frame.request_id] = self._supervisor.spawn(self._put(frame), f"ask {frame.request_id}")

    async def _decided(self, frame: Request) -> None:
        task = self._open.pop(frame.request_id, None)
        known = frame.tool_part is not None
        if task is None or (task.done() and known):
            return
        task.cancel()
        # An editor that does not know $/cancel_request leaves a request when its tool call moves on.
        allowed = frame.state in ("allowed", "answered")
        await self._connection.update(
            self._session_id,
            ToolCallProgress(
                session_update="tool_call_update",
                tool_call_id=_call_id(frame),
                status=("in_progress" if known else "completed") if allowed else "failed",
            ),
        )

    async def _put(self, frame: Request) -> None:
        try:
            answer = await (
                self._permission(frame) if isinstance(frame, frames.PermissionFrame) else self._question(frame)
            )
            if answer is not None:
                await self._client().post(f"/api/permissions/{frame.request_id}/answer", msgspec.Raw, answer)
        except ConnectionError:
            log.debug("the editor left with an open request")
        except RequestError as error:
            log.warning("the editor refused a request", extra={"error": str(error)})
        except BoocoderError as error:
            log.info("an answer was not taken", extra={"code": error.code})  # somebody else was quicker

    async def _permission(self, frame: frames.PermissionFrame) -> Answer | None:
        title = frame.title or frame.tool
        chosen = await self._choose(frame, title, frame.argument, PERMISSION_OPTIONS)
        return None if chosen is None else {"decision": chosen}

    async def _question(self, frame: frames.QuestionFrame) -> Answer | None:
        if self._forms:
            return await self._fill_form(frame)
        if any(not one.choices or one.multiple for one in frame.questions):
            await self._tell_where(frame)
            return None
        answers: list[list[str]] = []
        for question in frame.questions:
            options = [
                PermissionOption(option_id=f"choice-{number}", name=choice, kind="allow_once")
                for number, choice in enumerate(question.choices)
            ]
            chosen = await self._choose(frame, question.text, "", [*options, DISMISS])
            if chosen is None:
                return None
            if chosen == DISMISS.option_id:
                return {"decision": "dismiss"}
            answers.append([question.choices[int(chosen.removeprefix("choice-"))]])
        return {"decision": "answer", "answers": answers}

    async def _choose(
        self, frame: Request, title: str, argument: str, options: Sequence[PermissionOption]
    ) -> str | None:
        call = ToolCallUpdate(tool_call_id=_call_id(frame), title=title, status="pending")
        if argument and argument != title:
            call = call.model_copy(update={"content": [text_content(argument)]})
        request = RequestPermissionRequest(session_id=self._session_id, tool_call=call, options=list(options))
        chosen = await self._connection.ask_permission(request)
        return chosen if chosen in [one.option_id for one in options] else None

    async def _fill_form(self, frame: frames.QuestionFrame) -> Answer | None:
        fields = await self._connection.ask_form(question_form(self._session_id, frame.questions))
        if fields is None:
            return {"decision": "dismiss"}
        answers = [_texts(fields.get(_field(number))) for number in range(len(frame.questions))]
        return {"decision": "answer", "answers": answers} if all(answers) else {"decision": "dismiss"}

    async def _tell_where(self, frame: frames.QuestionFrame) -> None:
        asked = "\n".join(f"- {one.text}" for one in frame.questions)
        text = (
            f"\n\nThe agent asks:\n{asked}\nAnswer on the page, or with "
            f"`boocoder permissions answer {str(frame.request_id)[:8]} ...`.\n\n"
        )
        await self._connection.update(self._session_id, message(text, None))


def question_form(session_id: str, questions: Sequence[Question]) -> CreateFormSessionElicitationRequest:
    """The form for the questions, with a field for each."""
    fields = {_field(number): _property(question) for number, question in enumerate(questions)}
    return CreateFormSessionElicitationRequest.model_validate(
        {
            "sessionId": session_id,
            "mode": "form",
            "message": "\n".join(one.text for one in questions),
            "requestedSchema": {"type": "object", "properties": fields, "required": list(fields)},
        }
    )


def _field(number: int) -> str:
    return f"answer_{number + 1}"


def _call_id(frame: Request) -> str:
    if frame.tool_part is None:
        return f"request-{frame.request_id}"
    return tool_call_id(frame.message_id, frame.tool_part)


def _property(question: Question) -> dict[str, object]:
    named: dict[str, object] = {"title": question.header or question.text, "description": question.text}
    if not question.choices:
        return {**named, "type": "string"}
    if question.multiple:
        return {**named, "type": "array", "items": {"type": "string", "enum": list(question.choices)}}
    return {**named, "type": "string", "enum": list(question.choices)}


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value] if value.strip() else []
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
