"""Several processes that answer at one port: started, watched, started again, and stopped."""

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

import structlog

from recontact_serving.settings import Settings

LOOK_S = 0.2
STOP_WITHIN_S = 20  # a worker that has not stopped by then is ended
QUICK_S = 10.0  # one that ends sooner waits before it is started again
MOST_WAIT_S = 30.0

Run = Callable[[Settings, socket.socket, Callable[[str], Any]], None]

log = structlog.get_logger()


@dataclass
class _Worker:
    """One place among the workers, and the process that fills it."""

    process: Any = None
    told: Connection | None = None
    started: float = 0.0
    again_at: float = 0.0
    waits_s: float = 0.5


class Workers:
    """Keeps the workers of a service running until it is told to stop.

    They share one listening socket, which stays open while any of them is started again: nobody
    who connects in between is turned away.

    Parameters
    ----------
    run : callable
        What a worker does; it is given the settings, the socket, and whom to tell once it is
        clear whether there are models.
    settings : Settings
        How many, among others.
    taken : socket.socket
        Listens.
    """

    def __init__(self, run: Run, settings: Settings, taken: socket.socket) -> None:
        self._run = run
        self._settings = settings
        self._taken = taken
        self._workers = [_Worker() for _ in range(settings.workers)]
        self._context = multiprocessing.get_context("spawn")
        self._stop = threading.Event()
        self._by = 0

    def serve(self, say: Callable[[str], Any]) -> None:
        """Run them until SIGINT or SIGTERM; then each finishes what it is answering.

        Parameters
        ----------
        say : callable
            Is told once, when every worker knows its models: what is the trouble, empty if none.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._told_to_stop)
        silent, troubles = set(range(len(self._workers))), [""]
        while not self._stop.is_set():
            for worker in self._workers:
                self._look_after(worker)
            for k, worker in enumerate(self._workers):
                trouble = _word(worker)
                if trouble is not None and k in silent:
                    silent.remove(k)
                    troubles.append(trouble)
                    if not silent:
                        say(max(troubles))
            wait([w.process.sentinel for w in self._workers if w.process], LOOK_S)
        self._end()
        if self._by == signal.SIGINT:
            raise KeyboardInterrupt

    def _told_to_stop(self, number: int, _: Any) -> None:
        self._by = number
        self._stop.set()

    def _look_after(self, worker: _Worker) -> None:
        """Start a worker that does not run; one that ended soon is given some time first."""
        if worker.process is not None:
            if worker.process.is_alive():
                return
            log.error("worker ended", worker=worker.process.pid, code=worker.process.exitcode)
            lived = time.monotonic() - worker.started
            worker.waits_s = min(worker.waits_s * 2, MOST_WAIT_S) if lived < QUICK_S else 0.5
            worker.again_at = time.monotonic() + (worker.waits_s if lived < QUICK_S else 0.0)
            worker.process = None
        if time.monotonic() >= worker.again_at:
            self._start(worker)

    def _start(self, worker: _Worker) -> None:
        worker.told, tell = self._context.Pipe(duplex=False)
        arguments = (self._run, self._settings, self._taken, tell)
        worker.process = self._context.Process(target=_work, args=arguments, name="worker")
        # Ctrl-C reaches every process of the terminal; a worker is ended by this one alone
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        worker.process.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        worker.started = time.monotonic()
        tell.close()
        log.info("worker", worker=worker.process.pid)

    def _end(self) -> None:
        running = [w.process for w in self._workers if w.process is not None]
        for process in running:
            process.terminate()
        until = time.monotonic() + STOP_WITHIN_S
        for process in running:
            process.join(max(0.0, until - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()


def _word(worker: _Worker) -> str | None:
    """Read what a worker told; None where there is nothing new."""
    try:
        if worker.told is None or not worker.told.poll():
            return None
        return str(worker.told.recv())
    except (EOFError, OSError):
        worker.told = None
        return None


def _work(run: Run, settings: Settings, taken: socket.socket, tell: Connection) -> None:
    """Be a worker, as long as the process that started it lives."""
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    run(settings, taken, tell.send)


def _leave(*_: Any) -> None:
    raise SystemExit(0)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
