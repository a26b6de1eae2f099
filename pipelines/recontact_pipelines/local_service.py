"""The service in a process of its own, for as long as somebody needs it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from recontact.errors import UserError

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


def _address(process: subprocess.Popen[str], log: Path) -> str:
    """Read where it listens: the one line that it prints."""
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        process.wait()
        raise _failed(log)
    return str(json.loads(line)["address"])


def _wait_until_ready(process: subprocess.Popen[str], address: str, log: Path) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while process.poll() is None and time.monotonic() < until:
        try:
            answer = httpx.get(f"{address}/health/ready", timeout=5, trust_env=False)
        except httpx.TransportError:  # it has the port, and does not answer yet
            answer = None
        if answer and answer.is_success:
            return
        time.sleep(0.2)
    raise _failed(log)


def _failed(log: Path) -> UserError:
    said = log.read_text().splitlines()[-5:]
    return UserError("\n".join(["the service does not come up", *said]), mend=f"see {log}")


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOPS_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
