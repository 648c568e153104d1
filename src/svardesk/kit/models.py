"""All rooms' tables in one metadata, found by looking for ``models.py``: for Alembic and the catalogue tests."""

import importlib
import pkgutil

import svardesk
from svardesk.kit.metadata import metadata


def _load() -> None:
    for found in pkgutil.walk_packages(svardesk.__path__, "svardesk."):
        if found.name.endswith(".models") and found.name != __name__:
            importlib.import_module(found.name)


_load()

__all__ = ["metadata"]
