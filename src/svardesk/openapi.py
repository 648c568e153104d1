"""Print the OpenAPI document of this build as JSON: ``python -m svardesk.openapi``."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from svardesk.app import litestar_app
from svardesk.config import Settings
from svardesk.house import furnish
from svardesk.kit.jsons import encode


def document() -> dict[str, Any]:
    """Return the document; needs neither a database nor a server."""
    with TemporaryDirectory() as folder:
        settings = Settings.from_environment({"SVARDESK_DATA": folder, "SVARDESK_DATABASE_URL": "postgresql:///none"})
        house = furnish(settings, settings.database_url, pool=2, name="openapi")
        (Path(folder) / "files").mkdir(exist_ok=True)
        return litestar_app(house).openapi_schema.to_schema()


if __name__ == "__main__":
    print(encode(document()).decode())
