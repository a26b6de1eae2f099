"""The service in a process of its own, or in this one, for as long as somebody needs it."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from recontact.errors import UserError

if TYPE_CHECKING:
    from fastapi import FastAPI

READY_WITHIN_S = 120
STOPS_WITHIN_S = 10


@contextmanager
def serving(host: str, port: int, settings: Mapping[str, str], log: Path) -> Iterator[str]:
    """Run the service, and end it afterwards; give its address (`process` says more)."""
    with process(host, port, settings, log) as (address, _):
        yield address


@contextmanager
def process(
    host: str, port: int, settings: Mapping[str, str], log: Path
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run the service, and end it afterwards.

    Parameters
    ----------
    host, port : str, int
        Where it listens; port 0: any free one.
    settings : mapping of str to str
        Its `RECONTACT_*` environment variables.
    log : pathlib.Path
        Where its log goes.

    Yields
    ------
    str, subprocess.Popen
        Its address, once it is ready to score, and the process.

    Raises
    ------
    UserError
        It does not come up; the message has the last lines of its log.
    """
    command = [sys.executable, "-m", "recontact_pipelines", "serve", "--json"]
    with (
        log.open("w") as errors,
        subprocess.Popen(  # noqa: S603 - ourselves
            [*command, "--host", host, "--port", str(port)],
            env={**os.environ, **settings},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,  # Ctrl-C is for whoever runs this, who then ends the service
        ) as running,
    ):
        try:
            address = _address(running, log)
            _wait_until_ready(running, address, log)
            yield address, running
        finally:
            _end(running)


@contextmanager
def here(app: "FastAPI") -> Iterator[str]:
    """Run a service in this process, on any free port; give its address once it is ready.

    Raises
    ------
    UserError
        It does not come up.
    """
    import uvicorn  # noqa: PLC0415 - the service's libraries

    from recontact_serving.server import address, listen  # noqa: PLC0415
    from recontact_serving.stopping import Server  # noqa: PLC0415

    with listen("127.0.0.1", 0) as taken:
        server = Server(app, uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
        thread.start()
        try:
            if not _is_ready(address(taken), thread.is_alive):
                raise UserError("the service does not come up", mend="see its log")
            yield address(taken)
        finally:
            server.should_exit = True
            thread.join()


def _address(process: subprocess.Popen[str], log: Path) -> str:
    """Read where it listens: the one line that it prints."""
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        process.wait()
        raise _failed(log)
    return str(json.loads(line)["address"])


def _wait_until_ready(process: subprocess.Popen[str], address: str, log: Path) -> None:
    if not _is_ready(address, lambda: process.poll() is None):
        raise _failed(log)


def _is_ready(address: str, runs: Callable[[], bool]) -> bool:
    """Wait until the service is ready to score; False where it ends, or takes too long."""
    until = time.monotonic() + READY_WITHIN_S
    while runs() and time.monotonic() < until:
        try:
            answer = httpx.get(f"{address}/health/ready", timeout=5, trust_env=False)
        except httpx.TransportError:  # it has the port, and does not answer yet
            answer = None
        if answer and answer.is_success:
            return True
        time.sleep(0.2)
    return False


def _failed(log: Path) -> UserError:
    said = log.read_text().splitlines()[-5:]
    return UserError("\n".join(["the service does not come up", *said]), mend=f"see {log}")


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOPS_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
