"""From the settings to the database: which cluster, which connection string."""

from __future__ import annotations

import os

from svardesk.config import Settings
from svardesk.kit.postgres.cluster import Cluster

DATABASE = "svardesk"
"""The name of the database in the embedded cluster."""


def embedded_cluster(settings: Settings) -> Cluster:
    """The embedded PostgreSQL of this data folder (not started by this call)."""
    return Cluster(settings.postgres_dir)


def database_dsn(settings: Settings, database: str = DATABASE) -> str:
    """Connection string as the owner role: SVARDESK_DATABASE_URL, else that of the embedded cluster."""
    return settings.database_url or embedded_cluster(settings).dsn(database)


def prepare_data_folder(settings: Settings) -> None:
    """Make the data folder: private, but for root open to pass through, since the database account lives inside."""
    settings.data.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
