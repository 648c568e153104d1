"""What the widget makes a shop's visitor fetch, compressed as a server would, beside its limits."""

import gzip
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "src" / "svardesk" / "static" / "widget"
LOCALE = ROOT / "src" / "svardesk" / "locale"
LOADER_LIMIT = 3_000  # bytes, gzip: what every page of the shop pays
OPEN_LIMIT = 25_000  # bytes, gzip: everything at the first opening, the loader included
FRAME_PAGE = 1_500  # bytes: the page around style and texts; the browser test weighs the real one


def weight(data: bytes) -> int:
    """Bytes after gzip at its usual level for files made ahead of time."""
    return len(gzip.compress(data, 9))


def scripts_of(manifest: dict[str, dict[str, object]]) -> set[str]:
    """Files that the frame's entry brings with it: itself, what it imports statically, and style sheets."""
    files: set[str] = set()
    waiting = [key for key, chunk in manifest.items() if chunk.get("isEntry")]
    while waiting:
        chunk = manifest[waiting.pop()]
        files.add(str(chunk["file"]))
        files.update(map(str, chunk.get("css") or ()))  # pyright: ignore[reportArgumentType]
        waiting += [key for key in chunk.get("imports") or () if str(manifest[key]["file"]) not in files]  # pyright: ignore[reportGeneralTypeIssues]
    files.update(str(chunk["file"]) for chunk in manifest.values() if str(chunk["file"]).endswith(".css"))
    return files


def main() -> int:
    """0 when both limits hold, or when there is no widget to weigh yet."""
    loader, manifest_file = STATIC / "widget.js", STATIC / "manifest.json"
    if not loader.exists() and not manifest_file.exists():
        print("There is no widget to weigh yet.")
        return 0
    loader_weight = weight(loader.read_bytes()) if loader.exists() else 0
    parts = {"loader": loader_weight}
    if manifest_file.exists():
        manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
        names = scripts_of(manifest)
        scripts = [name for name in names if name.endswith(".js")]
        parts["script"] = sum(weight((STATIC / name).read_bytes()) for name in scripts)
        # The server writes style and texts of one language into the page, so they are compressed together.
        style = b"".join((STATIC / name).read_bytes() for name in names if name.endswith(".css"))
        texts = [path.read_bytes() for path in LOCALE.glob("*/LC_MESSAGES/widget.po")]
        parts["page"] = max((weight(style + text) for text in texts), default=weight(style)) + FRAME_PAGE
    total = sum(parts.values())
    listed = ", ".join(f"{name} {size / 1000:.1f}" for name, size in parts.items())
    line = f"loader {loader_weight / 1000:.2f} of {LOADER_LIMIT / 1000:.0f} kB; first opening {total / 1000:.1f} of {OPEN_LIMIT / 1000:.0f} kB ({listed})"
    if loader_weight > LOADER_LIMIT or total > OPEN_LIMIT:
        print(f"Too heavy: {line}")
        return 1
    print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
