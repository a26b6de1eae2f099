"""Keeps one process per machine that follows a registry (`following`)."""

import fcntl
import os
import subprocess
import sys
import time

from recontact_serving.models.cache import Cache

AGAIN_S = 5.0  # after one that ended by itself


class Follower:
    """Starts the process that follows a registry, unless another worker's does so already.

    The process holds a lock as long as it lives; whoever gets the lock starts the next one.

    Parameters
    ----------
    uri : str or None
        Address of the registry.
    cache : Cache
        Where it keeps what it hears.
    every_s : float
        How often it asks.
    """

    def __init__(self, uri: str | None, cache: Cache, every_s: float) -> None:
        self._uri = uri
        self._cache = cache
        self._every_s = every_s
        self._process: subprocess.Popen[bytes] | None = None
        self._started = float("-inf")

    def ensure(self) -> None:
        """Start it where nobody's runs."""
        if self._process is not None and self._process.poll() is None:
            return
        if time.monotonic() < self._started + AGAIN_S:
            return
        lock = os.open(self._cache.lock(self._uri), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        else:
            self._started = time.monotonic()
            self._process = self._run(lock)
        finally:
            os.close(lock)

    def stop(self) -> None:
        """End the process, where it is ours."""
        if self._process is None:
            return
        self._process.kill()  # all that it writes is moved into place at once
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None

    def _run(self, lock: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "recontact_serving.models.following"]
        command += ["--cache", str(self._cache.folder), "--every", str(self._every_s)]
        command += ["--uri", self._uri] if self._uri else []
        return subprocess.Popen(  # noqa: S603 - ourselves
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock,),
            start_new_session=True,  # Ctrl-C is for the service, which then ends this
        )
