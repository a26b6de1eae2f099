"""Commands in processes of their own that are killed on their way."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from recontact_pipelines.cli import main

STEPS = ("write", "fsync", "replace", "replaced")  # of an output: begun, whole, named, there
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(  # so that a process begins where its work does
    ["recontact_pipelines.cli", "recontact.sources.imports", "recontact.labels.files"]
)


def run(args: list[str], after_s: float | None = None, at: str = "") -> tuple[int, float]:
    """Run a command, killed after some seconds or at a step: its exit code, and its seconds.

    `at` names a step and of which of its outputs, counted from 1, as in ``fsync 2``.
    """
    begun = FORKS.Event()
    process = FORKS.Process(target=_run, args=(args, at, begun))
    process.start()
    while not begun.wait(0.05) and process.is_alive():
        pass
    began = time.monotonic()
    process.join(after_s)
    process.kill()
    process.join()
    return process.exitcode or 0, time.monotonic() - began


def _run(args: list[str], at: str, begun: Event) -> None:
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    if at:
        _kill_at(*at.split())
    begun.set()
    sys.exit(main(args))


def _kill_at(step: str, nth: str) -> None:
    """Put a kill at the n-th call of what makes an output appear."""
    calls = 0

    def passed() -> None:
        nonlocal calls
        calls += 1
        if calls == int(nth):
            os.kill(os.getpid(), signal.SIGKILL)

    def before(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **options: (passed(), function(*args, **options))[1]

    def after(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **options: (function(*args, **options), passed())[0]

    owner: Any = {"write": pq.ParquetWriter, "fsync": os}.get(step, Path)
    names = {"write": "write_table", "fsync": "fsync", "renamed": "rename"}
    name = names.get(step, "replace")
    how = after if step in ("write", "replaced", "renamed") else before
    setattr(owner, name, how(getattr(owner, name)))
