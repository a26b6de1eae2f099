"""Processes of their own: what one took, and environments to throw away."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

PEERS = Path(__file__).parent / "peers"
CACHE = Path(__file__).parents[2] / "build" / "bench"
THREADS = dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"), "2")


class Took(NamedTuple):
    """What a process took: seconds on the clock and of all processors, GiB; or why it failed."""

    wall: float
    cpu: float
    peak: float
    failed: str | None = None


def run(script: str, *arguments: object) -> str:
    """Run a script of `peers`; give what it prints."""
    command = [sys.executable, PEERS / script, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def limited(memory: float) -> Callable[[], None]:
    """Give what a process does first: it takes two processors, and no more memory than this."""
    processors = sorted(os.sched_getaffinity(0))[:2]

    def limit() -> None:
        os.sched_setaffinity(0, processors)
        resource.setrlimit(resource.RLIMIT_DATA, (int(memory * 2**30),) * 2)

    return limit


def measure(command: list[object], memory: float, seconds: float) -> Took:
    """Run a process to its end and give what it took."""
    with tempfile.TemporaryFile("w+") as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            env=os.environ | THREADS,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            preexec_fn=limited(memory),  # noqa: PLW1509 - no thread of ours holds a lock
        )
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        _, status, used = os.wait4(process.pid, 0)
        wall, code = time.perf_counter() - begin, os.waitstatus_to_exitcode(status)
        process.returncode = code  # it has been waited for
        late = not timer.is_alive()
        timer.cancel()
        errors.seek(0)
        failed = why(code, errors.read(), f"over {seconds:,.0f} s" if late else None)
    return Took(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20, failed)


def why(code: int, errors: str, late: str | None) -> str | None:
    """Tell in a few words why a process failed."""
    if code == 0:
        return None
    memory = any(word in errors.lower() for word in ("memory", "alloc"))
    last = errors.strip().splitlines()[-1:] or [f"exit code {code}"]
    return late or ("out of memory" if memory else last[0])


def environment(name: str, packages: list[str]) -> Path:
    """Make an environment to throw away; give its Python."""
    python = CACHE / name / "bin" / "python"
    if not python.exists():
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "-q", "--python", sys.executable, CACHE / name], check=True)
        try:
            subprocess.run([uv, "pip", "install", "-q", "--python", python, *packages], check=True)
        except subprocess.CalledProcessError:
            shutil.rmtree(CACHE / name)
            raise
    return python


def processor_s(process: int) -> float:
    """Give the seconds of all processors that a running process and its children have used."""
    used = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[11:15]
    own = sum(map(int, used)) / os.sysconf("SC_CLK_TCK")  # with the children that have ended
    threads = Path(f"/proc/{process}/task").glob("*/children")
    return own + sum(processor_s(int(one)) for file in threads for one in file.read_text().split())
