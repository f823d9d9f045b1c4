"""What the credential of a request allows."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.types import Scope

from boocoder.api.access import Access
from boocoder.db.registry.access_tokens import AccessToken
from boocoder.intake.delegation import PERSON, AgentCaller, Starter
from boocoder.model.access_token import TokenScope
from boocoder.model.ids import ProjectId
from boocoder.model.task import TaskOrigin

GRANT = "grant"  # key in a request's state

_READS = frozenset({Access.ANY, Access.READ, Access.REQUESTS})
ALLOWED: dict[TokenScope, frozenset[Access]] = {
    TokenScope.FULL: frozenset(Access),
    TokenScope.READ: _READS,
    TokenScope.START: _READS | {Access.DELEGATE, Access.START},
    TokenScope.ANSWER: frozenset({Access.ANY, Access.REQUESTS, Access.ANSWER}),
}
AGENT_ALLOWED = _READS | {Access.DELEGATE}


@dataclass(frozen=True, slots=True)
class Grant:
    """What a credential allows: routes of a scope, on all projects or on one.

    Args:
        starter: as whom it starts tasks.
    """

    scope: TokenScope = TokenScope.FULL
    project_id: ProjectId | None = None
    starter: Starter = PERSON

    @classmethod
    def of_token(cls, token: AccessToken) -> Grant:
        """What a token that a person has given out allows."""
        return cls(token.scope, token.project_id, Starter(TaskOrigin.TOKEN, token.name))

    @classmethod
    def of_agent(cls, caller: AgentCaller) -> Grant:
        """What an agent may do during its turn: look at its project, start tasks in it, and cancel those."""
        return cls(TokenScope.START, caller.project_id, Starter(TaskOrigin.AGENT, agent=caller))

    def allows(self, access: Access) -> bool:
        """Whether routes of this access may be called."""
        return access in (ALLOWED[self.scope] if self.starter.agent is None else AGENT_ALLOWED)


def starter_of(request: HTTPConnection) -> Starter:
    """As whom a request starts tasks."""
    grant = grant_of(request.scope)
    return PERSON if grant is None else grant.starter


def grant_of(scope: Scope) -> Grant | None:
    """The grant of a request that was let in; None for any other."""
    found = scope.get("state", {}).get(GRANT)
    return found if isinstance(found, Grant) else None
