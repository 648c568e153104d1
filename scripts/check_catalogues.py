"""Are the texts complete in all six languages, with the same placeholders, none unused and none missing?"""

import sys
from pathlib import Path

from svardesk.kit.i18n import DOMAINS, LOCALES, texts
from svardesk.kit.i18n.checking import check_catalogues

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """0 when there is nothing to complain about, or no catalogue yet."""
    if not any((ROOT / "src" / "svardesk" / "locale").glob("*/LC_MESSAGES/*.po")):
        print("There are no texts yet.")
        return 0
    complaints = check_catalogues(ROOT)
    if complaints:
        print("\n".join(complaints))
        print(f"{len(complaints)} things to mend in the catalogues")
        return 1
    counts = ", ".join(f"{domain} {len(texts('nb', domain))}" for domain in DOMAINS)
    print(f"{len(LOCALES)} languages complete: {counts} texts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
