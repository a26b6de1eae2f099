"""How an export writes times, durations and numbers, and the engine's words to read them so."""

from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from recontact.contacts import INSTANT
from recontact.errors import UserError
from recontact.sources.engine import session

ISO, EPOCH_S, EPOCH_MS = "iso8601", "epoch_s", "epoch_ms"
SECONDS = {"seconds": 1.0, "milliseconds": 0.001, "minutes": 60.0}
CLOCKS = {
    "hh:mm:ss": r"(\d{1,4}):([0-5]\d):([0-5]\d([.,]\d+)?)",
    "mm:ss": r"()(\d{1,6}):([0-5]\d([.,]\d+)?)",
}
DURATIONS = (*SECONDS, *CLOCKS)
DURATION_COLUMNS = ("wait_s", "talk_s", "hold_s", "wrap_s", "ended_after")
TIME_COLUMNS = ("started_at", "ended_at", "known_at")
LIKE = 'write it like "%d.%m.%Y %H:%M", or iso8601, epoch_s or epoch_ms'

MONTH_DAY = r"\d{4}-\d{2}-\d{2}"
CLOCK = r"[T ][0-2]\d:[0-5]\d(:[0-5]\d([.,]\d+)?)?"
OFFSET = r" ?(Z|UTC|[+-][01]\d(:?[0-5]\d)?)"
# The engine reads more than ISO 8601 ('epoch', 'infinity', '1_000', 'nan'), so a form is asked for
# first; then the rarer spellings are brought to the one that it reads.
TIME = rf"(?i){MONTH_DAY}({CLOCK}({OFFSET})?)?"
NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"
TO_TIME = (
    f"CASE WHEN regexp_full_match(x, '{TIME}') THEN TRY_CAST(regexp_replace("
    r"replace(upper(x), ',', '.'), ' ([-+Z])', '\1') AS TIMESTAMPTZ) END"
)
TO_FLOAT = f"CASE WHEN regexp_full_match(x, '{NUMBER}') THEN TRY_CAST(x AS DOUBLE) END"
TO_INT = f"CASE WHEN ({TO_FLOAT}) = floor({TO_FLOAT}) THEN TRY_CAST({TO_FLOAT} AS BIGINT) END"
TO_BOOL = (
    "CASE WHEN lower(x) IN ('true', 't', 'yes', 'y', '1', '1.0') THEN true "
    "WHEN lower(x) IN ('false', 'f', 'no', 'n', '0', '0.0') THEN false END"
)
KINDS = {
    INSTANT: ("a time", TO_TIME),
    pa.float64(): ("a number", TO_FLOAT),
    pa.int64(): ("a whole number", TO_INT),
    pa.bool_(): ("true or false", TO_BOOL),
}
COMMA = "(CASE WHEN contains(x, '.') THEN '' ELSE replace(x, ',', '.') END)"
EPOCH = (  # to the microsecond, whatever the session's zone; beyond year 9999 is no time
    r"CASE WHEN regexp_full_match(x, '[+-]?\d{{1,18}}(\.\d*)?') AND "
    "abs(TRY_CAST(x AS DOUBLE)) * {scale} < 253402300800000000 THEN "
    "make_timestamp(CAST(floor(CAST(x AS DECIMAL(27, 9)) * {scale}) AS BIGINT)) "
    "AT TIME ZONE 'UTC' END"
)


@dataclass(frozen=True)
class Spelling:
    """How values are written.

    Attributes
    ----------
    times : dict of str to tuple of str
        Column -> the formats tried in order; ISO 8601 for a column not named.
    durations : dict of str to str
        Column of seconds -> one of `DURATIONS`; seconds for a column not named.
    decimal : str
        What stands before the fraction of a number, ``.`` or ``,``.

    Examples
    --------
    >>> Spelling().of("talk_s", pa.float64())[0], Spelling().factor("talk_s")
    ('a number', 1.0)
    >>> Spelling(durations={"talk_s": "milliseconds"}).factor("talk_s")
    0.001
    """

    times: dict[str, tuple[str, ...]] = field(default_factory=dict)
    durations: dict[str, str] = field(default_factory=dict)
    decimal: str = "."

    def of(self, column: str, kind: pa.DataType) -> tuple[str, str]:
        """Give the word for what is asked for, and the expression that reads text ``x``."""
        word, how = KINDS[kind]
        if kind == INSTANT and column in self.times:
            return word, f"coalesce({', '.join(map(_time, self.times[column]))})"
        if kind not in (pa.float64(), pa.int64()):
            return word, how
        written = self.durations.get(column, "seconds")
        if written in CLOCKS:
            return f"a duration {written}", _clock(CLOCKS[written])
        if self.decimal == ",":
            how = how.replace("(x", f"({COMMA}")
        return word, f"({how}) * {SECONDS[written]}" if kind == pa.float64() else how

    def factor(self, column: str) -> float | None:
        """Give what a number of that column is multiplied by; None where it can't be a number."""
        written = self.durations.get(column, "seconds")
        return SECONDS.get(written)


def _time(written: str) -> str:
    """Give the expression that reads one format of times."""
    if written == ISO:
        return TO_TIME
    if written in (EPOCH_S, EPOCH_MS):
        return EPOCH.format(scale=1_000_000 if written == EPOCH_S else 1_000)
    quoted = written.replace("'", "''")
    read = f"CAST(try_strptime(x, '{quoted}') AS TIMESTAMPTZ)"
    return f"CASE WHEN year({read}) >= 1000 THEN {read} END"  # %Y takes 26 for the year 26


def _clock(pattern: str) -> str:
    """Give the expression that reads hours, minutes and seconds."""
    part = [f"regexp_extract(x, '{pattern}', {i})" for i in (1, 2, 3)]
    hours = f"CAST(coalesce(nullif({part[0]}, ''), '0') AS DOUBLE) * 3600"
    rest = f"CAST({part[1]} AS DOUBLE) * 60 + CAST(replace({part[2]}, ',', '.') AS DOUBLE)"
    return f"CASE WHEN regexp_full_match(x, '{pattern}') THEN {hours} + {rest} END"


def check_time_format(written: str, where: str) -> None:
    """Refuse a format of times that is none, or that does not tell the whole date.

    Raises
    ------
    UserError
        Names what `where` names.

    Examples
    --------
    >>> check_time_format("%d.%m.%Y %H:%M", "m.yaml: time_format")
    >>> check_time_format("%d.%m. %H:%M", "m.yaml: time_format")
    Traceback (most recent call last):
    ...
    recontact.errors.UserError: m.yaml: time_format: '%d.%m. %H:%M' does not tell day, month and year
      mend: write it like "%d.%m.%Y %H:%M", or iso8601, epoch_s or epoch_ms
    """  # noqa: E501 - as it is printed
    if written in (ISO, EPOCH_S, EPOCH_MS):
        return
    asked = "SELECT strptime(strftime(TIMESTAMP '2031-11-23 13:47', $f), $f)::VARCHAR"
    try:
        with session() as engine:
            [(read,)] = engine.execute(asked, {"f": written}).fetchall()
    except duckdb.Error as error:
        raise UserError(f"{where}: {written!r} is no time format", LIKE) from error
    if not read.startswith("2031-11-23"):
        raise UserError(f"{where}: {written!r} does not tell day, month and year", LIKE)
    if read[11:13] not in ("00", "13"):
        told = f"{where}: {written!r} does not tell whether it is before or after noon"
        raise UserError(told, "write %I with %p, or %H for a clock of 24 hours")
