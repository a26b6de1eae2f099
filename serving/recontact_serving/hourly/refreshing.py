"""The rates brought up to date every hour, by one worker of all machines, in a process apart.

Labels and rates of the whole history take seconds of computing and much memory: beside a service
that answers in milliseconds that belongs into another process, which yields to everything else.
"""

import os
import socket
import subprocess
import sys
import threading
import time
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from recontact_serving.hourly import drift, rates
from recontact_serving.models.champions import Champions
from recontact_serving.settings import Settings
from recontact_serving.storage.clock import micros, now
from recontact_serving.storage.database import Database, read_meta
from recontact_serving.storage.leases import SECOND, give_back, take
from recontact_serving.web.metrics import Metrics

LEASE = "refresh"
LEASE_S = 600.0  # who dies while it refreshes keeps the others from it for so long at most
RENEW_S = 60.0
WAIT_S = 0.5
LOOK_S = 30.0
EVERY_S = 3600.0
OTHER_POLICY_S = 300.0  # the champion follows another policy than the rates
REFRESHED_AT = "refreshed_at"  # microseconds, also where there was nothing to learn from
NICE = 10

log = structlog.get_logger()


class Refresher:
    """Looks now and then whether the rates are due, and has them learnt where nobody else does.

    Parameters
    ----------
    settings : Settings
        Of the service.
    database : Database
        Holds history and rates.
    champions : Champions
        Whose policy the rates follow.
    metrics : Metrics
        Is told how old the rates are.
    """

    def __init__(
        self, settings: Settings, database: Database, champions: Champions, metrics: Metrics
    ) -> None:
        self._settings = settings
        self._database = database
        self._champions = champions
        self._metrics = metrics
        self._holder = f"{socket.gethostname()}-{os.getpid()}"
        self._trouble = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="refresh", daemon=True)

    @property
    def trouble(self) -> str:
        """Why the last refresh of this worker failed; empty where it did not."""
        return self._trouble

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no longer; a refresh that goes on is ended, and changes nothing."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)

    def look(self) -> bool:
        """Refresh the rates if that is due and nobody else does it; tell whether it was done."""
        if not self._due() or not take(self._database, LEASE, self._holder, LEASE_S):
            return False
        if self._due():  # not done by somebody else just now
            self._trouble = self._refresh()
        if not self._trouble:  # after a failure, the lease keeps everybody from trying again soon
            give_back(self._database, LEASE, self._holder)
        return not self._trouble

    def _due(self) -> bool:
        """Tell whether an hour has passed, or the champion follows another policy."""
        with self._database.read() as db:
            built, tried, policy = (
                read_meta(db, name) for name in (rates.BUILT_AT, REFRESHED_AT, rates.POLICY)
            )
            self._metrics.drift(drift.read(db))
        champion = self._champions.current()
        if built:
            self._metrics.rates_age((micros(now()) - int(built)) / SECOND)
        if champion is None or not self._settings.refresh:
            return False
        every = EVERY_S if policy in {None, champion.policy} else OTHER_POLICY_S
        last = int(tried or 0) if every == OTHER_POLICY_S else max(int(built or 0), int(tried or 0))
        return micros(now()) - last >= every * SECOND

    def _refresh(self) -> str:
        """Run the process apart, and renew the lease while it runs; give what went wrong."""
        command = [sys.executable, "-m", "recontact_serving.hourly.refresh_once"]
        with subprocess.Popen(  # noqa: S603 - ourselves
            command, env=self._environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            said = self._wait(process)
        if not process.returncode:
            log.info("refreshed")
            return ""
        words = said.decode(errors="replace").strip().splitlines()[-1:] or ["no word"]
        log.error("refresh", code=process.returncode, trouble=words[0])
        return f"the hourly refresh failed: {words[0]}"

    def _wait(self, process: subprocess.Popen[bytes]) -> bytes:
        renewed = time.monotonic()
        while True:
            try:
                return process.communicate(timeout=WAIT_S)[1]
            except subprocess.TimeoutExpired:
                if self._stop.is_set():
                    process.kill()
                elif time.monotonic() > renewed + RENEW_S:
                    take(self._database, LEASE, self._holder, LEASE_S)
                    renewed = time.monotonic()

    def _environment(self) -> dict[str, str]:
        wanted: dict[str, Any] = {
            "DATABASE_URL": self._settings.database_url,
            "MLFLOW_URI": self._settings.mlflow_uri,
            "CACHE_DIR": self._settings.cache_dir,
            "RETENTION_DAYS": self._settings.retention_days,
        }
        given = {f"RECONTACT_{name}": str(value) for name, value in wanted.items() if value}
        return os.environ | given

    def _run(self) -> None:
        while not self._stop.wait(LOOK_S):
            try:
                self.look()
            except SQLAlchemyError as error:
                self._trouble = f"the hourly refresh failed: {error}"
                log.warning("refresh", trouble=str(error))
