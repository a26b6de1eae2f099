"""Services and sites for the tests of the agents' panel."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import uvicorn
from tests.serving.conftest import Told

from recontact_serving.app import create_app
from recontact_serving.server import address, listen
from recontact_serving.settings import Settings
from recontact_serving.stopping import Server

AROUND = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>CRM</title></head>
<body><h2>CRM</h2>%s</body></html>"""
IFRAME = """<iframe src="%(base)s/desktop" title="recontact" width="400" height="700"></iframe>
<script>
  addEventListener("message", ({source, origin, data}) => {
    if (origin !== "%(base)s" || data.type !== "recontact:ready") return;
    source.postMessage({type: "recontact:follow", agent: "%(agent)s", token: "%(token)s"}, origin);
  });
</script>"""
ELEMENT = """<recontact-panel agent="%(agent)s" base="%(base)s"></recontact-panel>
<script>
  window.asked = 0;
  const panel = document.querySelector("recontact-panel");
  panel.addEventListener("recontact-token-needed", () => { window.asked += 1; });
  customElements.whenDefined("recontact-panel").then(() => { panel.token = "%(token)s"; });
</script>
<script type="module" src="%(base)s/static/recontact-panel.js"></script>"""


@dataclass
class Models(Told):
    """Models that can lack something."""

    degraded: list[str] = field(default_factory=list)

    def scored(self, *args, **more):
        found = super().scored(*args, **more)
        found.answer["degraded"] = self.degraded
        return found


class Desk:
    """A service in this process, with models whose answers each request decides."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.models = settings, Models()
        self.bearer: dict[str, str] = {}
        self.port = 0
        self.start()

    def start(self) -> None:
        """Start; after a stop on the same port."""
        self.app = create_app(self.settings, self.models)
        self.service = self.app.state.service
        self.service.champions.refresh()
        taken = listen("127.0.0.1", self.port)
        self.address, self.port = address(taken), taken.getsockname()[1]
        config = uvicorn.Config(self.app, log_config=None, access_log=False)
        self._server = Server(self.app, config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [taken]})
        self._thread.start()

    def stop(self) -> None:
        """Stop, although panels follow calls."""
        self._server.should_exit = True
        self._thread.join(timeout=10)
        assert not self._thread.is_alive()

    def sent(self, contact: dict) -> None:
        """Send a finished contact."""
        body = {"contacts": [contact]}
        answer = httpx.post(f"{self.address}/v1/contacts", json=body, headers=self.bearer)
        assert answer.json()["rejected"] == []

    def token(self, **asked: str) -> str:
        """Make a token for a browser."""
        path = f"{self.address}/v1/desktop-tokens"
        return httpx.post(path, json=asked, headers=self.bearer).raise_for_status().json()["token"]


class Site:
    """Pages of another origin."""

    def __init__(self, folder: Path, origin: str) -> None:
        self.folder, self.origin = folder, origin

    def iframe(self, desk: Desk, token: str, agent: str) -> str:
        return self._page(IFRAME, desk, token, agent)

    def element(self, desk: Desk, token: str, agent: str) -> str:
        return self._page(ELEMENT, desk, token, agent)

    def _page(self, body: str, desk: Desk, token: str, agent: str) -> str:
        inside = body % {"base": desk.address, "token": token, "agent": agent}
        (self.folder / "page.html").write_text(AROUND % inside)
        return f"{self.origin}/page.html"


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    folder.mkdir()
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Site(folder, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def send_error(self, code: int, *_: object) -> None:
        """Have an icon, so that browsers have nothing to complain about."""
        self.send_response(204 if self.path == "/favicon.ico" else code)
        self.end_headers()
