"""HTTP as uvicorn speaks it, with bounds: on the head of a request, and on the time to send it.

So a client that sends without end, or one byte a minute, holds neither memory nor a connection.
"""

import asyncio
import json
from typing import Any

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from recontact_serving.web.problems import MEDIA_TYPE, problem

MOST_ADDRESS = 16 * 2**10  # bytes of the path and query
MOST_FIELDS = 100  # of the head
MOST_HEAD = 64 * 2**10  # bytes of the head
SECONDS = {"head": 10.0, "body": 60.0}  # to send each
LINGER_S = 1.0  # what a refused client is still sending is read and dropped: it then sees why
TOO_LONG = f"the address has more than {MOST_ADDRESS // 1024} KiB"
TOO_MUCH = f"the head of the request has more than {MOST_FIELDS} fields or {MOST_HEAD // 1024} KiB"

log = structlog.get_logger()


class _TooMuchError(Exception):
    """The address or the head grows too large; the parser hands this on as its own error."""


class Protocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._part = "head"  # what the client is sending: head, body, or nothing
        self._timed = ""  # the part that must arrive in time
        self._timer: asyncio.TimerHandle | None = None
        self._fields = self._bytes = 0
        self._too_much: tuple[int, str] | None = None
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; uvicorn narrows the type likewise."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._part = ""
        self._watch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come; of a head that has not ended, all of it counts."""
        if self._refused:
            return
        super().data_received(data)
        if self._part == "head":
            self._bytes += len(data)
            if self._bytes > MOST_HEAD:
                self._refuse(431, TOO_MUCH)
        self._watch()

    def on_message_begin(self) -> None:
        """Begin with a request."""
        super().on_message_begin()
        self._part, self._fields, self._bytes = "head", 0, 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the address; it may come bit by bit."""
        super().on_url(url)
        if len(self.url) > MOST_ADDRESS:
            self._too_much = 414, TOO_LONG
            raise _TooMuchError

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of the head."""
        super().on_header(name, value)
        self._fields += 1
        self._bytes += len(name) + len(value)
        if self._fields > MOST_FIELDS or self._bytes > MOST_HEAD:
            self._too_much = 431, TOO_MUCH
            raise _TooMuchError

    def on_headers_complete(self) -> None:
        """Answer; the body may still come."""
        self._part = "body"
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End with a request."""
        self._part = ""
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        """Refuse what the parser could not read."""
        if self._too_much:
            self._refuse(*self._too_much)
        else:
            self._refuse(400, "this is not HTTP/1.1")

    def _watch(self) -> None:
        """See to it that the part under way arrives in time."""
        part = "" if self._refused or self.transport.is_closing() else self._part
        if part == self._timed:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if part:
            self._timer = self.loop.call_later(SECONDS[part], self._late)
        self._timed = part

    def _late(self) -> None:
        seconds = SECONDS[self._timed]
        self._refuse(408, f"the {self._timed} of the request took more than {seconds:g} s")

    def _refuse(self, status: int, detail: str) -> None:
        """Answer, unless an answer is under way, and close."""
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        log.warning("refused", status=status)
        under_way = self.cycle is not None and not self.cycle.response_complete
        if not (under_way and self.cycle.response_started):
            document = problem(status, detail)
            body = json.dumps(document).encode()
            head = (
                f"HTTP/1.1 {status} {document['title']}\r\ncontent-type: {MEDIA_TYPE}\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        if under_way:
            self.transport.close()
        else:  # closed at once, the system would take the answer back with what was not read
            self.transport.write_eof()
            self.loop.call_later(LINGER_S, self.transport.close)
