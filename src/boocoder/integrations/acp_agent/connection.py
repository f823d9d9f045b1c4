"""The connection with the editor: its requests are dispatched, ours are sent and can be withdrawn."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from acp import RequestError
from acp.connection import Connection
from acp.schema import (
    CreateFormSessionElicitationRequest,
    RequestPermissionRequest,
    RequestPermissionResponse,
)
from pydantic import BaseModel, ValidationError

from boocoder.errors import BoocoderError, InvalidInput, NotFound
from boocoder.integrations.acp_agent.transport import SENT_REQUEST, SentRequest, StdioTransport

log = logging.getLogger(__name__)

INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
RESOURCE_NOT_FOUND = -32002

Handler = Callable[[Mapping[str, object]], Awaitable[BaseModel | None]]
T = TypeVar("T", bound=BaseModel)


class EditorConnection:
    """JSON-RPC with one editor.

    Args:
        transport: carries the messages.
        requests: handlers by method; a BoocoderError becomes an error answer with its cure.
        notifications: likewise; those that are not listed are ignored.
    """

    def __init__(
        self, transport: StdioTransport, *, requests: Mapping[str, Handler], notifications: Mapping[str, Handler]
    ) -> None:
        self._requests = requests
        self._notifications = notifications
        self._connection = Connection(self._dispatch, transport, listening=False)

    async def serve(self) -> None:
        """Answer until the editor closes the input."""
        try:
            await self._connection.main_loop()
        finally:
            await self._connection.close()

    async def update(self, session_id: str, update: BaseModel) -> None:
        """Send a `session/update`.

        Raises:
            ConnectionError: the editor is gone.
        """
        await self._connection.send_notification("session/update", {"sessionId": session_id, "update": dumped(update)})

    async def ask_permission(self, request: RequestPermissionRequest) -> str | None:
        """The id of the option that was chosen; None if the editor dismissed the request.

        Cancelling the call withdraws the request.

        Raises:
            ConnectionError: the editor is gone.
            RequestError: the editor does not support it.
        """
        answer = await self._ask("session/request_permission", request)
        outcome = RequestPermissionResponse.model_validate(answer).outcome
        return getattr(outcome, "option_id", None)

    async def ask_form(self, request: CreateFormSessionElicitationRequest) -> Mapping[str, object] | None:
        """The fields of a form that a person filled in; None if it was declined. Errors as of `ask_permission`."""
        answer = await self._ask("elicitation/create", request)
        if not isinstance(answer, dict) or answer.get("action") != "accept":
            return None
        content = answer.get("content")
        return content if isinstance(content, dict) else {}

    async def _ask(self, method: str, request: BaseModel) -> object:
        noted = SentRequest()
        token = SENT_REQUEST.set(noted)
        try:
            answer: object = await self._connection.send_request(method, dumped(request))
        except asyncio.CancelledError:
            if noted.id is not None:
                await self._withdraw(noted.id)
            raise
        finally:
            SENT_REQUEST.reset(token)
        return answer

    async def _withdraw(self, request_id: object) -> None:
        try:
            await self._connection.send_notification("$/cancel_request", {"requestId": request_id})
        except ConnectionError:
            log.debug("the editor was gone before a request was withdrawn")

    async def _dispatch(self, method: str, params: object, is_notification: bool) -> object:
        handlers = self._notifications if is_notification else self._requests
        handler = handlers.get(method)
        if handler is None:
            if is_notification:
                return None
            raise RequestError.method_not_found(method)
        try:
            result = await handler(params if isinstance(params, dict) else {})
        except BoocoderError as error:
            raise request_error(error) from error
        return {} if result is None else dumped(result)


def dumped(model: BaseModel) -> dict[str, object]:
    """The model as JSON values: without what was not set."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)


def parsed(kind: type[T], params: Mapping[str, object]) -> T:
    """The parameters of a request.

    Raises:
        RequestError: they are not valid; the answer names the fields.
    """
    try:
        return kind.model_validate(params)
    except ValidationError as error:
        fields = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)[:5]]
        raise RequestError(INVALID_PARAMS, f"Invalid params: {'; '.join(fields)}") from error


def request_error(error: BoocoderError) -> RequestError:
    """The error as an answer; its message ends with the cure."""
    code = INTERNAL_ERROR
    if isinstance(error, NotFound):
        code = RESOURCE_NOT_FOUND
    elif isinstance(error, InvalidInput):
        code = INVALID_PARAMS
    return RequestError(code, str(error), {"code": error.code, "cure": error.cure})
