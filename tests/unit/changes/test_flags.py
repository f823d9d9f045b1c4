"""What is flagged in a changed file, and what is not."""

from __future__ import annotations

import pytest

from boocoder.changes.diff.flags import LINES_MAX, Flag, FlagKind, flags_of
from boocoder.git.diff.patch import Hunk, PatchStatus, RawChange

OLD, NEW, NONE = "1" * 40, "2" * 40, "0" * 40


def raw(
    path: bytes, *, status: PatchStatus = "M", old_path: bytes | None = None, old: str = "100644", new: str = "100644"
) -> RawChange:
    return RawChange(
        path, old_path, status, old, new, NONE if old == "000000" else OLD, NONE if new == "000000" else NEW
    )


def flags(
    change: RawChange, *added: bytes, target: bytes | None = None, binary: bool = False, new_size: int | None = 10
) -> tuple[Flag, ...]:
    lines = tuple(line + b"\n" for line in added)
    hunks = (Hunk(3, (b"old\n",), 5, lines, len(lines), 1),) if lines else ()
    return flags_of(change, hunks, target=target, binary=binary, new_size=new_size)


def kinds(*args: object, **named: object) -> set[str]:
    return {flag.kind.value for flag in flags(*args, **named)}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (b".gitattributes", "git_file"),
        (b"deep/in/.gitmodules", "git_file"),
        (b".githooks/anything", "git_file"),
        (b"tools/hooks/pre-commit", "git_file"),
        (b".pre-commit-config.yaml", "git_file"),
        (b".github/workflows/test.yml", "ci_file"),
        (b".gitlab-ci.yml", "ci_file"),
        (b"Jenkinsfile", "ci_file"),
        (b"ci/Jenkinsfile.release", "ci_file"),
        (b"CLAUDE.md", "agent_file"),
        (b"pkg/AGENTS.md", "agent_file"),
        (b".claude/settings.json", "agent_file"),
        (b".cursor/rules/a.mdc", "agent_file"),
        (b"opencode.json", "agent_file"),
        (b".mcp.json", "agent_file"),
        (b".github/copilot-instructions.md", "agent_file"),
        (b"setup.py", "build_hook"),
        (b"build.rs", "build_hook"),
        (b".vscode/tasks.json", "build_hook"),
        (b"x/y.pth", "build_hook"),
        (b".envrc", "build_hook"),
    ],
)
def test_paths_that_steer_something(path: bytes, kind: str) -> None:
    assert kinds(raw(path)) == {kind}
    assert kinds(raw(path.upper())) == {kind}
    assert kinds(raw(b"plain.txt", status="R", old_path=path)) == {kind}
    assert kinds(raw(path, status="D", new="000000"), new_size=None) == {kind}


@pytest.mark.parametrize(
    "path",
    [
        b"src/setup_py.txt",
        b"docs/agents.md.txt",
        b"github/workflows/a.yml",
        b"my.gitattributes",
        b"claude.mdx",
        b"hooks/use_x.ts",
    ],
)
def test_paths_that_only_look_like_it(path: bytes) -> None:
    assert kinds(raw(path)) == set()


def test_one_path_of_two_kinds() -> None:
    assert kinds(raw(b".claude/hooks/pre-commit")) == {"agent_file", "git_file"}


@pytest.mark.parametrize(
    ("path", "target", "flagged"),
    [
        (b"link", b"/etc/passwd", True),
        (b"link", b"..", True),
        (b"a/b/link", b"../../../x", True),
        (b"a/b/link", b"../../x", False),
        (b"a/link", b"b/../../c", False),
        (b"a/link", b"./b/../../../c", True),
        (b"a/link", b"../.GIT/hooks", True),
        (b"link", b"", False),
    ],
)
def test_symbolic_links_that_leave_the_root(path: bytes, target: bytes, flagged: bool) -> None:
    found = kinds(raw(path, status="A", old="000000", new="120000"), target=target)
    assert found == ({"symlink_outside"} if flagged else set())


def test_the_executable_bit_is_flagged_when_it_comes_only() -> None:
    assert kinds(raw(b"run", new="100755")) == {"executable"}
    assert kinds(raw(b"run", status="A", old="000000", new="100755")) == {"executable"}
    assert kinds(raw(b"run", old="100755", new="100755")) == set()
    assert kinds(raw(b"run", old="100755")) == set()


