#!/usr/bin/env bash
# A browser for the tests: prints nothing when there is one; as root on Debian installs it; else says what to do.
# SVARDESK_CHROMIUM names one that is not on PATH.
set -euo pipefail
for candidate in "${SVARDESK_CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [[ -n $candidate ]] && command -v "$candidate" >/dev/null 2>&1; then exit 0; fi
done
if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null 2>&1; then
    started=$SECONDS
    echo "── Chromium, for the tests in a real browser: installing Debian's package (about 100 MB)"
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    if { apt-get update -q && apt-get install -y -q --no-install-recommends chromium fonts-dejavu-core fonts-noto-color-emoji; } >"$log" 2>&1; then
        rm -f "$log"
        echo "   ready in $((SECONDS - started)) s"
        exit 0
    fi
    tail -n 15 "$log"
    echo "Chromium could not be installed; all that apt-get said is in $log."
    exit 1
fi
cat <<'TEXT'
The tests in a real browser need Chromium, and only root may install it. Please run

    sudo apt-get install chromium

or name one that is here already:  SVARDESK_CHROMIUM=/path/to/chromium make test
TEXT
exit 1
