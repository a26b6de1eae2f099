r"""A PostgreSQL server of the tests' own, in a folder that goes away with it.

Any command can have one, too; in its words, {} stands for the address of an empty database:

    python -m tests.serving.postgres python -m recontact_pipelines.campaigns.kills \
        --out campaign --database {}
"""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

ACCOUNTS = ("postgres", "nobody")  # PostgreSQL refuses to run as root
QUICK = {  # nothing here needs to survive a power cut
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "listen_addresses": "",  # a socket in the folder and no port
}
MISSING = "PostgreSQL's initdb is neither on PATH nor under /usr/lib/postgresql (scripts/system.sh)"


class Server:
    """A running server: gives away databases, each a copy of the template."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._db = psycopg.connect(self._address("postgres"), autocommit=True)
        self._names = (f"copy_{i}" for i in itertools.count())

    @contextmanager
    def empty(self, name: str | None = None) -> Iterator[str]:
        """Give the address of a database without tables."""
        with self._made(name or next(self._names), "template1") as url:
            yield url

    @contextmanager
    def copy(self, template: str) -> Iterator[str]:
        """Give the address of a copy of a database that nobody is connected to."""
        with self._made(next(self._names), template) as url:
            yield url

    @contextmanager
    def _made(self, name: str, template: str) -> Iterator[str]:
        self._db.execute(f"create database {name} template {template} strategy file_copy")
        try:
            yield f"postgresql://postgres@/{name}?host={self._folder}"
        finally:
            self._db.execute(f"drop database {name} with (force)")

    def _address(self, name: str) -> str:
        return f"host={self._folder} user=postgres dbname={name}"

    def close(self) -> None:
        self._db.close()


@contextmanager
def running() -> Iterator[Server]:
    """Run a server until the block ends; `FileNotFoundError` where there is no PostgreSQL."""
    programs = tools()
    folder = Path(tempfile.mkdtemp(prefix="recontact-pg-"))  # a socket's path has to be short
    data = str(folder / "data")
    try:
        as_account = _account(folder)
        initdb = [str(programs / "initdb"), "-D", data, "-U", "postgres", "-A", "trust"]
        _quiet([*as_account, *initdb, "-E", "UTF8", "--no-sync", "--no-instructions"], folder)
        options = [word for name, value in QUICK.items() for word in ("-c", f"{name}={value}")]
        server = [str(programs / "postgres"), "-D", data, "-k", str(folder), *options]
        with (
            (folder / "log").open("w") as log,
            subprocess.Popen([*as_account, *server], cwd=folder, stderr=log) as process,
        ):
            try:
                opened = _open(folder, process)
                yield opened
                opened.close()
            finally:
                process.send_signal(signal.SIGQUIT)  # at once: nothing here is worth keeping
                process.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tools() -> Path:
    """Find the folder of the server's programs, the newest version's."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    there = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    if not there:
        raise FileNotFoundError(MISSING)
    return there[-1].parent


def _version(program: Path) -> float:
    return float(program.parent.parent.name)


def _account(folder: Path) -> list[str]:
    """Give the folder to an account that PostgreSQL runs as, and the words that change to it."""
    if os.geteuid():
        return []
    names = {one.pw_name for one in pwd.getpwall()}
    account = pwd.getpwnam(next(name for name in ACCOUNTS if name in names))
    os.chown(folder, account.pw_uid, account.pw_gid)
    ids = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return ["setpriv", *ids, "--pdeathsig", "INT", "--"]  # it ends with killed tests, too


def _quiet(words: list[str], folder: Path) -> None:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _open(folder: Path, process: subprocess.Popen) -> Server:
    until = time.monotonic() + 30
    while True:
        try:
            return Server(folder)
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((folder / "log").read_text()) from None
            time.sleep(0.02)


def main(words: list[str]) -> int:
    """Run a command beside a server; give its exit code."""
    with running() as server, server.empty() as url:
        return subprocess.run([word.replace("{}", url) for word in words], check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
