"""Durations as people write them (`48h`, `7d`) and as whole microseconds."""

import re
from fractions import Fraction

from recontact.errors import UserError

SECOND = 1_000_000
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
MINUTE = UNITS["m"] * SECOND
HOUR = UNITS["h"] * SECOND
DAY = UNITS["d"] * SECOND
_WRITTEN = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?)([smhdw])")


def parse_duration(value: object, key: str = "duration") -> int:
    """Read a duration as whole microseconds.

    Parameters
    ----------
    value : object
        Text ``N`` or ``N.N`` with a unit ``s``, ``m``, ``h``, ``d`` or ``w``; zero is allowed.
    key : str
        What the duration is for; named in errors.

    Returns
    -------
    int
        Microseconds, rounded to a whole one.

    Raises
    ------
    UserError
        The value is not such a text: a number without unit, a negative one, null.

    Examples
    --------
    >>> parse_duration("48h") == parse_duration("2d") == 172_800_000_000
    True
    >>> parse_duration(48, "window")
    Traceback (most recent call last):
    ...
    recontact.errors.UserError: window: 48 is not a duration
      mend: write a number with a unit: 90s, 15m, 48h, 7d, 2w
    """
    match = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        shown = "null" if value is None else repr(value)
        raise UserError(
            f"{key}: {shown} is not a duration",
            mend="write a number with a unit: 90s, 15m, 48h, 7d, 2w",
        )
    return round(Fraction(match[1]) * UNITS[match[2]] * SECOND)


def format_duration(microseconds: int) -> str:
    """Write a duration so that `parse_duration` gives it back.

    Up to three days it is written in hours, as the field does.

    Examples
    --------
    >>> [format_duration(parse_duration(d)) for d in ("2d", "1w", "90s", "0.5h", "0.25s", "0h")]
    ['48h', '7d', '90s', '30m', '0.25s', '0s']
    """
    if microseconds > 3 * DAY and microseconds % DAY == 0:
        return f"{microseconds // DAY}d"
    for unit in "hm":
        count, rest = divmod(microseconds, UNITS[unit] * SECOND)
        if count and not rest:
            return f"{count}{unit}"
    seconds, rest = divmod(microseconds, SECOND)
    return f"{seconds}.{rest:06d}".rstrip("0").rstrip(".") + "s"
