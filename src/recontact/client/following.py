"""Follows server-sent events, over lost connections too."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import httpx

from recontact.client.errors import ServiceError
from recontact.client.sending import AGAIN, Sender, refused, unreachable, wait_s

SILENT_S = 45.0  # three heartbeats: the connection is dead although nobody said so
LONGEST_AFTER = 6  # tries


class Follower:
    """Gives what each event holds, and begins again where a connection breaks.

    Parameters
    ----------
    sender : Sender
        Carries the requests.
    path : str
        Address of the events.
    tries : int or None
        How many connections in turn may fail before it is an error; None: any number.
    """

    def __init__(self, sender: Sender, path: str, tries: int | None) -> None:
        self._sender = sender
        self._path = path
        self._tries = tries
        self._seen: str | None = None
        self._failed = 0

    def __iter__(self) -> Iterator[Any]:
        """Give events until the caller has enough."""
        while True:
            trouble: ServiceError | None = None
            try:
                yield from self._connection()
            except httpx.TransportError as error:
                trouble = unreachable(self._sender.http, error)
            except ServiceError as error:
                if error.status not in AGAIN:
                    raise
                trouble = error
            self._failed += 1
            if trouble and self._tries is not None and self._failed > self._tries:
                raise trouble
            self._sender.sleep(wait_s(min(self._failed, LONGEST_AFTER)))

    def _connection(self) -> Iterator[Any]:
        """Give the events of one connection."""
        http = self._sender.http
        headers = {"Accept": "text/event-stream"}
        if self._seen is not None:
            headers["Last-Event-ID"] = self._seen
        limits = httpx.Timeout(http.timeout.connect, read=SILENT_S)
        with http.stream("GET", self._path, headers=headers, timeout=limits) as answer:
            if not answer.is_success:
                answer.read()
                raise refused(answer)
            for number, data in events(answer.iter_lines()):
                self._seen, self._failed = number or self._seen, 0
                yield json.loads(data)


def events(lines: Iterable[str]) -> Iterator[tuple[str | None, str]]:
    """Read number and data of events, as our service writes them.

    Examples
    --------
    >>> list(events(["retry: 2000", "", ": still here", "", "id: 7", "data: {}", ""]))
    [('7', '{}')]
    """
    number, data = None, ""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "id":
            number = value
        elif name == "data":
            data = value
        elif not line and data:
            yield number, data
            number, data = None, ""
