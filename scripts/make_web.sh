#!/usr/bin/env bash
# What the browser gets: make_web.sh deps|texts|build
#
# deps   npm ci, when package-lock.json is not the one that was installed
# texts  the message catalogues as JSON, for the agents' app (needs .venv)
# build  src/svardesk/static, when a source, a text or a tool changed (implies the other two, but only then)
# Each is a matter of milliseconds when there is nothing to do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "$*" >&2; }
stamps=web/.stamps
mkdir -p "$stamps"

lock_print() { { cat web/package-lock.json web/package.json; pwd -P; } | sha256sum; }
texts_print() { find src/svardesk/locale src/svardesk/kit/i18n* -type f \( -name '*.po' -o -name '*.py' \) -printf '%p %s %T@\n' 2>/dev/null | sort | sha256sum; }
build_print() {
    {
        lock_print
        texts_print
        find web -type d \( -name node_modules -o -name .stamps -o -path web/agent/src/texts -o -name tests \) -prune -o \
            -type f ! -name '*.test.ts*' ! -name '*.tsbuildinfo' -printf '%p %s %T@\n' | sort
    } | sha256sum
}
fits() { [[ -f $stamps/$1 && $(<"$stamps/$1") == "$2" ]]; }

deps() {
    local now started=$SECONDS
    now=$(lock_print)
    if [[ -d web/node_modules ]] && fits deps "$now"; then return; fi
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        say "Building the web pages needs Node.js 20.19 or newer, with npm. Debian 12 itself has only Node.js 18;"
        say "a newer one comes from https://nodejs.org/en/download. Then run this again."
        exit 1
    fi
    if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'; then
        say "Node.js $(node --version) is too old: building the web pages needs 20.19 or newer."
        exit 1
    fi
    say "── Web packages: npm ci"
    (cd web && npm ci --no-progress 2>&1 | { grep -v '^npm warn Unknown' || true; }) >&2
    printf '%s\n' "$now" >"$stamps/deps"
    say "   ready in $((SECONDS - started)) s"
}

texts() {
    local now
    [[ -e src/svardesk/kit/i18n.py || -d src/svardesk/kit/i18n ]] || return 0
    now=$(texts_print)
    if [[ -d web/agent/src/texts ]] && fits texts "$now"; then return; fi
    .venv/bin/python -m svardesk.kit.i18n export >&2
    printf '%s\n' "$now" >"$stamps/texts"
}

build() {
    local now started=$SECONDS
    now=$(build_print)
    if [[ -d src/svardesk/static ]] && fits build "$now"; then return; fi
    deps
    texts
    say "── Web build: src/svardesk/static"
    now=$(build_print)
    (cd web && node build.mjs) >&2
    mkdir -p src/svardesk/static
    printf '%s\n' "$now" >"$stamps/build"
    say "   ready in $((SECONDS - started)) s"
}

case ${1:-} in
    deps | texts | build) "$1" ;;
    *) say "usage: $0 deps|texts|build"; exit 2 ;;
esac
