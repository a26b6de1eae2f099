"""Sends requests to an HTTP server on this machine and notes how long each answer takes.

Run as a process of its own: ``python tests/bench/load.py ADDRESS BODIES --connections 8``. BODIES
is a file of one JSON body a line. It prints one JSON object. Closed loop: each connection asks
again when it is answered. Open loop (``--rate``): requests leave at their times whatever the
answers do, and a latency counts from the time at which its request was due.
"""

# ruff: noqa: T201 - what it prints is read by the bench

import argparse
import asyncio
import itertools
import json
import time
from collections import Counter, deque
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import uvloop

MOST_CONNECTIONS = 256


class Connection(asyncio.Protocol):
    """One connection that keeps alive: a request at a time."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.buffer = b""
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport  # uvloop has a kind of its own
        self.load.free(self)

    def ask(self, request: bytes, due: float) -> None:
        self.due = due
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        lower = self.buffer[:head].lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0])
        if len(self.buffer) < head + 4 + length:
            return
        status = int(self.buffer[9:12])
        body, self.buffer = self.buffer[head + 4 : head + 4 + length], b""
        self.load.answered(status, body, time.perf_counter() - self.due)
        self.load.free(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.load.lost(error)


class Load:
    """Requests to one server for some seconds."""

    def __init__(self, requests: list[bytes], seconds: float, rate: float) -> None:
        self.requests = itertools.cycle(requests)
        self.rate = rate
        self.taken: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.waiting: deque[Connection] = deque()  # connections without a request
        self.due: deque[float] = deque()  # requests without a connection
        self.ends = time.perf_counter() + seconds
        self.failed = ""

    def free(self, connection: Connection) -> None:
        now = time.perf_counter()
        if self.due:
            connection.ask(next(self.requests), self.due.popleft())
        elif self.rate or now >= self.ends:
            self.waiting.append(connection)
        else:
            connection.ask(next(self.requests), now)

    def send(self, due: float) -> None:
        if self.waiting:
            self.waiting.popleft().ask(next(self.requests), due)
        else:
            self.due.append(due)

    def answered(self, status: int, body: bytes, seconds: float) -> None:
        self.statuses[status] += 1
        self.taken.append(seconds)
        if status >= 400 and not self.failed:
            self.failed = body[:300].decode(errors="replace")

    def lost(self, error: Exception | None) -> None:
        if time.perf_counter() < self.ends:
            self.failed = self.failed or f"connection lost: {error}"
            self.statuses[0] += 1

    async def run(self, host: str, port: int, connections: int) -> float:
        loop = asyncio.get_running_loop()
        began = time.perf_counter()
        for _ in range(connections):
            await loop.create_connection(lambda: Connection(self), host, port)
        if self.rate:
            await self._at_rate(began)
        while time.perf_counter() < self.ends or len(self.waiting) < connections:
            await asyncio.sleep(0.01)
            if time.perf_counter() > self.ends + 10:
                break
        return time.perf_counter() - began

    async def _at_rate(self, began: float) -> None:
        for number in itertools.count():
            due = began + number / self.rate
            if due >= self.ends:
                return
            await asyncio.sleep(due - time.perf_counter())
            self.send(due)


def requests_of(address: str, path: str, bodies: list[bytes], key: str) -> list[bytes]:
    """Write requests out as they go over the wire."""
    head = f"POST {path} HTTP/1.1\r\nHost: {urlsplit(address).netloc}\r\n"
    head += "Content-Type: application/json\r\nAccept: application/json\r\n"
    head += f"Authorization: Bearer {key}\r\n" if key else ""
    return [f"{head}Content-Length: {len(b)}\r\n\r\n".encode() + b for b in bodies]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("bodies", type=Path)
    parser.add_argument("--path", default="/v1/score")
    parser.add_argument("--key", default="")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rate", type=float, default=0, help="requests a second; 0: closed loop")
    asked = parser.parse_args()
    where = urlsplit(asked.address)
    assert where.hostname in {"127.0.0.1", "localhost", "::1"}, "only to this machine"
    requests = requests_of(
        asked.address, asked.path, asked.bodies.read_bytes().splitlines(), asked.key
    )
    load = Load(requests, asked.seconds, asked.rate)
    whole = uvloop.run(
        load.run(where.hostname, where.port or 80, min(asked.connections, MOST_CONNECTIONS))
    )
    taken = np.array(load.taken) * 1e3
    print(
        json.dumps(
            {
                "requests": len(taken),
                "per_s": round(len(taken) / whole, 1),
                "median_ms": round(float(np.median(taken)), 3),
                "p99_ms": round(float(np.percentile(taken, 99)), 3),
                "most_ms": round(float(taken.max()), 3),
                "statuses": load.statuses,
                "failed": load.failed,
            }
        )
    )


if __name__ == "__main__":
    main()
