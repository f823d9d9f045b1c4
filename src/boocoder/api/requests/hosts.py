"""Bodies of requests about hosts."""

from __future__ import annotations

from boocoder.api.requests.fields import Input


class HostPatch(Input):
    """Whether a host takes no new session."""

    drained: bool
