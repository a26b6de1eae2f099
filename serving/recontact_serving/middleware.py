"""What happens to every request: a limit on its size, safe headers, a count and a log line."""

import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recontact_serving.metrics import Metrics
from recontact_serving.problems import problem, respond
from recontact_serving.settings import is_loopback

MOST_BYTES = 16 * 2**20
TOO_LARGE = f"the body is larger than {MOST_BYTES // 2**20} MiB; send it in parts"

log = structlog.get_logger()


class Limits:
    """Refuses bodies that are too large and, on an open service, names that are not local.

    The second keeps a web page from reaching a service without keys by a name of its own that
    it lets point at this machine.
    """

    def __init__(self, app: ASGIApp, local_only: bool) -> None:
        self.app = app
        self.local_only = local_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        refusal = None
        if self.local_only and not _is_local(headers.get(b"host", "")):
            refusal = problem(403, "without keys, the service answers to localhost only")
        elif _length(headers.get(b"content-length", "0")) > MOST_BYTES:
            refusal = problem(413, TOO_LARGE)
        if refusal is not None:
            return await respond(refusal)(scope, receive, send)
        return await self.app(scope, _counted(receive), send)


class Headers:
    """Adds headers to every answer that does not set them itself."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app = app
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    found.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, sent)


class Observed:
    """Counts and times every request and logs one line for it, without personal data."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        status = 500

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = time.perf_counter()
        try:
            await self.app(scope, receive, sent)
        finally:
            seconds = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", "none")
            self.metrics.request(scope["method"], route, status, seconds)
            milliseconds = round(seconds * 1000, 2)
            log.info("request", method=scope["method"], route=route, status=status, ms=milliseconds)


def _counted(receive: Receive) -> Receive:
    """Stop a body that grows too large although it did not announce its length."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MOST_BYTES:
            raise HTTPException(413, TOO_LARGE)
        return message

    return counted


def _is_local(host: str) -> bool:
    return is_loopback(urlsplit(f"//{host}").hostname or "")


def _length(text: str) -> int:
    return int(text) if text.isdecimal() else 0
