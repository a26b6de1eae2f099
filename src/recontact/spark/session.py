"""A session of Spark: the one that is there, or one of our own, and its errors in plain words."""

import logging
import os
import re
import shutil
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import urlsplit

from recontact.errors import UserError

WHERE = "RECONTACT_SPARK"
HERE = "local[*]"
CONNECT = "sc://"
CONNECT_PORT = 15002
REACHED_WITHIN_S = 10.0
JAVA = "install Java 17, on Debian and Ubuntu with `apt-get install openjdk-17-jre-headless`"
OURS = re.compile(
    r"recontact\.errors\.UserError: (.*?)(?:\n  mend: ([^\n]*))?(?:\s*SQLSTATE: \w+)?\s*\Z",
    re.DOTALL,
)
ZONE = {"spark.sql.session.timeZone": "UTC"}
SETTINGS = {"spark.app.name": "recontact", "spark.ui.showConsoleProgress": "false", **ZONE}
ALONE = {  # on one machine nobody else is to reach it
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
}


@contextmanager
def session() -> Iterator[Any]:
    """Open Spark: the active session, or one where ``RECONTACT_SPARK`` says, until the end.

    ``RECONTACT_SPARK`` is a master (``local[4]``, ``spark://host:7077``, ``yarn``) or the address
    of a Spark Connect server (``sc://host:15002``); without it ``SPARK_REMOTE``, else this
    machine. Everything else is set the way Spark is: ``SPARK_CONF_DIR``, ``PYSPARK_SUBMIT_ARGS``.

    Yields
    ------
    pyspark.sql.SparkSession

    Raises
    ------
    UserError
        PySpark or Java is not installed, Spark can't be reached, gives up, or a worker met
        something that the user can mend.
    """
    with warnings.catch_warnings():  # only Arrow goes in and out of it here
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
        spark_session = _installed()
        active = spark_session.getActiveSession()
        with nullcontext(active) if active else _own() as spark, in_our_words():
            yield spark


def _installed() -> Any:
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra, and heavy
    except ModuleNotFoundError as error:
        mend = "pip install 'recontact[spark]'"
        name = (error.name or "pyspark").split(".")[0]
        raise UserError(f"Spark needs {name}, which is not installed", mend) from error
    return SparkSession


@contextmanager
def in_our_words() -> Iterator[None]:
    """Turn what Spark says of an error into what the user can mend about it.

    Raises
    ------
    UserError
        The one that a worker raised, or that Spark gave up.
    """
    from py4j.protocol import Py4JError  # noqa: PLC0415 - as above
    from pyspark.errors import PySparkException  # noqa: PLC0415

    try:
        yield
    except (PySparkException, Py4JError) as error:
        known = _told(str(error))
        if known is None:
            raise
        raise known from error


def _told(text: str) -> UserError | None:
    r"""Find what the user can mend in an error text of Spark; None where it is a fault of ours.

    Examples
    --------
    >>> _told("Traceback ...\nrecontact.errors.UserError: a.csv: gone\n  mend: check it").mend
    'check it'
    """
    if ours := OURS.search(text):
        return UserError(ours[1], ours[2] or "")
    if "No module named 'recontact'" in text:
        return UserError(
            "Spark's workers have no recontact",
            "install the same version there, and name its Python in PYSPARK_PYTHON",
        )
    if gave_up := re.search(r"Job aborted[^\n]*|SparkContext was shut down[^\n]*", text):
        return UserError(f"Spark gave up: {gave_up[0]}", "RECONTACT_DEBUG=1 shows what Spark says")
    return None


@contextmanager
def _own() -> Iterator[Any]:
    where = os.environ.get(WHERE) or os.environ.get("SPARK_REMOTE") or HERE
    with _as_before():
        spark = _connected(where) if where.startswith(CONNECT) else _started(where)
    unheard = logging.NullHandler()  # of Ctrl-C py4j says much where nobody takes the logs
    logging.getLogger().addHandler(unheard)
    try:
        yield spark
    finally:
        spark.stop()
        logging.getLogger().removeHandler(unheard)


@contextmanager
def _as_before() -> Iterator[None]:
    """Keep what Ctrl-C does: PySpark's way asks Java something in the middle of its answer."""
    before = signal.getsignal(signal.SIGINT)
    yield
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, before)


def _connected(where: str) -> Any:
    from pyspark.errors import PySparkException  # noqa: PLC0415 - as above
    from pyspark.sql import SparkSession  # noqa: PLC0415

    server = urlsplit(where)
    address = (server.hostname or "", server.port or CONNECT_PORT)
    try:  # Spark itself would try for minutes
        socket.create_connection(address, REACHED_WITHIN_S).close()
        return SparkSession.builder.remote(where).config(map=dict(ZONE)).getOrCreate()
    except (OSError, PySparkException) as error:
        told = re.search(r'details = "([^"]*)', str(error))
        place = f"{CONNECT}{address[0]}:{address[1]}"  # the rest may hold a token
        raise _unreachable(place, told[1] if told else str(error)) from error


def _started(where: str) -> Any:
    from py4j.protocol import Py4JError  # noqa: PLC0415 - as above
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

    alone = where.startswith("local")
    if alone:  # the workers are this Python; elsewhere the administrator knows better
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = {"spark.master": where, **SETTINGS, **(ALONE if alone else {})}
    gateway = _java(tuple(settings.items()))
    conf = SparkConf(_jvm=gateway.jvm).setAll(list(settings.items()))
    try:
        return SparkSession(SparkContext(gateway=gateway, conf=conf))
    except Py4JError as error:
        raise _unreachable(where, _first_line(str(error))) from error


@cache
def _java(settings: tuple[tuple[str, str], ...]) -> Any:
    """Start Java, of which a process has one; what it says goes where nobody has to read it."""
    from pyspark import SparkConf  # noqa: PLC0415 - as above
    from pyspark.errors import PySparkRuntimeError  # noqa: PLC0415
    from pyspark.java_gateway import launch_gateway  # noqa: PLC0415

    home = os.environ.get("JAVA_HOME")
    if not shutil.which(str(Path(home) / "bin" / "java") if home else "java"):
        where = f"in JAVA_HOME ({home})" if home else "on this machine"
        raise UserError(f"Spark needs Java, and there is none {where}", JAVA)
    conf = SparkConf(loadDefaults=False).setAll(list(settings))
    with TemporaryFile() as said:
        heard = {} if os.environ.get("RECONTACT_DEBUG") else {"stdout": said, "stderr": said}
        try:
            return launch_gateway(conf, heard)  # type: ignore[no-untyped-call]  # has no types
        except PySparkRuntimeError as error:
            raise UserError(f"Spark's Java did not start: {_last_line(said)}", JAVA) from error


def _unreachable(where: str, why: str) -> UserError:
    return UserError(
        f"no Spark at {where}: {why}",
        f"set {WHERE}, for instance to local[4], spark://host:7077 or sc://host:15002",
    )


def _first_line(text: str) -> str:
    """Give the line of a Java error that tells what happened."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line.removeprefix(": ") for line in lines if line.startswith(":")), lines[0])


def _last_line(said: IO[bytes]) -> str:
    said.seek(0)
    lines = said.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
