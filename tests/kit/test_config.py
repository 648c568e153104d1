"""Settings: what applies when nothing is set, what is refused and how."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from svardesk.config import SETTINGS, Settings, SettingsError


def read(**values: str) -> Settings:
    return Settings.from_environment({"HOME": "/tmp", **values})


def test_defaults() -> None:
    settings = read()
    assert settings.embedded
    assert (settings.host, settings.port, settings.log) == ("127.0.0.1", 8400, "text")
    assert settings.public_url == "http://localhost:8400"
    assert not settings.secure_cookies
    assert settings.forwarded_allow == ("127.0.0.1", "::1")
    assert settings.files_dir == settings.data / "files"
    assert settings.keys_file == settings.data / "keys"


def test_the_public_address_decides_about_cookies() -> None:
    settings = read(SVARDESK_PUBLIC_URL="https://Desk.Example.no/", PORT="9000")
    assert settings.public_url == "https://desk.example.no"
    assert settings.secure_cookies
    assert settings.local_url == "http://127.0.0.1:9000"
    assert read(PORT="9000").public_url == "http://localhost:9000"


def test_the_data_folder_of_root_is_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert read(HOME="/root").data == Path("/var/lib/svardesk")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert read(HOME="/tmp").data == Path("/tmp/.local/share/svardesk")
    assert read(XDG_DATA_HOME="/srv/xdg").data == Path("/srv/xdg/svardesk")
    assert read(SVARDESK_DATA="/srv/desk").data == Path("/srv/desk")
    with pytest.raises(SettingsError, match="Set SVARDESK_DATA"):
        read(HOME="/nonexistent")


@pytest.mark.parametrize(
    ("host", "url"), [("0.0.0.0", "http://127.0.0.1:8400"), ("::", "http://[::1]:8400"), ("::1", "http://[::1]:8400")]
)
def test_where_this_machine_reaches_it(host: str, url: str) -> None:
    assert read(SVARDESK_HOST=host).local_url == url


def test_files_in_s3_have_no_folder() -> None:
    settings = read(SVARDESK_FILES="s3://desk-files/prod")
    assert settings.files_dir is None
    assert settings.files_url == "s3://desk-files/prod"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "0", "PORT must be a whole number from 1 to 65535, not '0'."),
        ("PORT", "eight", "PORT must be a whole number from 1 to 65535, not 'eight'."),
        ("PORT", "70000", "PORT must be a whole number from 1 to 65535, not '70000'."),
        ("SVARDESK_HOST", "my desk", "SVARDESK_HOST must be an address"),
        ("SVARDESK_PUBLIC_URL", "desk.example.no", "SVARDESK_PUBLIC_URL must be scheme and host without a path"),
        ("SVARDESK_PUBLIC_URL", "https://desk.example.no/desk", "without a path"),
        ("SVARDESK_DATABASE_URL", "mysql://root:hemmelig@db/x", "Only PostgreSQL works."),
        ("SVARDESK_LOG", "xml", "SVARDESK_LOG must be text or json, not 'xml'."),
        ("SVARDESK_FORWARDED_ALLOW", "10.0.0.0/8,proxy", "'proxy' is neither"),
        ("SVARDESK_WEB_POOL", "1", "SVARDESK_WEB_POOL must be a whole number from 2 to 200, not '1'."),
        ("SVARDESK_FILES", "ftp://files", "SVARDESK_FILES must be a folder or s3://bucket/prefix"),
    ],
)
def test_a_bad_value_is_refused_with_a_sentence(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(**{name: value})
    assert said in str(caught.value)
    assert "hemmelig" not in str(caught.value)


def test_the_command_ends_with_2_and_the_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "svardesk.cli", "migrate"],
        env={**os.environ, "PORT": "x"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "svardesk: PORT must be a whole number from 1 to 65535, not 'x'.\n"


def test_every_variable_that_is_read_is_described(tmp_path: Path) -> None:
    asked: set[str] = set()

    class Recording(dict[str, str]):
        def get(self, key: str, default: str = "") -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
            asked.add(key)
            # An ordinary account keeps its data in its home; root does not ask for one.
            return str(tmp_path) if key == "HOME" else default

    Settings.from_environment(Recording())
    assert asked - {"HOME", "XDG_DATA_HOME"} == {setting.name for setting in SETTINGS}
    assert all(len(setting.description) > 20 and setting.default for setting in SETTINGS)
