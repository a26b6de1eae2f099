"""How much of time the record holds: its length, its ends and its gaps."""

import numpy as np
import numpy.typing as npt

from recontact.doctor.finding import Finding, Ints, Record, day, level, some
from recontact.durations import DAY, HOUR, format_duration
from recontact.labels.stray import stray_end
from recontact.report.words import percent

Floats = npt.NDArray[np.float64]

BURN_IN_DAYS = 30  # what the longest history features look back
LONGEST_DAYS = 20 * 365  # beyond that a start is a slip
WEEKS = 4  # fewer are too few to know what is usual
NOBODY = "no contact may be judged, so it is open whether the record is long enough"
MISSED = 30  # contacts that were to be expected in a gap: fewer may be missing by chance


def span(record: Record) -> Finding:
    """Tell how long the record is."""
    days = record.days
    first, last = day(int(record.started.min())), day(int(record.ended.max()))
    text = f"{len(record.contacts):,} contacts over {days:.0f} days, from {first} to {last}"
    value = {"contacts": len(record.contacts), "days": days}
    if days >= BURN_IN_DAYS:
        return Finding("span", "good", text, value)
    text += f": under {BURN_IN_DAYS} days, rates rest on few windows and history knows little"
    return Finding("span", "mind", text, value, "export a longer stretch, better a year")


def spread(record: Record) -> Finding:
    """Tell whether nearly all contacts lie in a short stretch of the record."""
    first, last = np.quantile(record.started, [0.01, 0.975])
    stretch, days = (last - first) / DAY, record.days
    value = {"days": stretch, "of": days}
    if days < BURN_IN_DAYS or len(record.started) < 200 or stretch > 0.7 * days:
        return Finding("spread", "good", "contacts are spread over the whole record", value)
    text = (
        f"nearly all contacts lie in {stretch:.0f} of the {days:.0f} days, from {day(first)} to "
        f"{day(last)}: outside of these repeats are hardly seen"
    )
    return Finding("spread", "mind", text, value, "leave the thin ends out, and set as_of so")


def lookback(record: Record) -> Finding:
    """Tell whether the record reaches back far enough to know first contacts."""
    known = np.asarray(record.labels["lookback_known"].to_numpy(), dtype=bool)[record.eligible]
    share = float(known.mean()) if len(known) else 0.0
    back = format_duration(record.policy.lookback)
    text = (
        f"{percent(share)} of those that may be judged have the look-back of {back} in the record"
    )
    found = level(1 - share, mind=0.2, bad=0.999)
    if not len(known):
        return Finding("look-back", "good", NOBODY, None)
    if found == "good":
        return Finding("look-back", "good", text, share)
    text += ": for the others it is unknown whether they were first contacts"
    return Finding("look-back", found, text, share, "export from earlier on, or look back less")


def matured(record: Record) -> Finding:
    """Tell how many outcomes can be known yet."""
    ripe = np.asarray(record.labels["matured"].to_numpy(), dtype=bool)[record.eligible]
    share = float(ripe.mean()) if len(ripe) else 0.0
    text = (
        f"{percent(share)} of those that may be judged have matured; "
        f"{int((~ripe).sum()):,} are too new for the window of "
        f"{format_duration(record.policy.window)}"
    )
    if not len(ripe):
        return Finding("matured", "good", NOBODY, None)
    if share >= 0.5:
        return Finding("matured", "good", text, share)
    text += ": the record is short for this window; rates rest on its older part only"
    return Finding("matured", "mind", text, share, "export a longer stretch, or choose less window")


def last_end(record: Record) -> Finding:
    """Tell whether the last end can serve as `as_of`."""
    latest = np.sort(record.ended)[-11:].tolist()
    stray = stray_end(latest, int(record.started.min()), len(record.ended))
    stray = stray if record.policy.as_of is None else None
    if stray is None:
        text = "the record ends with many contacts, so its last end can serve as as_of"
        text = text if record.policy.as_of is None else "as_of is set in the policy"
        return Finding("last end", "good", text, False)
    mend = "set as_of in the policy to when the data was taken, or mend those rows"
    return Finding("last end", "mind", stray, True, mend)


def gaps(record: Record) -> Finding:
    """Find days and hours that hold almost nothing where there usually are many contacts."""
    days = [f"{day(at)} ({have:,} of about {usual:,})" for at, have, usual in empty_days(record)]
    hours = [f"{day(at)} {at % DAY // HOUR:02d}:00 for {n} h" for at, n in empty_hours(record)]
    if not days and not hours:
        short = record.days < 7 * WEEKS
        text = "too short to know what is usual" if short else "no day or hour is missing"
        return Finding("gaps", "good", text, {"days": [], "hours": []})
    parts = [f"{len(days)} days hold almost nothing: {some(days, 3)}"] if days else []
    parts += [f"{len(hours)} stretches of usual hours hold nothing: {some(hours, 3)}"] * bool(hours)
    text = "; ".join(parts) + ": closed, or not exported? Repeats that came then are not seen"
    value = {"days": days, "hours": hours}
    return Finding("gaps", "mind", text, value, "export these again, unless the centre was closed")


def empty_days(record: Record) -> list[tuple[int, int, int]]:
    """List days with under a fifth of what their weekday usually has: instant, contacts, usual."""
    counts, usual, first = _usual(record.started, DAY, 7)
    empty = (counts < usual / 5) & (usual - counts >= MISSED)
    empty[[0, -1]] = False  # the record may begin and end at any hour
    found = np.flatnonzero(empty)
    return [(first + int(k) * DAY, int(counts[k]), round(float(usual[k]))) for k in found]


def empty_hours(record: Record) -> list[tuple[int, int]]:
    """List runs of hours without any contact where many are usual: instant, length in hours."""
    counts, usual, first = _usual(record.started, HOUR, 7 * 24)
    days = {(at - first) // DAY for at, _, _ in empty_days(record)}
    nothing = np.flatnonzero(counts == 0)
    runs = np.split(nothing, np.flatnonzero(np.diff(nothing) > 1) + 1)
    return [
        (first + int(run[0]) * HOUR, len(run))
        for run in runs
        if usual[run].sum() >= MISSED and not days & {int(k) // 24 for k in run}
    ]


def _usual(started: Ints, step: int, period: int) -> tuple[Ints, Floats, int]:
    """Count by step of time, and give beside each count the median of its place in the week."""
    first = int(started.min()) // DAY * DAY
    counts = np.bincount((started[started < first + LONGEST_DAYS * DAY] - first) // step)
    weeks = -(-len(counts) // period)
    padded = np.full(weeks * period, np.nan)
    padded[: len(counts)] = counts
    if weeks < WEEKS:
        return counts, np.zeros(len(counts)), first
    usual = np.tile(np.nanmedian(padded.reshape(weeks, period), axis=0), weeks)
    return counts, usual[: len(counts)], first
