"""Says in words which sandbox an agent runs in, and which setting changes that."""

from __future__ import annotations

from boocoder.errors import sentences
from boocoder.process.sandbox.profile import SandboxMechanism, SandboxProfile, SandboxUse
from boocoder.process.sandbox.sandbox import Sandbox
from boocoder.wire.rules import SandboxInUse

_OFF = "No sandbox: the agent's processes can read and write everything that you can, your secrets included."
_FILES = (
    "The agent's processes can write only the worktree and the agent's own state; the rest of your home directory "
    "is hidden from them."
)
_HOSTS = "They can connect only to model servers and to what sandbox.hosts names."
_UNAVAILABLE = "No turn begins: this machine cannot enforce the profile."
_TURN_ON = 'Set sandbox.profile = "auto" in the settings file to confine agents.'


def confinement(sandbox: Sandbox, use: SandboxUse) -> SandboxInUse:
    """What confines an agent's processes now.

    Args:
        use: a process of the agent, with the project for one of a single session.
    """
    profile, support = sandbox.profile_of(use), sandbox.support
    if profile is not SandboxProfile.OFF:
        if support.mechanism is not SandboxMechanism.NONE:
            said = sentences(_FILES, _HOSTS) if profile is SandboxProfile.NETWORK else _FILES
            return SandboxInUse(profile, support.mechanism, said, "")
        cure = sentences(support.cure, 'Or set sandbox.profile = "auto".')
        return SandboxInUse(profile, support.mechanism, sentences(_UNAVAILABLE, support.reason), cure)
    exemption = sandbox.exemption(use)
    if exemption:
        cure = f"It is exempt by {exemption}: remove that to confine the agent."
    elif sandbox.wanted is SandboxProfile.OFF:
        cure = _TURN_ON
    else:
        cure = sentences(support.reason, support.cure)
    return SandboxInUse(profile, SandboxMechanism.NONE, _OFF, cure)
