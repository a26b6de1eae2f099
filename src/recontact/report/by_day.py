"""Contacts and outcomes counted by UTC day, so that the rates of any span of days are sums.

What is counted are whole numbers: of a span, a team or a program the rates come out exactly as
`recontact.rates.rates` gives them for the same contacts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.contacts import instants
from recontact.durations import DAY
from recontact.groups import Groups, crossed, groups
from recontact.history import Order, order
from recontact.labels.table import policy_of
from recontact.labels.tally import known
from recontact.rates import Measures, beside, measure
from recontact.report.case_mix import WITHIN_QUEUE, expected, factors
from recontact.report.followed import followed, related

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

KEY = ("by", "program", "team", "entity", "day")
COUNTS = (
    *("contacts", "eligible", "gross_of", "fcr_of", "fcr", "repeated_of", "repeated"),
    *("escalation_of", "escalation", "unknown_after"),
)
BY = {"": None, "queue": "queue", "reason": "reason:1", "agent_id": "agent_id"}
DIGITS = 2  # of expected counts: a new fit moves the others, and no row of an old day is rewritten
NOTHING = ">"  # came next; it can't be a reason, whose levels it separates


def by_day(contacts: pa.Table, labels: pa.Table, ordered: Order | None = None) -> pa.Table:
    """Count contacts and outcomes by program, team and day: all, by queue, reason and agent.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    labels : pyarrow.Table
        Their labels.
    ordered : Order, optional
        `recontact.history.order` of the contacts, where it is already there.

    Returns
    -------
    pyarrow.Table
        A row for each of `KEY` that has a contact: `by` (empty, `queue`, `reason` at its first
        level, `agent_id`); `program`, `team`; `entity`, which queue, reason or agent; `day`,
        counted from 1970, of the start. An unknown one is the empty text. Then `COUNTS`, of which
        the rates are taken, and `expected`: how many of `fcr_of` would have
        been resolved, had each contact gone as its like did (`recontact.report.case_mix`; agents
        are compared within their queues).

    Examples
    --------
    >>> import datetime as dt, recontact
    >>> from recontact.contacts import canonical
    >>> t = [dt.datetime(2026, 1, d) for d in (1, 9, 10, 20)]
    >>> contacts = canonical(pa.table({
    ...     "contact_id": list("abcd"), "customer_id": ["w", "x", "x", "z"],
    ...     "reason": ["bill"] * 4, "started_at": t, "ended_at": t}))
    >>> found = by_day(contacts, recontact.label(contacts))
    >>> [(row["entity"], row["day"] - 20454, row["fcr_of"], row["fcr"])
    ...  for row in found.to_pylist() if row["by"] == "reason"]
    [('bill', 0, 0, 0), ('bill', 8, 1, 0), ('bill', 9, 0, 0), ('bill', 19, 0, 0)]
    """
    ordered = ordered or order(contacts)
    measures = measure(contacts, labels, ordered=ordered)
    counted = _counted(measures, beside(contacts, labels))
    brought = factors(contacts, ordered)
    parts = []
    for by, name in BY.items():
        used = [codes for key, codes in brought.items() if by in WITHIN_QUEUE or key != "queue"]
        if by in {"", *WITHIN_QUEUE}:  # the others have the same as all
            hits, judged = measures.shares["fcr"]
            chances = expected(used, hits & judged, judged)
        cells = [groups(contacts, column) for column in ("program", "team", name)]
        parts.append(_summed(by, cells, instants(contacts["started_at"]) // DAY, counted, chances))
    return pa.concat_tables(parts)


def next_reasons(
    contacts: pa.Table, labels: pa.Table, ordered: Order | None = None
) -> dict[tuple[str, ...], int]:
    """Count what came next after contacts about each reason, whatever it was about.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    labels : pyarrow.Table
        Their labels: their policy's window holds, its way of relating does not.
    ordered : Order, optional
        `recontact.history.order` of the contacts, where it is already there.

    Returns
    -------
    dict
        By program, team, reason and the next contact's reason (`NOTHING` where none came within
        the window), how many judged contacts. Reasons as the policy compares them; what is
        unknown is the empty text.
    """
    policy = policy_of(labels)
    level = policy.reason_level
    reasons = groups(contacts, f"reason:{level}" if level else "reason")
    found = followed(contacts, related(policy, "any"), ordered or order(contacts))
    rows = np.flatnonzero(found.judged)
    following = np.where(found.repeated, reasons.codes[found.next], len(reasons.names))[rows]
    after = Groups("next", following, [*reasons.names, NOTHING])
    cells = [groups(contacts, name) for name in ("program", "team")]
    cells = [Groups(one.by, one.codes[rows], one.names) for one in (*cells, reasons)]
    place, names = crossed([*cells, after])
    return dict(zip(map(_texts, names), np.bincount(place).tolist(), strict=True))


def _counted(measures: Measures, labels: pa.Table) -> Mapping[str, npt.NDArray[np.bool_]]:
    """Mark for each count the contacts that belong to it."""
    fcr, judged = measures.shares["fcr"]
    repeated, matured = measures.shares["repeat"]
    escalation, of = measures.shares["escalation"]
    return {
        "contacts": np.ones(len(labels), dtype=bool),
        "eligible": known(labels["eligible"])[0],
        "gross_of": measures.shares["gross_fcr"][1],
        "fcr_of": judged,
        "fcr": fcr & judged,
        "repeated_of": matured,
        "repeated": repeated & matured,
        "escalation_of": of,
        "escalation": escalation & of,
        "unknown_after": measures.shares["unknown_reason"][0] & judged,
    }


def _summed(
    by: str,
    cells: Sequence[Groups],
    days: Ints,
    counted: Mapping[str, npt.NDArray[np.bool_]],
    chances: Floats,
) -> pa.Table:
    first = int(days.min(initial=0))
    span = [str(first + k) for k in range(int(days.max(initial=0)) - first + 1)]
    place, names = crossed([*cells, Groups("day", days - first, [*span])])
    program, team, entity, day = zip(*names, strict=True) if names else ((),) * 4
    columns: dict[str, Any] = {
        "by": [by] * len(names),
        "program": program,
        "team": team,
        "entity": entity,
        "day": np.array(day, dtype=np.int64),
        **{name: np.bincount(place[rows], minlength=len(names)) for name, rows in counted.items()},
        "expected": np.bincount(place, chances, len(names)).round(DIGITS),
    }
    return pa.table({name: _column(name, values) for name, values in columns.items()})


def _column(name: str, values: Any) -> pa.Array:
    if name not in KEY[:4]:
        return pa.array(values)
    return pa.array(_texts(values), pa.string())


def _texts(names: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(name or "" for name in names)
