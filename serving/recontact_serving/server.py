"""Run the service: take the port, say where it is, serve until it is told to stop."""

import errno
import logging
import socket
import sys
from collections.abc import Callable
from typing import Any

import structlog
import uvicorn

from recontact.errors import UserError
from recontact_serving.app import create_app
from recontact_serving.settings import Settings
from recontact_serving.stopping import Server

IN_USE = "choose another port with --port or RECONTACT_PORT, or stop what uses this one"


def serve(settings: Settings, say: Callable[[str], Any]) -> None:
    """Serve until SIGINT or SIGTERM.

    Parameters
    ----------
    settings : Settings
        What the operator has set.
    say : callable
        Is told the address once the service listens.

    Raises
    ------
    UserError
        The port is in use, the host is not of this machine, or the service would be open to
        strangers.
    """
    app = create_app(settings)
    with listen(settings.host, settings.port) as taken:
        _log_as_json()
        say(address(taken))
        config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
        Server(app, config).run(sockets=[taken])


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


def _log_as_json() -> None:
    """Write every log line as one JSON object on standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