def test_binaries_large_files_and_submodules() -> None:
    assert kinds(raw(b"a.png"), binary=True) == {"binary"}
    assert kinds(raw(b"a.png", status="D", new="000000"), binary=True, new_size=None) == set()
    assert kinds(raw(b"a.json"), new_size=2 * 1024 * 1024) == {"large"}
    assert kinds(raw(b"sub", status="A", old="000000", new="160000"), new_size=None) == {"submodule"}


SECRETS = [
    b"-----BEGIN RSA PRIVATE KEY-----",
    b"-----BEGIN OPENSSH PRIVATE KEY-----",
    b"-----BEGIN PGP PRIVATE KEY BLOCK-----",
    b"id = 'AKIA" + b"Z7QK4M2N8P5R3T6V'",
    b"x ghp_" + b"a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    b"glpat-" + b"a1B2c3D4e5F6g7H8i9J0",
    b"'xoxb-" + b"123456789012-abcdefgh'",
    b"sk-ant-" + b"a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6",
    b"AIza" + b"SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
    b'API_KEY = "9fK2mQ7xLw4ZpT1vRb8s"',
    b'  "client_secret": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",',
    b"password: Tr0ub4dor&3".replace(b"&", b"x9Kq2Lm7"),
    b"os.environ['ACCESS_TOKEN'] = 'f81Kd02mXq7PzL3v'",
]


@pytest.mark.parametrize("line", SECRETS)
def test_secrets_are_told_by_line_and_never_shown(line: bytes) -> None:
    found = flags(raw(b"a.py"), b"first", b"second " + line)
    assert [(flag.kind, flag.line) for flag in found] == [(FlagKind.SECRET, 6)]
    value = line.split()[-1].strip(b"\"',").decode()
    assert value not in found[0].reason


@pytest.mark.parametrize(
    "line",
    [
        b"token = get_token_from_environment()",
        b"API_KEY = os.environ['API_KEY']",
        b'password = "your_password_goes_here_123"',
        b"AWS = 'AKIAIOSFODNN7EXAMPLE'",
        b"secret_name = 'the-name-of-the-secret'",
        b"token: str",
        b"keyboard = 'abcdefgh12345678ijkl'",
        b"-----BEGIN PUBLIC KEY-----",
        b"access_key_id = aaaaaaaaaaaaaaaa11",
    ],
)
def test_what_is_no_secret(line: bytes) -> None:
    assert flags(raw(b"a.py"), line) == ()


def test_a_line_that_was_there_before_is_not_flagged() -> None:
    secret = b'API_KEY = "9fK2mQ7xLw4ZpT1vRb8s"\n'
    hunk = Hunk(1, (b"a\n", secret), 1, (b"b\n", secret), 1, 1)
    assert flags_of(raw(b"a.py"), (hunk,), target=None, binary=False, new_size=50) == ()


def test_lines_are_counted_over_all_hunks_and_bounded() -> None:
    secret = b'API_KEY = "9fK2mQ7xLw4ZpT1vRb8s"\n'
    hunks = (Hunk(1, (), 2, (b"x\n",), 1, 0), Hunk(9, (), 40, (secret, b"z\n", secret), 3, 0))
    found = flags_of(raw(b"a"), hunks, target=None, binary=False, new_size=50)
    assert [flag.line for flag in found] == [40, 42]
    many = Hunk(0, (), 1, (secret,) * 100, 100, 0)
    assert len(flags_of(raw(b"a"), (many,), target=None, binary=False, new_size=50)) == LINES_MAX


def test_bidi_characters_in_lines_and_names() -> None:
    found = flags(raw(b"a.py"), "if user == 'admin\u202e':".encode(), "caf\u00e9 \u2014".encode())
    assert [(flag.kind, flag.line) for flag in found] == [(FlagKind.BIDI, 5)]
    assert kinds(raw("exe\u2066txt".encode())) == {"bidi"}


def test_scripts_that_run_on_install() -> None:
    found = flags(
        raw(b"web/package.json"), b'  "scripts": {', b'    "postinstall": "node x.js",', b'    "build": "tsc"'
    )
    assert [(flag.kind, flag.line) for flag in found] == [(FlagKind.BUILD_HOOK, 6)]
    assert kinds(raw(b"pyproject.toml"), b'build-backend = "evil"') == {"build_hook"}
    assert kinds(raw(b"other.json"), b'    "postinstall": "node x.js",') == set()


def test_hostile_lines_cost_little() -> None:
    for line in (b"eyJ" * 200_000, b"secret" * 100_000, b"password=" + b"a1" * 300_000, b'"' * 600_000):
        assert isinstance(flags(raw(b"package.json"), line), tuple)
