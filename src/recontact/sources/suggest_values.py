"""What values look like: times and their format, durations, numbers, truths, channels."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache, partial
from itertools import product
from typing import NamedTuple

from recontact.sources.spelling import (
    CLOCKS,
    EPOCH_MS,
    EPOCH_S,
    ISO,
    MONTH_DAY,
    NUMBER,
    OFFSET,
    TIME,
)

ENOUGH = 0.9  # of the values; the others will be rejected
HALF = 0.5
LOOKED_AT = 300
EPOCHS = (946_684_800, 4_102_444_800)  # from 2000 to 2100
DAYS = (
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d"),
    *("%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%b %d %Y", "%Y-%m-%d", "%Y%m%d"),
    *("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%b-%y"),
)
CLOCK_FORMS = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%I:%M:%S %p", "%I:%M %p", "%I:%M:%S%p", "%H.%M")
FORMATS = (
    *(f"{day}{joint}{clock}" for day, joint, clock in product(DAYS, (" ", ", ", "T"), CLOCK_FORMS)),
    *(f"{day} {clock} %z" for day, clock in product(DAYS, CLOCK_FORMS)),
    *DAYS,
    *("%Y%m%d%H%M%S", "%Y%m%d %H%M%S", "%Y%m%dT%H%M%S"),
)
TRUE = {"true", "t", "yes", "y", "1", "1.0", "ja", "j", "si", "sí", "oui", "o", "x", "wahr", "vrai"}
TRUE |= {"verdadero", "answered", "connected", "resolved", "solved", "abandoned"}
FALSE = {"false", "f", "no", "n", "0", "0.0", "nein", "non", "falsch", "faux", "falso", "not"}
FALSE |= {"no answer", "noanswer", "missed", "unanswered", "not answered", "unresolved"}
READ_ANYWAY = {"true", "t", "yes", "y", "1", "1.0", "false", "f", "no", "n", "0", "0.0"}
CHANNELS = {  # what a value holds -> ours, the first that fits
    "whatsapp|sms|messeng|facebook|instagram|telegram|twitter|messag": "messaging",
    "chat": "chat",
    "mail|correo|courriel": "email",
    "voice|phone|telefon|teléf|téléph|call|anruf|llamada|appel|telefonía": "voice",
    "web|portal|form|internet": "web",
}
DIRECTIONS = {
    "^in$|inbound|incoming|ingehend|eingehend|entrant|entrada": "inbound",
    "^out$|outbound|outgoing|ausgehend|salient|sortant|salida|callback|rückruf": "outbound",
    "intern": "internal",
}
WITHHELD = re.compile(r"(?i)anonym|unknown|private|withheld|restricted|unterdr|unbekannt|oculto")


class Guess(NamedTuple):
    """How values are written; `unsure` says what to check."""

    written: str
    unsure: str = ""


def times(values: list[str]) -> Guess | None:
    """Find the format of times: one of `spelling`'s words or a pattern.

    Examples
    --------
    >>> times(["14.03.2026 09:30", "1.4.2026 17:05"]).written
    '%d.%m.%Y %H:%M'
    >>> times(["1773489600000"]).written, times(["2026-03-14T12:00Z"]).written, times(["soon"])
    ('epoch_ms', 'iso8601', None)
    >>> times(["03/04/2026 09:30"]).unsure
    'day and month may be the other way round: no value tells'
    """
    looked_at = list(dict.fromkeys(values))[:LOOKED_AT]
    some = _times(looked_at, HALF)
    odd = "some values are no such times, and their rows will be rejected"
    return _times(looked_at, ENOUGH) or (some and some._replace(unsure=odd))


def _times(looked_at: list[str], enough: float) -> Guess | None:
    if _most(looked_at, lambda text: bool(re.fullmatch(TIME, text)), enough):
        return Guess(ISO)
    for written, per_second in ((EPOCH_S, 1), (EPOCH_MS, 1000)):
        if _most(looked_at, partial(_is_epoch, per_second=per_second), enough):
            return Guess(written)
    some = dict.fromkeys(
        form for text in looked_at[:5] for form in _of_shape().get(_shape(text), ())
    )
    found = [form for form in some if _most(looked_at, partial(_reads, written=form), enough)]
    if not found:
        return None
    swapped = found[0].replace("%d", "%-").replace("%m", "%d").replace("%-", "%m")
    unsure = swapped in found and swapped != found[0] and "%b" not in swapped
    best = next((form for form in found if "%p" in form and form.startswith("%m")), found[0])
    return Guess(best, "day and month may be the other way round: no value tells" if unsure else "")


def with_zone(values: list[str]) -> bool:
    """Tell whether times name their zone, or need none."""
    zoned = re.compile(rf"(?i).*\d({OFFSET})$")
    return _most(values[:LOOKED_AT], lambda text: _number(text) or bool(zoned.fullmatch(text)))


def durations(values: list[str], unit: str | None) -> Guess | None:
    """Find how durations are written.

    Examples
    --------
    >>> durations(["00:03:20"], None), durations(["200"], None).written
    (Guess(written='hh:mm:ss', unsure=''), 'seconds')
    """
    if _most(values, lambda text: _number(text.replace(",", "."))):
        long = sorted(
            abs(float(t.replace(",", "."))) for t in values if _number(t.replace(",", "."))
        )
        if unit is None and long[len(long) // 2] > 20_000:
            return Guess("milliseconds", "numbers as great as these are hardly seconds")
        return Guess(unit or "seconds")
    for written, pattern in CLOCKS.items():
        if _most(values, lambda text: bool(re.fullmatch(pattern, text))):  # noqa: B023 - at once
            return Guess(written, "may be hours and minutes" if written == "mm:ss" else "")
    return None


def numbers(values: list[str]) -> bool:
    """Tell whether values are numbers, with a point or a comma."""
    return _most(values, lambda text: _number(text.replace(",", ".", 1)))


def with_comma(values: list[str]) -> bool:
    """Tell whether numbers have a comma before their fraction.

    Examples
    --------
    >>> with_comma(["3,5", "4"]), with_comma(["3.5"])
    (True, False)
    """
    return any(re.fullmatch(r"[+-]?\d+,\d+", text) for text in values)


def phones(values: list[str]) -> bool:
    """Tell whether values look like phone numbers, some of them withheld.

    Examples
    --------
    >>> phones(["+49 30 22610", "anonymous"]), phones(["K-7712"]), phones(["7712"])
    (True, False, False)
    """
    number = re.compile(r"(tel:|sip:)?\+?[\d\s()/.-]{6,22}(@.*)?")
    given = [text for text in values if not WITHHELD.search(text)]
    return _most(
        given, lambda text: bool(number.fullmatch(text)) and sum(map(str.isdigit, text)) > 5
    )


def truths(values: Iterable[str]) -> dict[str, str] | None:
    """Give true or false for each word that is not read so anyway; None if one is neither.

    Examples
    --------
    >>> truths(["Ja", "Nein", "0"]), truths(["Ja", "vielleicht"])
    ({'Ja': 'true', 'Nein': 'false'}, None)
    """
    found = {}
    for text in dict.fromkeys(values):
        word = text.lower()
        if word not in TRUE | FALSE:
            return None
        if word not in READ_ANYWAY:
            found[text] = "true" if word in TRUE else "false"
    return found


def words(values: Iterable[str], known: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Give our word for each value that tells it, and the values that don't.

    Examples
    --------
    >>> words(["Telefon", "Fax", "chat"], CHANNELS)
    ({'Telefon': 'voice'}, ['Fax'])
    """
    found, left = {}, []
    for text in dict.fromkeys(values):
        ours = next((our for has, our in known.items() if re.search(has, text.lower())), None)
        if ours is None:
            left.append(text)
        elif ours != text:
            found[text] = ours
    return found, left


