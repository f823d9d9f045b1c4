"""WebSocket with the streams of many sessions, news of agents, and changes of the session list."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from boocoder.api.services import ApiServices
from boocoder.api.streaming.socket_messages import (
    AgentsNews,
    AgentsUnwatched,
    Answer,
    Ping,
    Pong,
    SessionsNews,
    SessionsUnwatched,
    SocketError,
    Subscribe,
    Subscribed,
    Unsubscribe,
    Unsubscribed,
    UnwatchAgents,
    UnwatchSessions,
    WatchAgents,
    WatchSessions,
    decode_request,
)
from boocoder.broker.subscription import Subscription
from boocoder.db.conversation import sessions
from boocoder.db.registry.ids import OwnedKind, project_of
from boocoder.errors import BoocoderError
from boocoder.model.ids import ProjectId, SessionId
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

SUBSCRIPTIONS_MAX = 200  # of one socket; a screen shows a few dozen sessions
MESSAGES_BURST = 400  # a client subscribes to all its sessions at once
MESSAGES_PER_S = 20.0  # no person clicks faster
SESSIONS_EVERY_S = 0.25  # a list on a screen needs no more
CLOSE_UNSUPPORTED = 1003
CLOSE_POLICY = 1008


class Socket:
    """Runs one connection to its end.

    Args:
        websocket: not accepted yet.
        services: the broker and the database are used.
        project_id: only sessions of this project are shown, if it is given.
    """

    def __init__(self, *, websocket: WebSocket, services: ApiServices, project_id: ProjectId | None = None) -> None:
        self._websocket = websocket
        self._project_id = project_id
        self._own: dict[UUID, bool] = {}
        self._services = services
        self._supervisor = TaskSupervisor("socket")
        self._subscriptions: dict[SessionId, Subscription] = {}
        self._agents: asyncio.Task[None] | None = None
        self._sessions: asyncio.Task[None] | None = None
        self._allowance = float(MESSAGES_BURST)
        self._allowance_at = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Accept, then answer messages and send frames until one side ends it."""
        await self._websocket.accept()
        try:
            while (text := await self._receive()) is not None:
                await self._handle(text)
        except (WebSocketDisconnect, ConnectionAbortedError):
            pass  # the client is gone, or took nothing for too long
        finally:
            for subscription in tuple(self._subscriptions.values()):
                subscription.close()
            await self._supervisor.stop()

    async def _receive(self) -> str | None:
        """The next text; None when the connection is over, or was closed here for what came."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        text: str | None = message.get("text")
        if text is None:
            await self._websocket.close(CLOSE_UNSUPPORTED, "text messages only")
        elif not self._take_allowance():
            await self._websocket.close(CLOSE_POLICY, "too many messages")
            return None
        return text

    def _take_allowance(self) -> bool:
        now = asyncio.get_running_loop().time()
        earned = (now - self._allowance_at) * MESSAGES_PER_S
        self._allowance = min(float(MESSAGES_BURST), self._allowance + earned) - 1.0
        self._allowance_at = now
        return self._allowance >= 0

    async def _handle(self, text: str) -> None:
        try:
            request = decode_request(text)
        except (msgspec.DecodeError, RecursionError) as error:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
            await self._answer(SocketError("message_invalid", f"The message was not understood: {reason}."))
            return
        match request:
            case Subscribe():
                await self._subscribe(SessionId(request.session_id), request.after)
            case Unsubscribe():
                subscription = self._subscriptions.pop(SessionId(request.session_id), None)
                if subscription is not None:
                    subscription.close()
                await self._answer(Unsubscribed(request.session_id))
            case WatchAgents():
                self._end_agents()
                self._agents = self._supervisor.spawn(self._pump_agents(), "pump agents")
            case UnwatchAgents():
                self._end_agents()
                await self._answer(AgentsUnwatched())
            case WatchSessions():
                self._end_sessions()
                self._sessions = self._supervisor.spawn(self._pump_sessions(), "pump sessions")
            case UnwatchSessions():
                self._end_sessions()
                await self._answer(SessionsUnwatched())
            case Ping():
                await self._answer(Pong())

    async def _subscribe(self, session_id: SessionId, after: int) -> None:
        earlier = self._subscriptions.pop(session_id, None)
        if earlier is not None:
            earlier.close()
        if len(self._subscriptions) >= SUBSCRIPTIONS_MAX:
            text = f"One socket has at most {SUBSCRIPTIONS_MAX} subscriptions."
            await self._answer(SocketError("too_many_subscriptions", text, "Unsubscribe from some.", session_id))
            return
        try:
            async with self._services.database.connection() as conn:
                session = await sessions.get_session(conn, session_id)
            if self._project_id not in (None, session.project_id):
                raise sessions.session_not_found(session_id)
        except BoocoderError as error:
            await self._answer(SocketError(error.code, error.text, error.cure, session_id))
            return
        subscription = self._services.broker.subscribe(session_id, after)
        self._subscriptions[session_id] = subscription
        await self._answer(Subscribed(session_id, after))
        self._supervisor.spawn(self._pump(subscription), f"pump {session_id}")

    async def _pump(self, subscription: Subscription) -> None:
        """Send a subscription's frames, one message each."""
        text = ""
        try:
            while batch := await subscription.next_batch():
                for item in batch:
                    if self._is_current(subscription):
                        await self._websocket.send_text(item.data.decode())
        except BoocoderError as error:
            text = error.text
        except (WebSocketDisconnect, ConnectionAbortedError, RuntimeError):
            return  # the connection is over; the reading side sees it too
        finally:
            subscription.close()
        if self._is_current(subscription):
            del self._subscriptions[subscription.session_id]
            await self._answer(Unsubscribed(subscription.session_id, text))

    def _end_agents(self) -> None:
        if self._agents is not None:
            self._agents.cancel()
            self._agents = None

    async def _pump_agents(self) -> None:
        """Send what is known of the agents, and every change."""
        with self._services.agents.watch() as watch:
            while True:
                news = await watch.next_changes()
                try:
                    await self._answer(AgentsNews(news))
                except (WebSocketDisconnect, ConnectionAbortedError, RuntimeError):
                    return  # the connection is over; the reading side sees it too

    def _end_sessions(self) -> None:
        if self._sessions is not None:
            self._sessions.cancel()
            self._sessions = None

    async def _pump_sessions(self) -> None:
        """Name the sessions that moved, those of a short time together."""
        with self._services.broker.watch_sessions() as moves:
            try:
                await self._answer(SessionsNews(()))
                while True:
                    await self._answer(SessionsNews(await self._visible(await moves.next_sessions())))
                    await asyncio.sleep(SESSIONS_EVERY_S)
            except (WebSocketDisconnect, ConnectionAbortedError, RuntimeError):
                return  # the connection is over; the reading side sees it too

    async def _visible(self, ids: Sequence[UUID]) -> tuple[UUID, ...]:
        """Those of the sessions that the client may see."""
        if self._project_id is None:
            return tuple(ids)
        async with self._services.database.connection() as conn:
            for one in ids:
                if one not in self._own:
                    self._own[one] = await project_of(conn, OwnedKind.SESSION, one) == self._project_id
        return tuple(one for one in ids if self._own[one])

    def _is_current(self, subscription: Subscription) -> bool:
        return self._subscriptions.get(subscription.session_id) is subscription

    async def _answer(self, answer: Answer) -> None:
        await self._websocket.send_text(msgspec.json.encode(answer).decode())
