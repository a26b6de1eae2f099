"""What the operator can set, read from `RECONTACT_*` environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from recontact.errors import UserError

DATABASE_URL = "sqlite:///recontact.db"
HOST = "127.0.0.1"
PORT = 8000


@dataclass(frozen=True)
class Settings:
    """The settings of one service.

    Attributes
    ----------
    database_url : str
        Where history, scores, keys and people are kept (`RECONTACT_DATABASE_URL`).
    mlflow_uri : str or None
        Where the models are registered (`RECONTACT_MLFLOW_URI`); None: the default of training.
    host, port : str, int
        Where the service listens (`RECONTACT_HOST`, `RECONTACT_PORT`); port 0: any free one.
    auth : bool
        Whether keys and sign-in are asked for (`RECONTACT_AUTH`, `on` or `off`).
    probes : str or None
        File of the questions that go with next issues (`RECONTACT_PROBES`); None: our own.

    Examples
    --------
    >>> Settings.read({"RECONTACT_PORT": "9000"}).port
    9000
    """

    database_url: str = DATABASE_URL
    mlflow_uri: str | None = None
    host: str = HOST
    port: int = PORT
    auth: bool = True
    probes: str | None = None

    @classmethod
    def read(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        host: str | None = None,
        port: int | None = None,
    ) -> "Settings":
        """Read the settings of the environment; `host` and `port` given here go before.

        Raises
        ------
        UserError
            A value that can't be used; the message names the variable.
        """
        env = os.environ if environ is None else environ
        return cls(
            database_url=env.get("RECONTACT_DATABASE_URL") or DATABASE_URL,
            mlflow_uri=env.get("RECONTACT_MLFLOW_URI") or None,
            host=host or env.get("RECONTACT_HOST") or HOST,
            port=_port(env.get("RECONTACT_PORT") or str(PORT)) if port is None else port,
            auth=_on(env.get("RECONTACT_AUTH") or "on"),
            probes=env.get("RECONTACT_PROBES") or None,
        )

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address means this machine alone.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise UserError(f"RECONTACT_PORT is '{text}'", mend="give a port number, 0 to 65535")
    return int(text)


def _on(text: str) -> bool:
    if text not in {"on", "off"}:
        raise UserError(f"RECONTACT_AUTH is '{text}'", mend="set it to 'on' or 'off'")
    return text == "on"
