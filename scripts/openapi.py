"""The OpenAPI document, the types made from it and the tables of error codes for the browser: write them, or `--check` them."""

import json
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from svardesk.channels.email.codes import typescript

ROOT = Path(__file__).resolve().parent.parent
WIRE = ROOT / "web" / "packages" / "wire" / "src"
DOCUMENT = WIRE / "openapi.json"
TYPES = WIRE / "openapi.gen.ts"
CODES = ROOT / "web" / "agent" / "src" / "mail" / "codes.gen.ts"


def generate() -> tuple[str, str]:
    """The document as JSON text with sorted keys, and the TypeScript made from it."""
    printed = subprocess.run(
        [sys.executable, "-m", "svardesk.openapi"], stdout=subprocess.PIPE, check=True, cwd=ROOT
    ).stdout
    document = json.dumps(json.loads(printed), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    with tempfile.TemporaryDirectory(prefix="svardesk-openapi-") as folder:
        source, target = Path(folder) / "openapi.json", Path(folder) / "openapi.ts"
        source.write_text(document, encoding="utf-8")
        tool = ROOT / "web" / "node_modules" / ".bin" / "openapi-typescript"
        subprocess.run(
            [tool, source, "--output", target, "--alphabetize"], check=True, stdout=subprocess.DEVNULL, cwd=ROOT / "web"
        )
        types = target.read_text(encoding="utf-8")
    return document, types


def main() -> int:
    """Write both files, or compare them with what would be written."""
    if find_spec("svardesk.openapi") is None:
        print("There is no API to describe yet (svardesk.openapi).")
        return 0
    document, types = generate()
    paths = len(json.loads(document)["paths"])
    if "--check" in sys.argv:
        stale = [
            path.relative_to(ROOT)
            for path, wanted in ((DOCUMENT, document), (TYPES, types), (CODES, typescript()))
            if not path.exists() or path.read_text(encoding="utf-8") != wanted
        ]
        if stale:
            print(f"Not what the code says: {', '.join(map(str, stale))}. Run `make openapi` and commit the result.")
            return 1
        print(f"{paths} paths described, typed client current")
        return 0
    WIRE.mkdir(parents=True, exist_ok=True)
    DOCUMENT.write_text(document, encoding="utf-8")
    TYPES.write_text(types, encoding="utf-8")
    CODES.write_text(typescript(), encoding="utf-8")
    print(f"{paths} paths → {DOCUMENT.relative_to(ROOT)}, {TYPES.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
