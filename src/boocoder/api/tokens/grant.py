"""What the credential of a request allows."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Scope

from boocoder.api.access import Access
from boocoder.model.access_token import TokenScope
from boocoder.model.ids import ProjectId

GRANT = "grant"  # key in a request's state

_READS = frozenset({Access.ANY, Access.READ, Access.REQUESTS})
ALLOWED: dict[TokenScope, frozenset[Access]] = {
    TokenScope.FULL: frozenset(Access),
    TokenScope.READ: _READS,
    TokenScope.START: _READS | {Access.START},
    TokenScope.ANSWER: frozenset({Access.ANY, Access.REQUESTS, Access.ANSWER}),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """What a credential allows: routes of a scope, on all projects or on one."""

    scope: TokenScope = TokenScope.FULL
    project_id: ProjectId | None = None

    def allows(self, access: Access) -> bool:
        """Whether routes of this access may be called."""
        return access in ALLOWED[self.scope]


def grant_of(scope: Scope) -> Grant | None:
    """The grant of a request that was let in; None for any other."""
    found = scope.get("state", {}).get(GRANT)
    return found if isinstance(found, Grant) else None
