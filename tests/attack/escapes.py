"""Ways in which a command may try to leave its sandbox, as shell commands over a world with canaries."""

from __future__ import annotations

CANARY = "canary-7f3a"


def _connect(address: str) -> str:
    """Tell whether somebody listens at a unix socket."""
    return f'python3 -c \'import socket as s; s.socket(s.AF_UNIX).connect("{address}"); print("canary")\''


READS = {
    "ssh key": "cat {home}/.ssh/id_ed25519",
    "ssh key over a symlink": "ln -s {home}/.ssh/id_ed25519 key; cat key",
    "ssh key over a hard link": "ln {home}/.ssh/id_ed25519 key; cat key",
    "cloud credentials": "cat {home}/.aws/credentials",
    "git credentials": "cat {home}/.git-credentials",
    "git credential helper": "printf 'protocol=https\\nhost=example.org\\n\\n' | git credential fill",
    "netrc": "cat {home}/.netrc",
    "another agent's login": "cat {home}/.other-agent/auth.json",
    "browser profile": "find {home}/.mozilla -type f -exec cat {{}} +",
    "shell history": "cat {home}/.bash_history",
    "token of the service": "cat {data}/token",
    "database password": "cat {data}/pg18.pgpass",
    "transcripts": "grep -r canary {data}/agents",
    "another session's worktree": "cat {data}/worktrees/other/secret.txt",
    "data directory by its descriptor": "cd {data}; cat token",
    "everything below home": "grep -rI canary {home} 2>/dev/null",
    "everything below /tmp": "grep -rI canary-7f3a /tmp --exclude-dir=proc 2>/dev/null | grep -v '^{worktree}'",
    "environment of the service": "tr '\\0' '\\n' </proc/{pid}/environ",
    "environment of every process": "cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep canary",
    "command line of the service": "tr '\\0' ' ' </proc/{pid}/cmdline",
    "files of the service by /proc": "cat /proc/{pid}/root{data}/token /proc/{pid}/cwd/token",
    "root of pid 1": "cat /proc/1/root{data}/token",
    "memory of the service": "dd if=/proc/{pid}/mem bs=1 count=1 && echo canary",
    "password hashes": "cat /etc/shadow | grep -q : && echo canary",
    "mount removed": "umount {home}; cat {home}/.netrc",
    "mount removed in a namespace of its own": "unshare -Urm sh -c 'umount {home}; cat {home}/.netrc'",
    "disk mounted again": "mkdir m; mount --bind / m; cat m{home}/.netrc",
    "root changed": "mkdir m; unshare -Ur chroot / cat {home}/.netrc",
    "container socket": _connect("{socket}"),
    "abstract socket": _connect("\\0{abstract}"),
    "ptrace": 'python3 -c \'import ctypes; print(["canary", "no"][ctypes.CDLL(None).ptrace(16, {pid}, 0, 0)])\'',
}
"""What must print no canary, by name."""

WRITES = {
    "shell start-up file": "echo 'touch /tmp/owned' >> {home}/.bashrc",
    "ssh authorized keys": "echo key >> {home}/.ssh/authorized_keys",
    "git settings of the person": "git config --file {home}/.gitconfig core.pager evil",
    "cron": "echo '* * * * * root true' > /etc/cron.d/boocoder-attack; (echo '* * * * * true' | crontab -)",
    "service manager": "mkdir -p {home}/.config/systemd/user && touch {home}/.config/systemd/user/x.service",
    "desktop start-up": "mkdir -p {home}/.config/autostart && touch {home}/.config/autostart/x.desktop",
    "system directory": "touch /etc/boocoder-attack /usr/local/bin/boocoder-attack",
    "program on PATH": "cp /bin/true {home}/.local/bin/git",
    "hook of the person's repository": "echo evil > {project}/.git/hooks/pre-commit",
    "settings of the person's repository": "git -C {project} config core.fsmonitor evil",
    "files of the person's repository": "echo evil >> {project}/app.py",
    "branch of the person's repository": "git -C {project} branch evil; rm {project}/.git/refs/heads/main",
    "objects of the person's repository": "rm -rf {project}/.git/objects/*",
    "rules of the service": "echo evil > {data}/rules; echo evil > {data}/token",
    "another session's files": "echo evil > {data}/worktrees/other/secret.txt",
    "shadow repository": "echo evil >> {data}/shadows/p/config",
    "gitdir pointed elsewhere": "echo 'gitdir: {project}/.git' > .git; git config core.fsmonitor evil; git branch evil",
    "push to the person's repository": "git push {project} HEAD:refs/heads/evil",
    "hard link to the person's file": "ln {project}/app.py linked; echo evil >> linked; rm -f linked",
    "symlink out": "ln -s {home} out; echo evil > out/.profile",
    "nested repository": "git init -q {home}/nested",
    "signal to the service": "kill -9 {pid}",
    "signal to everybody": "kill -9 -1",
    "kernel setting": "echo evil > /proc/sys/kernel/core_pattern",
    "memory pressure choice of the service": "echo 1000 > /proc/{pid}/oom_score_adj",
    "process that stays": "setsid sleep {sleep} >/dev/null 2>&1 & (setsid nohup sleep {sleep} >/dev/null 2>&1 &); true",
}
"""What must change nothing outside of the worktree, by name."""
