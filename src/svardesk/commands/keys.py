"""`svardesk keys rotate`: a new key, and every stored secret sealed anew under it."""

from __future__ import annotations

from svardesk.commands.database import reachable
from svardesk.config import Settings
from svardesk.kit import keyring


def rotate(settings: Settings) -> int:
    """Add a key (when the ring is a file) and seal everything anew; may run while Svardesk does.

    With SVARDESK_KEYS the operator puts the new key in front; then this only seals anew.
    """
    with reachable(settings, "keys rotate") as dsn:
        ring = keyring.load(settings.keys, settings.data)
        # Before a key is added: a secret that cannot be opened must be noticed first.
        keyring.check_keys(dsn, ring)
        if ring.file is not None or keyring.required_key_ids(dsn) <= {ring.ids[0]}:
            _ = keyring.add_key(ring)
        done = keyring.rotate(dsn, ring)
    print(f"The key '{ring.ids[0]}' protects all secrets now; {sum(done.values())} were sealed anew:")
    for column, count in done.items():
        print(f"  {column}: {count}")
    if ring.ids[1:]:
        print(
            f"Older keys ({', '.join(ring.ids[1:])}) stay in the ring: backups made before now need them. "
            "Save the ring, apart from the backups."
        )
    return 0
