"""What a contacts table can and cannot support, said before any number is shown."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from recontact.contacts import instants, known_of
from recontact.durations import DAY, UNITS
from recontact.durations import SECOND as US
from recontact.history import codes, customers
from recontact.report.words import percent

WRAPUP_DELAY_US = 15 * UNITS["m"] * US
SHARED_PER_DAY = 3  # a customer in touch more often than this, day by day, is rarely one person
SHARED_LEAST = 50
HONEST_LINK_RATE = 0.05


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
        What was looked at.
    level : {"good", "mind", "bad"}
        Whether it limits what the figures mean.
    text : str
        What was found and what follows from it.
    value : object
        The figure itself.
    """

    name: str
    level: str
    text: str
    value: Any


def examine(contacts: pa.Table, labels: pa.Table) -> list[Finding]:
    """Examine clean contacts.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts, at least one.
    labels : pyarrow.Table
        Their labels, which tell who may be judged and has matured.

    Returns
    -------
    list of Finding

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa
    >>> from recontact import label
    >>> from recontact.contacts import canonical
    >>> t = [dt.datetime(2026, 1, 1)]
    >>> contacts = canonical(pa.table({"contact_id": ["1"], "started_at": t, "ended_at": t}))
    >>> found = examine(contacts, label(contacts))
    >>> found[1].name, found[1].level
    ('anonymous', 'bad')
    """
    return [
        _span(contacts),
        _anonymous(contacts),
        _linked(contacts),
        _judged(labels),
        _matured(labels),
        _reasons(contacts),
        _doubles(contacts),
        _shared(contacts),
        _late_end(contacts),
        _back_filled(contacts),
    ]


