"""How requests reach the service: with time limits, and again where that is harmless and helps."""

import datetime as dt
import json
import random
import time
from collections.abc import Mapping
from typing import Any

import httpx

from recontact.client.errors import ServiceError

AGAIN = {429, 502, 503, 504}
FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 30.0


class Sender:
    """Sends requests, and repeats those that the service asks to repeat.

    Every request of the client may be repeated: the service takes the same again as once.

    Parameters
    ----------
    http : httpx.Client
        Carries them.
    retries : int
        How often at most one is repeated.
    """

    def __init__(self, http: httpx.Client, retries: int) -> None:
        self.http = http
        self._retries = retries

    def sleep(self, seconds: float) -> None:
        """Wait before the next try."""
        time.sleep(seconds)

    def send(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Send a request and return what its answer holds.

        Raises
        ------
        ServiceError
            It was refused, or the service can't be reached.
        """
        parameters = {name: value for name, value in query.items() if value is not None}
        content = None if body is None else json.dumps(body, default=written).encode()
        for left in range(self._retries, -1, -1):
            asked = self._retries - left
            try:
                answer = self.http.request(method, path, params=parameters, content=content)
            except httpx.TransportError as error:
                if not left:
                    raise unreachable(self.http, error) from error
                self.sleep(wait_s(asked))
                continue
            if answer.status_code in AGAIN and left:
                self.sleep(wait_s(asked, answer.headers))
                continue
            return read(answer)
        raise AssertionError  # the last round returns or raises


def read(answer: httpx.Response) -> Any:
    """Return what a good answer holds."""
    if answer.is_success:
        return answer.json()
    raise refused(answer)


def refused(answer: httpx.Response) -> ServiceError:
    """Make an error of an answer that is none of success; its body must have been read."""
    try:
        problem = dict(answer.json())
    except ValueError:  # something before the service answered
        problem = {}
    problem.setdefault("status", answer.status_code)
    detail = problem.get("detail", answer.reason_phrase)
    path = answer.request.url.path
    return ServiceError(
        f"{answer.request.method} {path}: {answer.status_code}: {detail}", problem=problem
    )


def unreachable(http: httpx.Client, error: Exception) -> ServiceError:
    """Make an error of a connection that did not come about, or broke."""
    kind = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return ServiceError(
        f"the service at {http.base_url} can't be reached: {kind}",
        mend="check the address and whether `recontact serve` runs there",
    )


def wait_s(asked: int, headers: Mapping[str, str] | None = None) -> float:
    """Say how long to wait before the next try: what the service says, else longer each time.

    Examples
    --------
    >>> wait_s(0, {"retry-after": "5"})
    5.0
    >>> 0.5 <= wait_s(2) <= 1
    True
    """
    told = (headers or {}).get("retry-after", "")
    if told.isdecimal():
        return min(float(told), LONGEST_WAIT_S)
    longest = min(FIRST_WAIT_S * 2.0**asked, LONGEST_WAIT_S)
    return longest * (0.5 + random.random() / 2)  # noqa: S311 - spreads tries, hides nothing


def written(value: Any) -> str:
    """Write what JSON has no form for: instants."""
    if isinstance(value, dt.datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} can't be sent: {value!r}")
