"""What the operator can set, read from `RECONTACT_*` environment variables."""

import datetime as dt
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from recontact.durations import parse_duration
from recontact.errors import UserError

if TYPE_CHECKING:
    from recontact.evaluation.costs import Costs
    from recontact_serving.people.oidc_settings import OidcSettings

DATABASE_URL = "sqlite:///recontact.db"
HOST = "127.0.0.1"
PORT = 8000
FOLLOW_S = 2.0
SHORTEST_IDLE = dt.timedelta(minutes=5)
MOST_HELD_OUT = 0.5
CAPACITY = 50
SHARED_ABOVE = 60  # contacts in 30 days, as `recontact doctor` takes it


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
    workers : int
        How many processes answer (`RECONTACT_WORKERS`).
    time_limit_ms : float
        How long a score waits for the database before it is given without
        (`RECONTACT_TIME_LIMIT_MS`).
    retention_days : int or None
        How long contacts, scores and the log are kept (`RECONTACT_RETENTION_DAYS`); None: for good.
    rate_limit : float
        Requests a second that each key may make of each worker (`RECONTACT_RATE_LIMIT`); 0: any.
    desktop_origins : tuple of str
        Origins of the pages that may embed the agents' panel (`RECONTACT_DESKTOP_ORIGINS`,
        separated by spaces).
    cache_dir : str or None
        Where checked models are kept (`RECONTACT_CACHE_DIR`); None: the user's cache folder.
    refresh : bool
        Whether the rates are brought up to date every hour (`RECONTACT_REFRESH`, `on` or `off`).
    session_idle : datetime.timedelta
        How long a session lasts in which nobody asks for anything (`RECONTACT_SESSION_IDLE`).
    oidc : OidcSettings or None
        Where people sign in beside here (`RECONTACT_OIDC_*`, `RECONTACT_PUBLIC_URL`).
    follow_s : float
        How often the registry is asked for another champion (`RECONTACT_FOLLOW_S`).
    costs_file : str or None
        What things cost, as YAML (`RECONTACT_COSTS`); None: `Costs()`.
    holdout : float
        Share of the customers at risk that are left untouched, to judge the list by
        (`RECONTACT_HOLDOUT`), 0 to 0.5.
    capacity : int
        Follow-ups that a team can do in a day, where nobody has set another number
        (`RECONTACT_CAPACITY`).
    shared_above : int
        A customer with more contacts in 30 days is taken for a number of many, whom nobody can
        call back, and comes last on the list (`RECONTACT_SHARED_ABOVE`); 0: nobody.
    began : float or None
        When the service began, seconds since 1970: what its registry has said since then counts for
        each worker. None: when it is asked first.

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
    workers: int = 1
    time_limit_ms: float = 1000.0
    retention_days: int | None = None
    rate_limit: float = 0.0
    desktop_origins: tuple[str, ...] = ()
    cache_dir: str | None = None
    refresh: bool = True
    session_idle: dt.timedelta = dt.timedelta(hours=1)
    oidc: "OidcSettings | None" = None
    follow_s: float = FOLLOW_S
    costs_file: str | None = None
    holdout: float = 0.0
    capacity: int = CAPACITY
    shared_above: int = SHARED_ABOVE
    began: float | None = None

    @classmethod
    def read(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        host: str | None = None,
        port: int | None = None,
        workers: int | None = None,
    ) -> "Settings":
        """Read the settings of the environment; what is given here goes before.

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
            auth=_on(env, "AUTH"),
            probes=env.get("RECONTACT_PROBES") or None,
            workers=workers or int(_number(env, "WORKERS", 1, 1, whole=True)),
            time_limit_ms=_number(env, "TIME_LIMIT_MS", 1000, 1),
            retention_days=int(_number(env, "RETENTION_DAYS", 0, 0, whole=True)) or None,
            rate_limit=_number(env, "RATE_LIMIT", 0, 0),
            desktop_origins=_origins(env.get("RECONTACT_DESKTOP_ORIGINS") or ""),
            cache_dir=env.get("RECONTACT_CACHE_DIR") or None,
            refresh=_on(env, "REFRESH"),
            session_idle=_idle(env.get("RECONTACT_SESSION_IDLE") or "60m"),
            oidc=_oidc(env),
            follow_s=_number(env, "FOLLOW_S", FOLLOW_S, 0.05),
            costs_file=env.get("RECONTACT_COSTS") or None,
            holdout=_number(env, "HOLDOUT", 0, 0, MOST_HELD_OUT),
            capacity=int(_number(env, "CAPACITY", CAPACITY, 0, whole=True)),
            shared_above=int(_number(env, "SHARED_ABOVE", SHARED_ABOVE, 0, whole=True)),
        )

    @cached_property
    def costs(self) -> "Costs":
        """What things cost.

        Raises
        ------
        UserError
            The file can't be read, or holds something else.
        """
        from recontact.evaluation.costs import Costs  # noqa: PLC0415 - few commands need it

        return Costs() if self.costs_file is None else Costs.read(self.costs_file)

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


def _on(env: Mapping[str, str], name: str) -> bool:
    text = env.get(f"RECONTACT_{name}") or "on"
    if text not in {"on", "off"}:
        raise UserError(f"RECONTACT_{name} is '{text}'", mend="set it to 'on' or 'off'")
    return text == "on"


def _number(
    env: Mapping[str, str],
    name: str,
    default: float,
    least: float,
    most: float = math.inf,
    *,
    whole: bool = False,
) -> float:
    text = env.get(f"RECONTACT_{name}") or str(default)
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not least <= found <= most or found == math.inf or (whole and found != int(found)):
        kind = "whole number" if whole else "number"
        span = f"from {least:g} up" if most == math.inf else f"from {least:g} to {most:g}"
        raise UserError(f"RECONTACT_{name} is '{text}'", mend=f"give a {kind} {span}")
    return found


def _idle(text: str) -> dt.timedelta:
    found = dt.timedelta(microseconds=parse_duration(text, "RECONTACT_SESSION_IDLE"))
    if found < SHORTEST_IDLE:
        raise UserError(
            f"RECONTACT_SESSION_IDLE is '{text}'", mend="give 5m or more; sessions end after 12h"
        )
    return found


def _oidc(env: Mapping[str, str]) -> "OidcSettings | None":
    if not any(value and name.startswith("RECONTACT_OIDC_") for name, value in env.items()):
        return None
    from recontact_serving.people.oidc_settings import OidcSettings  # noqa: PLC0415 - few need it

    return OidcSettings.read(env)


def _origins(text: str) -> tuple[str, ...]:
    """Read origins; anything but scheme, host and port would let more pages in than meant."""
    found = text.split()
    for one in found:
        parts = urlsplit(one)
        if parts.scheme not in {"http", "https"} or one != f"{parts.scheme}://{parts.netloc}":
            raise UserError(
                f"RECONTACT_DESKTOP_ORIGINS names '{one}'",
                mend="give origins such as https://crm.example.com, separated by spaces",
            )
        if not parts.hostname or "*" in one or "@" in one or ";" in one or "," in one:
            raise UserError(
                f"RECONTACT_DESKTOP_ORIGINS names '{one}'",
                mend="name each origin in full, without *",
            )
    return tuple(found)
