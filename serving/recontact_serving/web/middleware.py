"""What happens to every request: a limit on its size, safe headers, a count and a log line."""

import time
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recontact_serving.settings import is_loopback
from recontact_serving.web.metrics import Metrics
from recontact_serving.web.problems import problem, respond

MOST_BYTES = 16 * 2**20
TOO_LARGE = f"the body is larger than {MOST_BYTES // 2**20} MiB; send it in parts"

log = structlog.get_logger()


class Edge:
    """Refuses what is too large, adds headers, counts and times, and logs a line a request.

    On an open service it also refuses names that are not local: a web page can let a name of
    its own point at this machine. It is one step rather than three, since each costs a score
    some microseconds.

    Parameters
    ----------
    app : callable
        What answers.
    local_only : bool
        Whether the service is open.
    headers : mapping of str to str
        Set on every answer that does not set them itself.
    metrics : Metrics
        Is told of every request.
    """

    def __init__(
        self, app: ASGIApp, local_only: bool, headers: Mapping[str, str], metrics: Metrics
    ) -> None:
        self.app = app
        self.local_only = local_only
        self.headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        status = 500
        began = time.perf_counter()

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name for name, _ in message["headers"]}
                added = [one for one in self.headers if one[0] not in own]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        try:
            refusal = self._refusal(scope)
            answer = self.app if refusal is None else respond(refusal)
            await answer(scope, _counted(receive), sent)
        finally:
            self._observe(scope, status, time.perf_counter() - began)

    def _refusal(self, scope: Scope) -> dict[str, Any] | None:
        host, length = b"", b"0"
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
            elif name == b"content-length":
                length = value
        if self.local_only and not _is_local(host.decode("latin-1")):
            return problem(403, "without keys, the service answers to localhost only")
        return problem(413, TOO_LARGE) if _length(length.decode("latin-1")) > MOST_BYTES else None

    def _observe(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path_format", "none")
        self.metrics.request(scope["method"], route, status, seconds)
        milliseconds = round(seconds * 1000, 2)
        log.info("request", method=scope["method"], route=route, status=status, ms=milliseconds)


class _Enough(BaseException):
    """The head is sent; no error, so that nothing on the way takes it for a fault."""


async def head_alone(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a HEAD request as a GET, up to where the body begins (RFC 9110)."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise _Enough
        await send(message)

    with suppress(_Enough):
        await app({**scope, "method": "GET"}, receive, sent)
    await send({"type": "http.response.body", "body": b""})


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


@lru_cache(1000)
def _is_local(host: str) -> bool:
    return is_loopback(urlsplit(f"//{host}").hostname or "")


def _length(text: str) -> int:
    return int(text) if text.isdecimal() else 0
