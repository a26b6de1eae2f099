"""`recontact serve` as a process: several workers at one port, ended, started again, stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest

pytestmark = pytest.mark.slow  # each starts the real command


@contextmanager
def serving(folder, *words):
    """Run the command in an empty folder: there are no models, and it says so."""
    settings = {
        "RECONTACT_AUTH": "off",
        "RECONTACT_DATABASE_URL": f"sqlite:///{folder}/recontact.db",
        "RECONTACT_MLFLOW_URI": f"sqlite:///{folder}/mlflow.db",
    }
    command = [sys.executable, "-m", "recontact_pipelines", "serve", "--port", "0", "--json"]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [*command, *words],
            env=os.environ | settings,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process, json.loads(process.stdout.readline()), folder / "log"
        finally:
            process.kill()


def lines(log, event):
    """Give what the log says of an event."""
    found = (json.loads(line) for line in log.read_text().splitlines())
    return [line for line in found if line["event"] == event]


def test_workers_are_started_again_and_stop_cleanly(tmp_path):
    """The port answers all the time, also while a killed worker is replaced; then all end."""
    with serving(tmp_path, "--workers", "2") as (process, said, log):
        assert "mlflow.db does not exist" in said["trouble"]
        live = f"{said['address']}/health/live"
        first, second = (line["worker"] for line in lines(log, "worker"))
        (ready,) = lines(log, "ready")
        assert (ready["address"], ready["trouble"]) == (said["address"], said["trouble"])
        os.kill(first, signal.SIGKILL)
        until = time.monotonic() + 30
        while len(lines(log, "worker")) < 3 and time.monotonic() < until:
            assert httpx.get(live, timeout=30).status_code == 200
            time.sleep(0.05)
        assert [line["code"] for line in lines(log, "worker ended")] == [-signal.SIGKILL]
        assert httpx.get(live).headers["recontact-worker"] != str(first)
        third = lines(log, "worker")[2]["worker"]
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
        assert process.wait(20) == 130
        for worker in (second, third):
            with pytest.raises(ProcessLookupError):
                os.kill(worker, 0)
    assert "Traceback" not in log.read_text()


def test_one_process_stops_cleanly(tmp_path):
    """After SIGTERM its exit code is 0; standard output had one line, the log when it began."""
    with serving(tmp_path) as (process, said, log):
        first = json.loads(log.read_text().splitlines()[0])
        assert (first["event"], first["level"]) == ("starting", "info")
        assert len(lines(log, "ready")) == 1
        assert httpx.get(f"{said['address']}/health/live", timeout=30).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stdout.read() == ""
    assert "Traceback" not in log.read_text()
