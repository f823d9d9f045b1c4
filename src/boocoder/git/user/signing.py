"""Signs commits as the user's own git does.

The repository's own configuration may name the key, but not the program: an agent can write it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from boocoder.errors import Conflict, Unavailable
from boocoder.git.project import Checkout
from boocoder.git.user.person import as_person

SIGN_TIMEOUT_S = 60.0  # a key on a token waits for a touch; a passphrase prompt without a terminal ends here
ASK_TIMEOUT_S = 30.0
SHOWN_CHARS = 500
UTF8 = "i18n.commitEncoding=UTF-8"
_PROGRAMS = {"gpg.program": "gpg", "gpg.x509.program": "gpgsm", "gpg.ssh.program": "ssh-keygen"}  # git's defaults


async def signed_commit(checkout: Checkout, args: Sequence[str], message: bytes, who: Mapping[str, str]) -> str:
    """Write a signed commit.

    Args:
        args: of `git`, beginning with `commit-tree`.
        message: its standard input.
        who: author and committer, as variables.

    Returns:
        The commit's id.

    Raises:
        Conflict: `commit_not_signed`, with the program's output.
    """
    options = ("-c", UTF8, "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
    programs = [option for key in _PROGRAMS for option in ("-c", f"{key}={await _program(checkout, key)}")]
    name, *rest = args
    argv = ("git", *options, *programs, name, "-S", *rest)
    try:
        done = await as_person(checkout, argv, timeout_s=SIGN_TIMEOUT_S, stdin=message, variables=who)
    except Unavailable as error:
        raise _not_signed(error.text) from error
    if done.returncode != 0:
        raise _not_signed(done.stderr.strip()[-SHOWN_CHARS:])
    return done.stdout.decode().strip()


async def _program(checkout: Checkout, key: str) -> str:
    """The program that the user's own configuration names."""
    for scope in ("--global", "--system"):
        argv = ("git", "config", scope, "--type=path", "--get", key)
        found = await as_person(checkout, argv, timeout_s=ASK_TIMEOUT_S)
        if found.returncode == 0:
            return found.stdout.decode("utf-8", "surrogateescape").strip()
    return _PROGRAMS[key]


def _not_signed(said: str) -> Conflict:
    return Conflict(
        "commit_not_signed",
        f"git could not sign the commit; nothing was touched. It said: {said or 'nothing'}",
        "Unlock your key (`git commit-tree -S -m test HEAD^{tree}` tries it), or set sign_commits to false.",
    )
