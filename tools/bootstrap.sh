#!/bin/sh
# Makes .tools/ (uv, pinned) and .venv/ (everything in uv.lock) in this checkout; touches nothing outside of it.
# Called by the Makefile; safe to run again, quick when there is nothing to do.
set -eu

UV_VERSION=0.13.9
cd "$(dirname "$0")/.."
here=$(pwd)

say() { printf 'boocoder: %s\n' "$1" >&2; }
stop() {
    printf 'boocoder: %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '          %s\n' "$line" >&2; done
    exit 1
}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" || stop "PYTHON=$PYTHON is not a Python 3.11 or newer."
        printf '%s' "$PYTHON"
        return
    fi
    for name in python3 python3.13 python3.12 python3.11 python3.14 python; do
        if command -v "$name" >/dev/null 2>&1 && new_enough "$name"; then
            "$name" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    stop "no Python 3.11 or newer on PATH." \
        "Install one (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python)" \
        "or name it: make PYTHON=/path/to/python3.12 ..."
}

install_uv() {
    if [ -x .tools/bin/uv ] && [ "$(.tools/bin/uv --version 2>/dev/null | cut -d' ' -f2)" = "$UV_VERSION" ]; then
        return
    fi
    say "installing uv $UV_VERSION into .tools/"
    rm -rf .tools
    "$python" -m venv .tools >.tools.log 2>&1 || {
        cat .tools.log >&2
        rm -rf .tools .tools.log
        stop "$python cannot make a virtual environment (its module ensurepip or venv is missing)." \
            "Debian, Ubuntu: apt install python3-venv. Others: install Python from python.org," \
            "or name another one: make PYTHON=/path/to/python3.12 ..."
    }
    rm -f .tools.log
    .tools/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION" || {
        rm -rf .tools
        stop "uv could not be installed from the package index." "Check the network or pip's index settings, then try again."
    }
}

python=$(find_python)
[ -n "$python" ] || exit 1
command -v git >/dev/null 2>&1 || stop "git is not on PATH." "Install git 2.38 or newer."
install_uv
say "installing what uv.lock names into .venv/ (the first time takes a minute or two)"
UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 UV_PROJECT_ENVIRONMENT="$here/.venv" \
    .tools/bin/uv sync --locked --python "$python" ${CI:+--quiet} ||
    stop "uv sync failed; what it printed above says why." "Check the network or the package index settings, then try again."
"$here/.venv/bin/python" -m compileall -q src || stop "the sources in src/ cannot be compiled." "Repair what is named above."
: >.venv/.synced
