"""DuckDB sessions: one database in memory for the process, for to open one takes 50 ms."""

import atexit
import os
from functools import cache

import duckdb


def session(zone: str = "UTC") -> duckdb.DuckDBPyConnection:
    """Open a session of its own: registered tables, temporary tables and macros are not shared.

    Parameters
    ----------
    zone : str
        Zone of the times that name none.

    Examples
    --------
    >>> session("Asia/Tokyo").sql("SELECT epoch('1970-01-02 09:00'::TIMESTAMPTZ)").fetchall()
    [(86400.0,)]
    """
    opened = _database(os.getpid()).cursor()
    opened.execute("SET TimeZone = ?", [zone])
    return opened


@cache
def _database(process: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001 - a fork needs its own
    atexit.register(_database.cache_clear)  # the bindings complain of what is open at the end
    return duckdb.connect()
