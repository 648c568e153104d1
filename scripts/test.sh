#!/usr/bin/env bash
# All tests, in three lanes: browser code, server (two at a time), then what is slow or needs a real browser (one at a time).
# A lane that fails does not keep the next from running; any failure makes the whole fail.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/ensure_chromium.sh || exit 1

begun=$SECONDS
failed=()
lane() { # lane NAME COMMAND...
    local name=$1 started=$SECONDS
    shift
    echo "── $name"
    "$@" || failed+=("$name")
    echo "   $name: $((SECONDS - started)) s"
}

vitest() {
    if [[ -z $(find web/packages web/widget web/agent -name node_modules -prune -o -name '*.test.ts*' -print -quit) ]]; then
        echo "   there are no tests of browser code yet"
        return 0
    fi
    scripts/make_web.sh deps && (cd web && node_modules/.bin/vitest run)
}

slow() {
    if ! grep -rqE 'mark\.(slow|e2e)\b' tests --include='*.py'; then
        echo "   there are no slow tests yet"
        return 0
    fi
    .venv/bin/pytest -v --no-header -m "(slow or e2e) and not bench"
}

lane "browser code (vitest)" vitest
lane "server (pytest, two at a time)" .venv/bin/pytest -q --no-header -n 2 --dist worksteal -m "not slow and not e2e and not bench"
lane "slow tests and whole journeys in Chromium (pytest)" slow

echo "── All tests: $((SECONDS - begun)) s"
if ((${#failed[@]})); then
    printf '   FAILED: %s\n' "${failed[@]}"
    exit 1
fi
echo "   all passed"