def stray_end(contacts: pa.Table) -> str | None:
    """Say so where the last end stands alone, far after all others; else None.

    One late row, or a few (one in a thousand, at most 10), would move `as_of`
    and let contacts mature whose windows the record does not hold.
    """
    ended = np.sort(instants(contacts["ended_at"]))
    late = max(1, min(10, len(ended) // 1_000))
    if len(ended) <= late:
        return None
    last_of_rest = int(ended[-late - 1])
    gap = int(ended[-1]) - last_of_rest
    usual = (last_of_rest - int(ended[0])) // len(ended)
    if gap <= max(DAY, 20 * usual):
        return None
    return (
        f"the last contact ends {gap / DAY:.1f} days after nearly all others; unless as_of is set "
        f"in the policy, contacts since {_day(last_of_rest)} count as matured though what "
        "followed is not in the data"
    )


def _day(us: int) -> str:
    return (
        (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=us)).date().isoformat()
    )


def _span(contacts: pa.Table) -> Finding:
    started, ended = instants(contacts["started_at"]), instants(contacts["ended_at"])
    days = (int(ended.max()) - int(started.min())) / DAY
    enough = "good" if days >= 30 else "mind"
    text = (
        f"{len(contacts):,} contacts over {days:.0f} days, "
        f"from {_day(int(started.min()))} to {_day(int(ended.max()))}"
    )
    if enough == "mind":
        text += ": under 30 days, rates rest on few windows and history features know little"
    return Finding("span", enough, text, {"contacts": len(contacts), "days": days})


def _anonymous(contacts: pa.Table) -> Finding:
    share = contacts["customer_id"].null_count / len(contacts)
    level = "bad" if share == 1 else "mind" if share > 0.1 else "good"
    follows = {
        "bad": "nobody is known, so no contact can be related to another: no FCR from this data",
        "mind": "they are never judged; if they differ from the others, rates are of the known",
        "good": "they are never judged",
    }
    text = f"{percent(share)} of the contacts have no customer_id: {follows[level]}"
    return Finding("anonymous", level, text, share)


def _linked(contacts: pa.Table) -> Finding:
    known = customers(contacts)
    _, counts = np.unique(known[known >= 0], return_counts=True)
    share = float(counts[counts > 1].sum() / max(1, counts.sum()))
    level = "good" if share >= HONEST_LINK_RATE else "bad"
    text = f"{percent(share)} of the known contacts are of a customer with more than one"
    if level == "bad":
        text += (
            ": so few that customer_id may be new for each contact; FCR would then read near "
            "100 % and mean nothing"
        )
    return Finding("linked", level, text, share)


def _judged(labels: pa.Table) -> Finding:
    share = float(np.mean(labels["eligible"].to_numpy()))
    counts = labels["exclusion"].drop_null().value_counts().to_pylist()
    why = sorted(((c["counts"], c["values"]) for c in counts), reverse=True)
    text = f"{percent(share)} of the contacts may be judged"
    if why:
        text += "; left out: " + ", ".join(f"{name} {count:,}" for count, name in why)
    return Finding("judged", "good" if share > 0 else "bad", text, share)


def _matured(labels: pa.Table) -> Finding:
    eligible = labels["eligible"].to_numpy()
    matured = labels["matured"].to_numpy()[eligible]
    share = float(matured.mean()) if len(matured) else 0.0
    text = f"{percent(share)} of those that may be judged have matured"
    if share < 0.5:
        text += ": the record is short for this window; rates rest on its older part only"
    return Finding("matured", "good" if share >= 0.5 else "mind", text, share)


def _reasons(contacts: pa.Table) -> Finding:
    share = contacts["reason"].null_count / len(contacts)
    level = "bad" if share > 0.5 else "mind" if share > 0.1 else "good"
    text = f"{percent(share)} of the contacts have no reason"
    if level != "good":
        text += (
            ": an unknown reason relates to nothing, so FCR by reason is too high; compare with "
            "related_by: any"
        )
    return Finding("reason", level, text, share)


def _doubles(contacts: pa.Table) -> Finding:
    known, started = customers(contacts), instants(contacts["started_at"])
    rows = np.lexsort((started, known))
    again = (np.diff(known[rows]) == 0) & (np.diff(started[rows]) == 0) & (known[rows][1:] >= 0)
    share = float(again.sum() / max(1, (known >= 0).sum()))
    text = f"{percent(share)} of the known contacts start in the instant of another one of theirs"
    level = "mind" if share > 0.01 else "good"
    if level == "mind":
        text += ": they may be legs or copies of one contact; merge them by interaction_id"
    return Finding("doubles", level, text, share)


def _shared(contacts: pa.Table) -> Finding:
    own = codes(contacts["customer_id"])
    counts = np.bincount(own[own >= 0])
    started = instants(contacts["started_at"])
    days = max(1.0, (int(started.max()) - int(started.min())) / DAY)
    often = np.flatnonzero(counts > max(SHARED_LEAST, SHARED_PER_DAY * days))
    share = float(counts[often].sum() / len(contacts))
    if not len(often):
        return Finding("shared", "good", "no customer_id looks like a shared number", [])
    names = contacts["customer_id"].drop_null().unique().take(pa.array(often[:5])).to_pylist()
    text = (
        f"{len(often)} customer_id in touch over {SHARED_PER_DAY} times a day, with "
        f"{percent(share)} of the contacts: shared numbers? {', '.join(names)}; their repeats "
        "are strangers' contacts"
    )
    return Finding("shared", "mind", text, names)


def _late_end(contacts: pa.Table) -> Finding:
    stray = stray_end(contacts)
    text = stray or "the record ends with many contacts, so its last end can serve as as_of"
    return Finding("last end", "mind" if stray else "good", text, stray is not None)


def _back_filled(contacts: pa.Table) -> Finding:
    unknown = contacts["known_at"].null_count / len(contacts)
    delay = known_of(contacts) - instants(contacts["ended_at"])
    share = float(np.mean(delay > WRAPUP_DELAY_US))
    if unknown == 1:
        text = (
            "no contact says when its record was known (known_at): it is taken as known at the "
            "end; if the export holds values filled in later, the scores would be too good"
        )
        return Finding("known_at", "mind", text, None)
    text = f"{percent(share)} of the records were known over 15 minutes after the end"
    if share > 0.1:
        text += ": at wrap-up these are scored without disposition, durations and escalation"
    return Finding("known_at", "mind" if share > 0.1 else "good", text, share)
