"""Which column of an export is which of ours, by its name and by its values."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa

from recontact.contacts import REQUIRED, SCHEMA
from recontact.sources import suggest_values as look
from recontact.sources.sample import Column, Sample
from recontact.sources.spelling import DURATION_COLUMNS, ISO, TIME_COLUMNS
from recontact.sources.suggest_names import NAMES, rank, unit_of

ORDER = ("contact_id", "started_at", "ended_at", *(name for name in NAMES if name not in REQUIRED))
WORDS = {"channel": look.CHANNELS, "direction": look.DIRECTIONS}
TRUTHS = ("abandoned", *(field.name for field in SCHEMA if field.type == pa.bool_()))
NUMBERS = ("hold_count", "transfer_count", "tier", "csat", "nps", "ces")
FEW = 40


@dataclass
class Found:
    """What was found out about the columns, by our names; `misfits` are named as ours in vain."""

    columns: dict[str, Column] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)
    durations: dict[str, str] = field(default_factory=dict)
    misfits: list[Column] = field(default_factory=list)

    def note(self, ours: str, text: str) -> None:
        """Keep what is to be checked, if anything is."""
        if text:
            self.notes[ours] = f"unsure: {text}"


def find(sample: Sample) -> Found:
    """Recognise the columns of a sample, each for at most one of ours."""
    found = Found()
    for ours in ORDER:
        if (ours == "ended_after" and "ended_at" in found.columns) or (
            ours == "abandoned" and "handled" in found.columns
        ):
            continue
        free = [c for c in sample.columns if all(c is not used for used in found.columns.values())]
        own = [c for c in free if c.name == ours]
        named = [c for c in free if c.name not in SCHEMA.names and rank(c.name, ours) is not None]
        for column in own or sorted(named, key=lambda c: _liking(c, ours)):
            if _fits(column, ours, found):
                found.columns[ours] = column
                break
    if "contact_id" not in found.columns:
        _any_key(sample, found)
    _note_halves(sample, found)
    found.misfits = [
        column
        for column in sample.columns
        if column.name in SCHEMA.names and found.columns.get(column.name) is not column
    ]
    return found


def unused(sample: Sample, found: Found) -> list[Column]:
    """Give the columns that are none of ours."""
    used = {id(column) for column in found.columns.values()}
    return [column for column in sample.columns if id(column) not in used]


def clocks(sample: Sample, found: Found) -> list[Column]:
    """Give the columns that hold times of day without a date and are none of ours."""
    return [
        column
        for column in unused(sample, found)
        if look.of_day(column.values)
        and all(rank(column.name, ours) is None for ours in DURATION_COLUMNS)
    ]


def _note_halves(sample: Sample, found: Found) -> None:
    """Note where a date was taken for an instant while its time of day stands beside it."""
    halves = [repr(column.name) for column in clocks(sample, found)]
    for ours in TIME_COLUMNS:
        column = found.columns.get(ours)
        if halves and column and (pa.types.is_date(column.type) or look.days(column.values)):
            text = f"a date alone: join it with {' or '.join(halves)} in one column before"
            before = found.notes.get(ours)
            found.notes[ours] = f"{before}; {text}" if before else f"unsure: {text}"


def _liking(column: Column, ours: str) -> tuple[bool, int]:
    repeated = ours == "contact_id" and len(set(column.values)) < column.rows
    return repeated, rank(column.name, ours) or 0


def _any_key(sample: Sample, found: Found) -> None:
    """Take the first column whose values all differ, where none is named like an id."""
    for column in sample.columns:
        used = any(column is other for other in found.columns.values())
        unique = len(set(column.values)) == column.rows > 1
        timely = pa.types.is_temporal(column.type) or look.of_day(column.values)
        if unique and not used and not timely:
            found.columns["contact_id"] = column
            found.note("contact_id", "taken because its values all differ")
            return


def _fits(column: Column, ours: str, found: Found) -> bool:
    """Tell whether the values can be read as that column, and note how."""
    if not column.values:
        return ours in REQUIRED and column.rows == 0
    check = next((check for names, check in CHECKS if ours in names), None)
    return check(column, ours, found) if check else not pa.types.is_temporal(column.type)


def _fits_keys(column: Column, ours: str, found: Found) -> bool:
    if ours == "contact_id" and len(set(column.values)) < column.rows:
        found.note(ours, "not every row has a value of its own: legs, versions or duplicates?")
    if ours == "customer_id" and look.phones(column.values) and "id" not in column.name.lower():
        found.note(ours, "looks like phone numbers: as ani they would be normalised")
    return not pa.types.is_temporal(column.type)


def _fits_durations(column: Column, ours: str, found: Found) -> bool:
    guess = look.durations(column.values, unit_of(column.name))
    if guess is not None:
        found.durations[ours] = guess.written
        found.note(ours, guess.unsure)
    return guess is not None


def _fits_times(column: Column, ours: str, found: Found) -> bool:
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        found.times[ours] = ISO
        return True
    guess = look.times(column.values)
    if guess is not None:
        found.times[ours] = guess.written
        found.note(ours, guess.unsure)
    return guess is not None


def _fits_truths(column: Column, ours: str, found: Found) -> bool:
    distinct = list(dict.fromkeys(column.values))
    words = look.truths(distinct) if len(distinct) <= FEW else None
    if words is not None and ours == "abandoned":
        whole = {text: words.get(text, text.lower()) for text in distinct}
        turned = {t: "false" if w in look.TRUE else "true" for t, w in whole.items()}
        found.values["handled"] = turned
        found.note(ours, "handled is the contrary of it")
    elif words:
        found.values[ours] = words
    return words is not None


def _fits_words(column: Column, ours: str, found: Found) -> bool:
    distinct = list(dict.fromkeys(column.values))
    words, left = look.words(distinct[:FEW], WORDS[ours])
    known = set(WORDS[ours].values())
    if len(distinct) > FEW or (ours == "direction" and len(left) > len(distinct) / 2):
        return False
    if words:
        found.values[ours] = words
    strange = [text for text in left if text not in known]
    found.note(ours, f"stay as they are: {', '.join(strange[:5])}" if strange else "")
    return True


CHECKS: tuple[tuple[tuple[str, ...], Callable[[Column, str, Found], bool]], ...] = (
    (TIME_COLUMNS, _fits_times),
    (DURATION_COLUMNS, _fits_durations),
    (NUMBERS, lambda column, _, __: look.numbers(column.values)),
    (("ani",), lambda column, _, __: look.phones(column.values)),
    (TRUTHS, _fits_truths),
    (tuple(WORDS), _fits_words),
    (("contact_id", "customer_id"), _fits_keys),
)
