"""Transfer legs become the one contact that the customer lived."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import INSTANT, escalated_of, handled_of, known_of
from recontact.history import codes

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def merge_legs(rows: pa.Table) -> pa.Table:
    """Merge the rows that share `interaction_id` into one contact each.

    In the order of (`started_at`, `contact_id`), a contact takes `agent_id` and `team` from the
    first leg that served the customer; `reason`, `disposition`, `case_id`, survey answers,
    `agent_resolved` and `notes` from the last leg that has one; `dropped` from the last leg;
    anything else from the first leg that has it. `ended_at`, `known_at` and `tier` are the
    greatest, seconds and counts sums, with at least one transfer less than legs; `handled` and
    `escalated` hold if they do for any leg, and stay null where no leg says.

    Parameters
    ----------
    rows : pyarrow.Table
        All columns of the contacts table, one version of each leg.

    Returns
    -------
    pyarrow.Table
        One row per contact, in the place of its leg that was read first.

    Examples
    --------
    >>> import datetime as dt
    >>> from recontact.contacts import canonical
    >>> t = [dt.datetime(2026, 1, 1, hour) for hour in (9, 10, 11)]
    >>> [contact] = merge_legs(canonical(pa.table({
    ...     "contact_id": ["a", "b"], "interaction_id": ["x", "x"], "started_at": t[:2],
    ...     "ended_at": t[1:], "talk_s": [60.0, 90.0], "queue": ["sales", "help"]}))).to_pylist()
    >>> contact["contact_id"], contact["queue"], contact["talk_s"], contact["transfer_count"]
    ('a', 'sales', 150.0, 1)
    """
    return merge_groups(rows, codes(rows["interaction_id"]), RULES)


def merge_groups(rows: pa.Table, group: Ints, rules: "Rules") -> pa.Table:
    """Merge the rows that share a group into one each, by the rule of each column.

    Parameters
    ----------
    rows : pyarrow.Table
        All columns of the contacts table.
    group : numpy.ndarray of int64
        Code of each row's group, from 0; -1 stands alone.
    rules : mapping of str to function
        As `RULES`: column to the function that merges it.
    """
    often = np.bincount(group[group >= 0], minlength=1)
    place = np.flatnonzero((group >= 0) & (often[group] > 1))
    if not len(place):
        return rows
    order, starts = _by_group(rows, group, place)
    legs = rows.take(pa.array(order))
    merged = pa.table({n: rules.get(n, _first)(legs, n, starts) for n in legs.column_names})
    alone = np.setdiff1d(np.arange(len(rows)), place)
    where = np.concatenate([alone, np.minimum.reduceat(order, starts)])
    whole = pa.concat_tables([rows.take(pa.array(alone)), merged.cast(legs.schema)])
    return whole.take(pa.array(np.argsort(where))).replace_schema_metadata(rows.schema.metadata)


def _by_group(rows: pa.Table, group: Ints, place: Ints) -> tuple[Ints, Ints]:
    """Order the legs inside their groups; tell where each group begins."""
    picked = rows.select(["started_at", "contact_id"]).take(pa.array(place))
    picked = picked.append_column("group", pa.array(group[place]))
    keys = [(name, "ascending") for name in ("group", "started_at", "contact_id")]
    order = place[pc.sort_indices(picked, sort_keys=keys).to_numpy()]
    return order, np.flatnonzero(np.diff(group[order], prepend=-1) != 0)


def _first(legs: pa.Table, name: str, starts: Ints) -> pa.ChunkedArray:
    """Take the value of the first leg that has one."""
    return _first_where(legs[name], _valid(legs[name]), starts)


def _first_where(column: pa.ChunkedArray, mask: Mask, starts: Ints) -> pa.ChunkedArray:
    rows = np.where(mask, np.arange(len(mask)), len(mask))
    first = np.minimum.reduceat(rows, starts)
    return column.take(pa.array(first, mask=first == len(mask)))


def _last(legs: pa.Table, name: str, starts: Ints) -> pa.ChunkedArray:
    """Take the value of the last leg that has one."""
    rows = np.where(_valid(legs[name]), np.arange(len(legs)), -1)
    last = np.maximum.reduceat(rows, starts)
    return legs[name].take(pa.array(last, mask=last < 0))


def _of_last(legs: pa.Table, name: str, starts: Ints) -> pa.ChunkedArray:
    """Take what the last leg says, be it null."""
    return legs[name].take(pa.array(_ends(legs, starts)))


def _of_served(legs: pa.Table, name: str, starts: Ints) -> pa.ChunkedArray:
    """Take what the first leg that served the customer says, be it null."""
    return _first_where(legs[name], handled_of(legs), starts)


def _handled(legs: pa.Table, name: str, starts: Ints) -> pa.Array:
    return pa.array(_some(handled_of(legs), starts), mask=_unsaid(legs, name, starts))


def _escalated(legs: pa.Table, name: str, starts: Ints) -> pa.Array:
    return pa.array(_some(escalated_of(legs), starts), mask=_unsaid(legs, name, starts))


def _known(legs: pa.Table, name: str, starts: Ints) -> pa.Array:
    latest = np.maximum.reduceat(known_of(legs), starts)
    return pa.array(latest, mask=_unsaid(legs, name, starts)).cast(INSTANT)


def _greatest(legs: pa.Table, name: str, starts: Ints) -> pa.Array:
    kind = legs[name].type
    whole = pc.fill_null(legs[name].cast(pa.int64()), np.iinfo(np.int64).min).to_numpy()
    greatest = np.maximum.reduceat(whole, starts)
    return pa.array(greatest, mask=_unsaid(legs, name, starts)).cast(kind)


def _sum(legs: pa.Table, name: str, starts: Ints) -> pa.Array:
    total = np.add.reduceat(pc.fill_null(legs[name], 0).to_numpy(), starts)
    return pa.array(total, mask=_unsaid(legs, name, starts))


def _transfers(legs: pa.Table, name: str, starts: Ints) -> pa.Array:
    """Sum the transfers; each further leg is one at least."""
    further = _ends(legs, starts) - starts
    return pc.max_element_wise(_sum(legs, name, starts), pa.array(further))


def _valid(column: pa.ChunkedArray) -> Mask:
    return np.asarray(pc.is_valid(column).to_numpy(), dtype=bool)


def _some(mask: Mask, starts: Ints) -> Mask:
    return np.logical_or.reduceat(mask, starts)


def _unsaid(legs: pa.Table, name: str, starts: Ints) -> Mask:
    """Tell the contacts of which no leg has a value."""
    return ~_some(_valid(legs[name]), starts)


def _ends(legs: pa.Table, starts: Ints) -> Ints:
    """Give the last leg of each contact."""
    return np.append(starts[1:], len(legs)) - 1


LAST = ("reason", "disposition", "case_id", "csat", "nps", "ces", "survey_resolved")
Rule = Callable[[pa.Table, str, Ints], pa.ChunkedArray | pa.Array]
Rules = Mapping[str, Rule]
RULES: Rules = {  # of all other columns the first leg that has a value tells
    **dict.fromkeys((*LAST, "agent_resolved", "notes"), _last),
    **dict.fromkeys(("wait_s", "talk_s", "hold_s", "wrap_s", "hold_count"), _sum),
    **dict.fromkeys(("ended_at", "tier"), _greatest),
    **dict.fromkeys(("agent_id", "team"), _of_served),
    "transfer_count": _transfers,
    "handled": _handled,
    "escalated": _escalated,
    "known_at": _known,
    "dropped": _of_last,
}
REDIAL_RULES: Rules = {**RULES, "transfer_count": _sum}  # to dial again is no transfer