def of_day(values: list[str]) -> bool:
    """Tell whether values are times of day, without a date."""
    clock = re.compile(r"(?i)[0-2]?\d:[0-5]\d(:[0-5]\d)?( ?[ap]\.?m\.?)?")
    return _most(values, lambda text: bool(clock.fullmatch(text)))


def days(values: list[str]) -> bool:
    """Tell whether values are dates, without a time of day."""
    guess = times(values)
    return guess is not None and (guess.written in DAYS or _most(values, _is_day))


def _is_day(text: str) -> bool:
    return bool(re.fullmatch(MONTH_DAY, text))


def _most(values: list[str], holds: Callable[[str], bool], enough: float = ENOUGH) -> bool:
    return bool(values) and sum(map(holds, values)) >= enough * len(values)


def _number(text: str) -> bool:
    return bool(re.fullmatch(NUMBER, text))


@cache
def _of_shape() -> dict[str, list[str]]:
    """Sort the formats by the shape of what they write: to try them all would take seconds."""
    when = datetime(2031, 11, 23, 13, 47, 59, 123456, tzinfo=UTC)
    found: dict[str, list[str]] = {}
    for written in FORMATS:
        found.setdefault(_shape(when.strftime(written)), []).append(written)
    return found


def _shape(text: str) -> str:
    text = re.sub(r"(?<= )[+-]\d\d:?\d\d$", "Z", text)
    return re.sub(r"[^\W\d_]+", "A", re.sub(r"\d+", "9", text))


def _is_epoch(text: str, per_second: int) -> bool:
    """Tell whether a number is a time of this century."""
    return _number(text) and EPOCHS[0] < float(text) / per_second < EPOCHS[1]


def _reads(text: str, written: str) -> bool:
    try:
        datetime.strptime(text, written)  # noqa: DTZ007 - asked is only whether it can be read
    except ValueError:
        return False
    return True
