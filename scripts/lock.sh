#!/usr/bin/env bash
# Chooses versions again: requirements/{run,dev}.txt with hashes, web/package-lock.json. Neither names an index or registry.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
echo "── requirements/*.txt"
"${PYTHON:-python3}" -m venv "$tools"
"$tools/bin/pip" install -qq uv
compile() {
    "$tools/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-header --no-annotate "$@"
}
upgrade=()
[[ -z ${UPGRADE:-} ]] || upgrade=(--upgrade)
compile "${upgrade[@]}" pyproject.toml requirements/build.in -o requirements/run.txt
compile "${upgrade[@]}" -c requirements/run.txt pyproject.toml requirements/build.in --group dev -o requirements/dev.txt
echo "   $(grep -c '==' requirements/run.txt) packages to run, $(grep -c '==' requirements/dev.txt) to develop"

echo "── web/package-lock.json"
cd web
npm install --package-lock-only --no-progress 2>&1 | { grep -v '^npm warn Unknown' || true; }
# Links to funding pages are the only addresses left; nothing reads them from a lock.
node -e '
    const fs = require("fs"), lock = JSON.parse(fs.readFileSync("package-lock.json"));
    for (const entry of Object.values(lock.packages)) delete entry.funding;
    fs.writeFileSync("package-lock.json", JSON.stringify(lock, null, 2) + "\n");'
cd ..
if [[ -x .venv/bin/python ]]; then .venv/bin/python scripts/check_tree.py || true; fi
