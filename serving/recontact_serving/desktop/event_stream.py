"""Server-sent events: an answer that goes on, as bytes on the wire, until either side ends it."""

import asyncio
import contextlib
import math
import time

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from recontact_serving.desktop.call_watching import CallWatching, Event, Watch

HEARTBEAT_S = 15.0  # below what proxies wait for
RETRY_MS = 2000
LAST_WORD_S = 0.5
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx would hold events back


class EventStream(StreamingResponse):
    """The answer to who follows a call or an agent.

    Parameters
    ----------
    watching : CallWatching
        Hands the events out.
    watch : Watch
        What is followed.
    since : int or None
        Number of the event that the reader saw last.
    until : float or None
        When the reader's token is over, in seconds since 1970.
    """

    def __init__(
        self, watching: CallWatching, watch: Watch, since: int | None, until: float | None
    ) -> None:
        super().__init__(iter(()), headers=HEADERS, media_type="text/event-stream")
        self._watching = watching
        self._watch = watch
        self._since = since
        self._until = math.inf if until is None else until
        self._told = b""

    async def __call__(
        self,
        scope: Scope,  # noqa: ARG002 - part of the interface
        receive: Receive,
        send: Send,
    ) -> None:
        """Send events until the reader goes, is too slow, or the server stops."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        with self._watching.watching(self._watch):
            work = [
                asyncio.create_task(self._tell(send)),
                asyncio.create_task(_gone(receive)),
                asyncio.create_task(self._watch.over.wait()),
            ]
            try:
                await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in work:
                    task.cancel()
                await asyncio.gather(*work, return_exceptions=True)
        with contextlib.suppress(TimeoutError, OSError):  # a reader who is stuck is not waited for
            await asyncio.wait_for(_send(send, b"", more=False), LAST_WORD_S)

    async def _tell(self, send: Send) -> None:
        await _send(send, f"retry: {RETRY_MS}\n\n".encode())
        for event in await self._watching.present(self._watch, self._since):
            await self._send_event(send, event)
        while (left := self._until - time.time()) > 0:
            try:
                # `wait_for` of Python 3.11 forgets a cancellation that comes with an event.
                async with asyncio.timeout(min(left, HEARTBEAT_S)):
                    event = await self._watch.next()
            except TimeoutError:
                await _send(send, b": still here\n\n")
            else:
                await self._send_event(send, event)

    async def _send_event(self, send: Send, event: Event) -> None:
        """Send an event, unless it says what the one before said."""
        if event.data != self._told:
            self._told = event.data
            await _send(send, as_text(event))


def as_text(event: Event) -> bytes:
    r"""Write an event as it goes over the wire.

    Examples
    --------
    >>> as_text(Event(7, None, b'{"contact_id": "c-1"}'))
    b'event: score\nid: 7\ndata: {"contact_id": "c-1"}\n\n'
    """
    return b"event: score\nid: %d\ndata: %b\n\n" % (event.seq, event.data)


async def _send(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def _gone(receive: Receive) -> None:
    """Wait until the reader has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
