#!/usr/bin/env bash
# Builds .venv from a lock file: make_venv.sh run|dev
#
# `dev` holds everything of `run` and more. A stamp file in .venv, named after the lock, holds a fingerprint of what went
# into it (lock, pyproject.toml, folder); when it still fits, nothing is done, in a few milliseconds.
# The locks name no index: pip uses the one this machine is set up for. Every file is checked against its hash.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
kind=${1:-run}
python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }
fingerprint() { { cat "requirements/$1.txt" pyproject.toml; pwd -P; } | sha256sum; }
fits() { [[ -x .venv/bin/svardesk && -x .venv/bin/python && -f .venv/.stamp-$1 && $(<".venv/.stamp-$1") == "$(fingerprint "$1")" ]]; }

if fits "$kind" || { [[ $kind == run ]] && fits dev; }; then exit 0; fi

started=$SECONDS
say "── Python environment: .venv from requirements/$kind.txt"

# One at a time: two makes side by side (a server in one terminal, tests in another) must not build over each other.
exec 9>.venv.lock
if ! flock --nonblock 9; then
    say "   another build of the environment is under way; waiting for it …"
    flock 9
    if fits "$kind" || { [[ $kind == run ]] && fits dev; }; then exit 0; fi
fi

if ! command -v "$python" >/dev/null 2>&1; then
    say "There is no $python here. Svardesk needs Python 3.11 or newer. On Debian: sudo apt-get install python3 python3-venv"
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    say "$("$python" -V) is too old: Svardesk needs Python 3.11 or newer. Name another one like this: make run PYTHON=python3.12"
    exit 1
fi

if [[ ! -x .venv/bin/python || ! -f .venv/.folder || $(<.venv/.folder) != "$(pwd -P)" ]]; then
    rm -rf .venv
    if ! "$python" -c 'import ensurepip' >/dev/null 2>&1 && [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
        say "   installing Debian's python3-venv"
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv; } >/dev/null || true
    fi
    if "$python" -c 'import ensurepip' >/dev/null 2>&1; then
        "$python" -m venv .venv
    elif "$python" -m pip --version >/dev/null 2>&1; then
        # A Python without ensurepip but with a pip that can install into another environment (22.3 and newer).
        "$python" -m venv --without-pip .venv
    else
        say "Python's venv module is missing, and only root may install it. Please run: sudo apt-get install python3-venv"
        exit 1
    fi
    pwd -P >.venv/.folder
fi
pip=(.venv/bin/python -m pip)
"${pip[@]}" --version >/dev/null 2>&1 || pip=("$python" -m pip --python .venv/bin/python)
rm -f .venv/.stamp-run .venv/.stamp-dev

# pip's output is kept for the case that it fails; what is shown is a count of packages, on one line in a terminal.
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
log=.venv/install.log
total=$(grep -cE "^[a-z0-9].*==" "requirements/$kind.txt")
counted() {
    awk -v total="$total" -v tty="$([[ -t 2 ]] && echo 1 || echo 0)" '
        /^(Collecting|Processing|Requirement already)/ { n++
            if (tty) printf "\r   %d of %d packages ", n, total > "/dev/stderr"
            else if (n % 20 == 0) printf "   %d of %d packages\n", n, total > "/dev/stderr" }
        /^Installing collected/ { printf "%s   unpacking %d packages\n", tty ? "\r" : "", n > "/dev/stderr" }'
}
# Wheels only, so that a machine without a compiler will do; --no-deps, because the lock is complete.
if ! "${pip[@]}" install --progress-bar off --no-deps --require-hashes --only-binary :all: -r "requirements/$kind.txt" 2>&1 | tee "$log" | counted; then
    grep -v '^\(Collecting\|  Downloading\|  Using cached\|WARNING: Location\)' "$log" | tail -n 20 >&2
    say "The packages could not be installed. All that pip said is in $log."
    exit 1
fi
# Svardesk itself, editable, with the build backend that the lock has just installed: no network.
if ! "${pip[@]}" install -qq --no-deps --no-build-isolation --no-index --editable . >>"$log" 2>&1; then
    tail -n 20 "$log" >&2
    exit 1
fi
if [[ $kind == dev ]]; then fingerprint run >.venv/.stamp-run; fi
fingerprint "$kind" >".venv/.stamp-$kind"
say "   ready in $((SECONDS - started)) s"
