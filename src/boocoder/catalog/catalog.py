"""The catalogue of this host's agents: finds, identifies, tries and remembers them.

Readers get the last answer at once; an answer older than `fresh_s` is renewed in the background, and an agent is
never tried twice at the same time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from boocoder.backends.base import Backend
from boocoder.catalog.candidate import Candidate, FoundAgent
from boocoder.catalog.identification import WrongProgram
from boocoder.catalog.watchers import AgentWatch, Watchers
from boocoder.db.core.pool import Database
from boocoder.db.registry import agents as agent_rows
from boocoder.errors import BoocoderError, Unavailable, sentences
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.ids import HostId
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

NOT_TRIED = "Installed; not tried yet."
TRIES_AT_ONCE = 2  # a try costs seconds of a processor and 100 to 600 MB
RETRY_S = 30.0  # what failed is tried again for a task no sooner
UNKNOWN_VERSION = "unknown"  # of an agent that reports none
_ASK_AGAIN = "Ask it again with: boocoder agents --probe"


class _CatalogEntry:
    """One agent: what was found, and what is under way."""

    def __init__(self, candidate: Candidate) -> None:
        self.candidate = candidate
        self.found: FoundAgent | None = None
        self.info = AgentInfo(candidate.name, "", AgentState.LOADING)
        self.identified = False
        self.asked_at: float | None = None
        self.identifying: asyncio.Task[None] | None = None
        self.trying: asyncio.Task[AgentInfo] | None = None

    @property
    def settled(self) -> bool:
        """Whether a task may rely on what is known."""
        return self.info.state is AgentState.READY and self.info.tried

    def older_than(self, limit_s: float) -> bool:
        """Whether the last answer is."""
        return self.asked_at is not None and time.monotonic() - self.asked_at > limit_s


WAYS_TO_AN_AGENT = (
    "Three ways to get one: install an agent (boocoder agents show opencode says how); or run a local model server and "
    "set models.base_url to its address, which the native agent uses; or try the scripted agent without any model: "
    "boocoder open, then the demo."
)


class AgentCatalog:
    """The agents of one host. A `service.Service`.

    Args:
        database: where the answers are kept.
        host_id: whose agents they are.
        candidates: in the order in which a task that names no agent prefers them.
        preferred: name of the agent for tasks that name none; empty for the first that is ready.
    """

    def __init__(
        self, *, database: Database, host_id: HostId, candidates: Sequence[Candidate], preferred: str = ""
    ) -> None:
        self._database = database
        self._host_id = host_id
        self._preferred = preferred
        self._places = {candidate.name: _CatalogEntry(candidate) for candidate in candidates}
        self._gate = asyncio.Semaphore(TRIES_AT_ONCE)
        self._identify_gate = asyncio.Semaphore(TRIES_AT_ONCE)
        self._watchers = Watchers()
        self._supervisor = TaskSupervisor("catalog")
        self._looking = asyncio.Lock()
        self._looked = False

    async def start(self) -> None:
        """Find the programs, store what is known, and start identifying in the background."""
        await self._look()
        async with self._database.transaction() as conn:
            await agent_rows.keep_agents(conn, self._host_id, self._places)
            for place in self._places.values():
                await agent_rows.put_agent(conn, self._host_id, place.info)
        for place in self._places.values():
            if place.found is not None:
                self._begin(place) if place.candidate.eager else self._begin_identify(place)

    async def stop(self) -> None:
        """End what is asked, then every agent. Safe twice and before start."""
        await self._supervisor.stop()
        for place in self._places.values():
            if place.found is None:
                continue
            try:
                await place.found.backend.stop()
            except BoocoderError as error:
                log.error("backend did not stop cleanly", extra={"agent": place.info.name}, exc_info=error)

    async def add(self, candidate: Candidate) -> None:
        """Offer one more agent from now on; one of this name that is there stays."""
        await self._look()
        if candidate.name in self._places:
            return
        place = self._places[candidate.name] = _CatalogEntry(candidate)
        await self._look_again(place)
        await self._store(place, place.info)
        if place.found is not None:
            await asyncio.shield(self._begin(place))

    def agents(self) -> tuple[AgentInfo, ...]:
        """What is known now; what is stale is asked again in the background."""
        for place in self._places.values():
            if place.found is not None and place.info.tried and place.older_than(place.candidate.fresh_s):
                self._begin(place)
        return tuple(place.info for place in self._places.values())

    @contextmanager
    def watch(self) -> Iterator[AgentWatch]:
        """Hear of every change for the time of the block; the first news is all that is known."""
        with self._watchers.open(self.agents()) as watch:
            yield watch

    def backend(self, agent: str) -> Backend | None:
        """The driver of an agent, None if there is none of that name or it is not here."""
        place = self._places.get(agent)
        return place.found.backend if place is not None and place.found is not None else None

    async def info(self, agent: str) -> AgentInfo | None:
        """What a task may rely on: an agent that was not tried yet, or failed a while ago, is tried now.

        None if it is unknown.
        """
        place = self._places.get(agent)
        if place is None:
            return None
        await self._look()
        if place.found is None and place.older_than(RETRY_S):
            await self._look_again(place)
        if place.found is None or place.settled:
            return place.info
        if place.info.tried and not place.older_than(RETRY_S):
            return place.info
        return await asyncio.shield(self._begin(place))

    async def probe(self, names: Iterable[str] | None = None) -> tuple[AgentInfo, ...]:
        """Try the agents now and wait for their answers; joins tries that run already.

        Args:
            names: which; None for all that are installed. Unknown names are left out.
        """
        await self._look()
        wanted = set(self._places) if names is None else set(names)
        places = [place for name, place in self._places.items() if name in wanted]
        for place in places:
            if place.found is None:
                await self._look_again(place)
        for task in [self._begin(place) for place in places if place.found is not None]:
            await asyncio.shield(task)
        return self.agents()

    async def choose(self) -> str:
        """The agent for a task that names none: the preferred one, else the first that is ready.

        One that a person has to sign in to is taken only when it is known that they did, or their settings name it.

        Raises:
            Unavailable: none is ready; the text says why for each that is installed.
        """
        if self._preferred:
            return self._preferred
        await self._look()
        here = [place for place in self._places.values() if place.found is not None]
        for place in here:
            if not place.settled and not _usable_unasked(place.candidate, place.info):
                continue  # trying it would take seconds and could hardly make it the one
            info = await self.info(place.candidate.name)
            if info is not None and info.state is AgentState.READY and _usable_unasked(place.candidate, info):
                return info.name
        infos = [place.info for place in here]
        reasons = sentences(*(f"{info.name}: {info.reason or _not_signed_in(info)}" for info in infos))
        cures = sentences(*(info.cure for info in infos))
        raise Unavailable(
            "no_agent_ready", sentences("No agent is ready.", reasons), sentences(cures, WAYS_TO_AN_AGENT)
        )

    async def _look(self) -> None:
        """Find the programs, once."""
        async with self._looking:
            if not self._looked:
                for place in self._places.values():
                    await self._find(place)
            self._looked = True

    async def _look_again(self, place: _CatalogEntry) -> None:
        """Look for an agent that was not there."""
        async with self._looking:
            if place.found is None:
                await self._find(place)

    async def _find(self, place: _CatalogEntry) -> None:
        found = place.candidate.find()
        if isinstance(found, AgentInfo):
            place.asked_at = time.monotonic()
            self._set(place, found)
            return
        await found.backend.start()
        place.found = found
        self._set(place, found.about)

    def _begin(self, place: _CatalogEntry) -> asyncio.Task[AgentInfo]:
        if place.trying is None:
            place.trying = self._supervisor.spawn(self._try(place), f"try {place.candidate.name}")
        return place.trying

    def _begin_identify(self, place: _CatalogEntry) -> asyncio.Task[None]:
        if place.identifying is None:
            place.identifying = self._supervisor.spawn(self._identify(place), f"identify {place.candidate.name}")
        return place.identifying

    async def _identify(self, place: _CatalogEntry) -> None:
        """Identify the program, unless that is done already."""
        try:
            await self._store(place, await self._identified(place))
        finally:
            place.asked_at = time.monotonic()
            place.identifying = None

    async def _identified(self, place: _CatalogEntry) -> AgentInfo:
        found, info = place.found, place.info
        assert found is not None
        try:
            if found.identify is not None:
                async with self._identify_gate:
                    info = replace(info, version=await found.identify())
        except WrongProgram as error:
            cure = f"{_install_words(info)} If it is elsewhere, name its path in agents.{info.name}.command."
            return _failed(found.about, AgentState.UNAVAILABLE, error.text, cure.strip())
        except BoocoderError as error:
            return _failed(found.about, AgentState.ERROR, error.text, error.cure or _ASK_AGAIN)
        place.identified = True
        if place.candidate.eager or info.tried:
            return info
        return found.complete(replace(info, state=AgentState.READY, reason=NOT_TRIED, cure=""))

    async def _try(self, place: _CatalogEntry) -> AgentInfo:
        assert place.found is not None
        try:
            if not place.identified:
                await asyncio.shield(self._begin_identify(place))
            if place.identified:
                async with self._gate:
                    info = await self._ask(place, place.found)
                await self._store(place, info)
            return place.info
        finally:
            place.asked_at = time.monotonic()
            place.trying = None

    async def _ask(self, place: _CatalogEntry, found: FoundAgent) -> AgentInfo:
        limit_s = place.candidate.probe_timeout_s
        try:
            async with asyncio.timeout(limit_s):
                info = await found.backend.probe()
        except TimeoutError:
            reason = f"It gave no answer within {limit_s:g} s."
            return _failed(replace(found.about, version=place.info.version), AgentState.ERROR, reason, _ASK_AGAIN)
        about = found.about
        known = replace(
            info,
            name=about.name,
            version=info.version if info.version not in ("", UNKNOWN_VERSION) else place.info.version or info.version,
            program=info.program or about.program,
            title=about.title,
            transport=about.transport,
            install=about.install,
            login=about.login,
            tried=True,
        )
        return found.complete(known)

    async def _store(self, place: _CatalogEntry, info: AgentInfo) -> None:
        self._set(place, info)
        async with self._database.transaction() as conn:
            await agent_rows.put_agent(conn, self._host_id, place.info)

    def _set(self, place: _CatalogEntry, info: AgentInfo) -> None:
        if info == place.info and place.info.changed_at is not None:
            return
        place.info = replace(info, changed_at=datetime.now(UTC))
        self._watchers.notify(place.info)


def _failed(about: AgentInfo, state: AgentState, reason: str, cure: str) -> AgentInfo:
    return replace(about, state=state, reason=reason, cure=cure, tried=True)


def _usable_unasked(candidate: Candidate, info: AgentInfo) -> bool:
    return candidate.wanted or not info.login or info.signed_in is True


def _not_signed_in(info: AgentInfo) -> str:
    return f"it is not known whether you are signed in (`{info.login}`); name it in default_agent to use it."


def _install_words(info: AgentInfo) -> str:
    return f"Install it: {info.install}" if info.install else ""
