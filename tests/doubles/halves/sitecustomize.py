"""Stand-ins for the web process, the worker and the demo, so that `svardesk run` is tested by itself.

Python imports `sitecustomize` at start-up from PYTHONPATH, which only these tests set.
"""

import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named so in http.server
        return


def serve(settings: Any, *, demo: bool = False) -> None:
    server = ThreadingHTTPServer((settings.host, settings.port), _Answers)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"serving, process {os.getpid()}" + (", with the demo shop" if demo else ""))
    server.serve_forever()
    print("served")


def work(_settings: Any) -> None:
    if os.environ.get("TEST_WORKER") == "bad-settings":
        print("the worker does not like its settings", flush=True)
        os._exit(2)
    ended = threading.Event()
    deaf = os.environ.get("TEST_WORKER") == "deaf"
    signal.signal(signal.SIGTERM, lambda *_: None if deaf else ended.set())
    print(f"working, process {os.getpid()}")
    while not ended.wait(0.05):
        pass
    print("worked")


def fill(settings: Any) -> str:
    marker = Path(settings.data) / "filled"
    marker.write_text((marker.read_text() if marker.exists() else "") + "x")
    return "Demo shop   {url}/demo/\nKari Nordmann, passord"


for _name, _function in (("app", serve), ("worker", work), ("demo", fill)):
    _module = ModuleType(f"svardesk.{_name}")
    setattr(_module, _function.__name__, _function)
    sys.modules[f"svardesk.{_name}"] = _module
