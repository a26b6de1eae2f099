"""Run the service: take the port, say where it is, serve until it is told to stop."""

import errno
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import structlog

from recontact.errors import UserError
from recontact_serving.settings import Settings
from recontact_serving.web.logs import log_as_json
from recontact_serving.workers import Workers

# All else that answers requests is imported where it is needed: that takes seconds, and the
# process that follows the registry takes some too, so it is started before.

TOLD_WITHIN_S = 60.0  # a store that hangs does not keep the address from being told
IN_USE = "choose another port with --port or RECONTACT_PORT, or stop what uses this one"
STARTING = (
    "loads its libraries, then the models: some seconds; the first time after an installation it "
    "compiles its loops, which takes about half a minute"
)

log = structlog.get_logger()


def serve(settings: Settings, say: Callable[[str, str], Any]) -> None:
    """Serve until SIGINT or SIGTERM.

    Parameters
    ----------
    settings : Settings
        What the operator has set.
    say : callable
        Is told the address once scores can be given, or once it is clear that there are no
        models: then also why.

    Raises
    ------
    UserError
        The port is in use, the host is not of this machine, or the service would be open to
        strangers.
    """
    log_as_json()
    log.info("starting", doing=STARTING)
    with _followed(replace(settings, began=time.time())) as kept:
        _check(kept)
        with listen(kept.host, kept.port) as taken:
            _serve(kept, taken, say)


def _serve(settings: Settings, taken: socket.socket, say: Callable[[str, str], Any]) -> None:
    where = address(taken)

    def tell(trouble: str) -> None:
        log.info("ready", address=where, trouble=trouble or None)
        say(where, trouble)

    if settings.workers > 1:
        Workers(work, settings, taken).serve(tell)
    else:
        signal.signal(signal.SIGTERM, _leave)
        work(settings, taken, tell)


@contextmanager
def _followed(settings: Settings) -> Iterator[Settings]:
    """Have the registry asked already while the service is still loading."""
    from recontact_serving.models.cache import Cache  # noqa: PLC0415 - see above
    from recontact_serving.models.follower import Follower  # noqa: PLC0415

    cache = Cache.open(settings.cache_dir)
    follower = Follower(settings.mlflow_uri, cache, settings.follow_s)
    follower.ensure()
    try:
        yield replace(settings, cache_dir=str(cache.folder))
    finally:
        follower.stop()


def work(settings: Settings, taken: socket.socket, tell: Callable[[str], Any]) -> None:
    """Answer at a socket until SIGINT or SIGTERM.

    Parameters
    ----------
    settings : Settings
        What the operator has set.
    taken : socket.socket
        Listens.
    tell : callable
        Is told once whether there are models: empty, or why there are none.
    """
    import uvicorn  # noqa: PLC0415 - see above

    from recontact_serving.app import create_app  # noqa: PLC0415
    from recontact_serving.stopping import Server  # noqa: PLC0415
    from recontact_serving.web.protocol import Protocol  # noqa: PLC0415

    log_as_json()
    app = create_app(settings)
    champions = app.state.service.champions

    def tell_when_known() -> None:
        champions.settle(TOLD_WITHIN_S)
        tell("" if champions.current() else champions.trouble)

    threading.Thread(target=tell_when_known, name="telling", daemon=True).start()
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    Server(app, config).run(sockets=[taken])


def _check(settings: Settings) -> None:
    """Refuse what can't be served, and bring the database to its tables, before a port is taken.

    A file that is not there yet is made later, when nothing can be refused any more.
    """
    from recontact_serving.people.security import check_settings  # noqa: PLC0415 - see above
    from recontact_serving.storage.database import Database  # noqa: PLC0415
    from recontact_serving.storage.engines import is_missing  # noqa: PLC0415

    missing = is_missing(settings.database_url)
    database = None if missing else Database(settings.database_url)
    try:
        check_settings(settings, database)
    finally:
        if database is not None:
            database.close()


def _leave(*_: Any) -> None:
    """End on SIGTERM as after Ctrl-C, once all is answered; the exit code is 0."""
    raise SystemExit(0)


def listen(host: str, port: int) -> socket.socket:
    """Take a port.

    Raises
    ------
    UserError
        Somebody has it already, or the host is not of this machine.
    """
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        taken = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UserError(f"host '{host}' is unknown: {error}", mend="set RECONTACT_HOST") from error
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(where)
        taken.listen(2048)
    except OSError as error:
        taken.close()
        raise _refused(error, host, port) from error
    return taken


def address(taken: socket.socket) -> str:
    """Return the address to open in a browser."""
    host, port = taken.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _refused(error: OSError, host: str, port: int) -> UserError:
    if error.errno == errno.EADDRINUSE:
        return UserError(f"port {port} on {host} is in use", mend=IN_USE)
    if error.errno in {errno.EACCES, errno.EPERM}:
        return UserError(f"port {port} may not be used by this user", mend=IN_USE)
    return UserError(f"can't listen on {host}:{port}: {error.strerror}", mend="set RECONTACT_HOST")
