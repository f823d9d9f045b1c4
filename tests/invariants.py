"""What must be true of the database, the worktrees and the user's repository whatever died (facts I1 to I9).

Every fault test ends by calling `violations` and comparing it with [].
"""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import psutil

RUNNING_WITHOUT_OWNER = """
    SELECT t.id FROM tasks t WHERE t.state = 'running' AND NOT EXISTS
        (SELECT FROM attempts a WHERE a.task_id = t.id AND a.epoch = t.epoch AND a.ended_at IS NULL)
"""
LIVE_ATTEMPT_OF_ENDED_TASK = """
    SELECT a.task_id FROM attempts a JOIN tasks t ON t.id = a.task_id
    WHERE a.ended_at IS NULL AND (t.state <> 'running' OR t.epoch <> a.epoch)
"""
TWO_LIVE_IN_SESSION = """
    SELECT t.session_id FROM attempts a JOIN tasks t ON t.id = a.task_id
    WHERE a.ended_at IS NULL GROUP BY t.session_id HAVING count(*) > 1
"""
SENT_TWICE = """
    SELECT task_id FROM attempts WHERE prompt_sent_at IS NOT NULL GROUP BY task_id HAVING count(*) > 1
"""
GIVEN_BACK_AFTER_SENT = "SELECT task_id FROM attempts WHERE outcome = 'pending' AND prompt_sent_at IS NOT NULL"
STREAMING_WITHOUT_TURN = """
    SELECT m.id FROM messages m JOIN tasks t ON t.id = m.task_id
    WHERE m.status = 'streaming' AND t.state <> 'running'
"""
FAILED_READS_AS_COMPLETE = """
    SELECT t.id FROM tasks t JOIN messages m ON m.task_id = t.id AND m.role = 'assistant' AND m.status = 'complete'
    WHERE t.state <> 'completed'
"""
NUMBERS = """
    SELECT s.session_id, s.last_seq, s.folded_seq, count(n.seq) AS have, count(DISTINCT n.seq) AS different,
           count(n.seq) FILTER (WHERE n.seq > s.folded_seq) AS unfolded,
           coalesce(min(n.seq), 1) AS first, coalesce(max(n.seq), 0) AS last
    FROM event_streams s LEFT JOIN (
        SELECT session_id, seq FROM events
        UNION ALL SELECT session_id, seq FROM part_chunks WHERE seq IS NOT NULL) n USING (session_id)
    GROUP BY s.session_id, s.last_seq, s.folded_seq
"""
CHUNK_GAPS = """
    SELECT message_id, part, field FROM (
        SELECT message_id, part, field, "offset",
               coalesce(lag("offset" + length(text)) OVER w, 0) AS expected
        FROM part_chunks WINDOW w AS (PARTITION BY message_id, part, field ORDER BY "offset")) c
    WHERE "offset" <> expected
"""
TERMINAL_FRAMES = """
    SELECT a.task_id, a.epoch, count(e.seq) AS frames FROM attempts a JOIN tasks t ON t.id = a.task_id
    LEFT JOIN events e ON e.session_id = t.session_id AND e.type = 'turn_ended'
        AND (e.frame ->> 'task_id')::uuid = a.task_id AND coalesce((e.frame ->> 'epoch')::int, 1) = a.epoch
    GROUP BY a.task_id, a.epoch, a.ended_at HAVING count(e.seq) <> (a.ended_at IS NOT NULL)::int
"""
OPEN_TOOLS = """
    SELECT p.message_id, p.part FROM message_parts p JOIN messages m ON m.id = p.message_id
    WHERE p.kind = 'tool_call' AND m.status <> 'streaming' AND p.data ->> 'status' IN ('pending', 'running')
"""
OPEN_REQUESTS = """
    SELECT r.id, r.state FROM permission_requests r JOIN attempts a ON a.task_id = r.task_id AND a.epoch = r.epoch
    WHERE a.ended_at IS NOT NULL AND (r.state = 'asked' OR r.told_at IS NULL)
"""
REQUESTS_SHOWN_OTHERWISE = """
    SELECT r.id, r.state, p.data ->> 'state' AS shown FROM permission_requests r
    JOIN attempts a ON a.task_id = r.task_id AND a.epoch = r.epoch
    LEFT JOIN message_parts p ON p.message_id = r.message_id AND p.part = r.part
    WHERE a.ended_at IS NOT NULL AND p.data ->> 'state' IS DISTINCT FROM r.state::text
"""
EMPTY_CHANGES = "SELECT id FROM pending_changes WHERE base_tree = tree"
APPLIES_CUT_SHORT = "SELECT change_id FROM change_applies WHERE state = 'writing'"

STEERS_LEFT = """
SELECT s.id, s.state, t.state AS task FROM steers s JOIN tasks t ON t.id = s.task_id
WHERE s.state IN ('reserved', 'delivered') AND t.state <> 'running'"""

STEERS_SHOWN_OTHERWISE = """
SELECT s.id, s.state, p.data FROM steers s
LEFT JOIN message_parts p ON p.message_id = s.message_id AND p.part = s.part AND p.kind = 'steer'
WHERE s.part IS NOT NULL AND s.state <> 'delivered' AND coalesce(p.data ->> 'state', '') <> s.state::text"""

QUERIES = {
    "I1 running task without a live attempt": RUNNING_WITHOUT_OWNER,
    "I1 live attempt of a task that does not run": LIVE_ATTEMPT_OF_ENDED_TASK,
    "I2 two live attempts in one session": TWO_LIVE_IN_SESSION,
    "I2 prompt sent twice": SENT_TWICE,
    "I2 task given back although its prompt was sent": GIVEN_BACK_AFTER_SENT,
    "I4 streaming message without a turn": STREAMING_WITHOUT_TURN,
    "I4 turn that did not complete reads as complete": FAILED_READS_AS_COMPLETE,
    "I3 gap or double in a part's text": CHUNK_GAPS,
    "I3 not exactly one terminal frame": TERMINAL_FRAMES,
    "I3 tool call left open": OPEN_TOOLS,
    "I10 message left waiting for a turn that is over": STEERS_LEFT,
    "I10 message to a turn that its place in the conversation shows otherwise": STEERS_SHOWN_OTHERWISE,
    "I9 permission or question left open or untold after its attempt": OPEN_REQUESTS,
    "I9 permission or question that its message shows otherwise": REQUESTS_SHOWN_OTHERWISE,
    "I8 pending change without a difference": EMPTY_CHANGES,
    "I8 apply cut short and not finished": APPLIES_CUT_SHORT,
}


@dataclass(frozen=True)
class World:
    """What a fault test has made.

    Args:
        dsn: of the database.
        data_dir: of the service.
        repositories: of the user, with their fingerprints from before.
        settled: whether every task must have ended.
        other_data_dirs: of further services on the same database.
    """

    dsn: str
    data_dir: Path
    repositories: dict[Path, str] = field(default_factory=dict)
    settled: bool = True
    other_data_dirs: tuple[Path, ...] = ()


async def violations(world: World) -> list[str]:
    """Every invariant that does not hold, in words; [] is what a test expects."""
    conn = await asyncpg.connect(world.dsn)
    try:
        found = await _in_database(conn, settled=world.settled)
        found += await _in_worktrees(conn, (world.data_dir, *world.other_data_dirs))
    finally:
        await conn.close()
    for repository, before in world.repositories.items():
        if fingerprint(repository) != before:
            found.append(f"I6 the user's repository {repository} was touched")
        found += [f"I6 lock left: {lock}" for lock in (repository / ".git").rglob("*.lock")]
    return found


async def _in_database(conn: asyncpg.Connection, *, settled: bool) -> list[str]:
    found = []
    for name, query in QUERIES.items():
        found += [f"{name}: {dict(row)}" for row in await conn.fetch(query)]
    for row in await conn.fetch(NUMBERS):
        dense = row["have"] == row["different"] and row["unfolded"] == row["last_seq"] - row["folded_seq"]
        if not dense or row["last"] != row["last_seq"] or (row["last_seq"] and row["first"] < 1):
            found.append(f"I3 numbers of a stream are not dense after what is folded: {dict(row)}")
    if settled:
        rows = await conn.fetch("SELECT id, state FROM tasks WHERE ended_at IS NULL")
        found += [f"I1 task never ended: {dict(row)}" for row in rows]
    return found


async def _in_worktrees(conn: asyncpg.Connection, data_dirs: tuple[Path, ...]) -> list[str]:
    """Every byte of a worktree whose session is at rest is in its newest snapshot."""
    found = []
    rows = await conn.fetch("""
        SELECT w.session_id, w.path, w.base_tree, (SELECT host_id FROM sessions s WHERE s.id = w.session_id) AS host_id,
               (SELECT tree FROM snapshots s WHERE s.session_id = w.session_id ORDER BY taken_at DESC LIMIT 1) AS tree
        FROM session_worktrees w WHERE w.state = 'ready'
          AND NOT EXISTS (SELECT FROM tasks t WHERE t.session_id = w.session_id AND t.state = 'running')""")
    for row in rows:
        # A session that goes on elsewhere leaves its files where they were.
        homes = data_dirs if len(data_dirs) == 1 else [one for one in data_dirs if _host_of(one) == str(row["host_id"])]
        (place,) = [path for path in (one / row["path"] for one in homes) if path.is_dir()]
        actual = tree_of(place)
        if actual != (row["tree"] or row["base_tree"]):
            found.append(f"I7 worktree {row['path']} holds {actual}, its newest snapshot is {row['tree']}")
    return found


def _host_of(data_dir: Path) -> str:
    return (data_dir / "host-id").read_text().strip()


def tree_of(directory: Path) -> str:
    """The git tree id of a directory's files, computed with a temporary repository."""
    git_dir = directory.parent / f".check-{hashlib.sha256(str(directory).encode()).hexdigest()[:12]}"
    env = {"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_DIR": str(git_dir), "GIT_CONFIG_GLOBAL": "/dev/null"}
    try:
        subprocess.run(["git", "init", "-q", "--bare", str(git_dir)], check=True, env=env, timeout=60)
        env |= {"GIT_WORK_TREE": str(directory), "GIT_INDEX_FILE": str(git_dir / "index")}
        subprocess.run(["git", "config", "core.bare", "false"], check=True, env=env, timeout=60)
        subprocess.run(["git", "add", "-A"], check=True, env=env, cwd=directory, timeout=60, capture_output=True)
        done = subprocess.run(["git", "write-tree"], check=True, env=env, capture_output=True, timeout=60)
        return done.stdout.decode().strip()
    finally:
        subprocess.run(["rm", "-rf", str(git_dir)], check=True, timeout=60)


def fingerprint(repository: Path) -> str:
    """A hash over the user's repository: HEAD, refs, index, configuration, hooks, and the checkout itself."""
    digest = hashlib.sha256()
    kept = [repository / ".git" / name for name in ("HEAD", "index", "config", "packed-refs")]
    kept += sorted((repository / ".git" / "refs").rglob("*")) + sorted((repository / ".git" / "hooks").rglob("*"))
    kept += sorted(path for path in repository.rglob("*") if ".git" not in path.relative_to(repository).parts)
    for path in kept:
        if path.is_symlink() or path.is_file():
            content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
            digest.update(f"{path}\0{path.lstat().st_mode:o}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def processes_of(data_dir: Path) -> list[psutil.Process]:
    """Processes whose environment, working directory or command line names the data directory (I5)."""
    mark, found = str(data_dir), []
    for process in psutil.process_iter():
        try:
            places = [*process.cmdline(), process.cwd(), *process.environ().values()]
            if process.status() != psutil.STATUS_ZOMBIE and any(mark in place for place in places):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found
