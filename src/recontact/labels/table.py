"""The labels table: one row per contact, from the contacts table and a policy."""

from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.contacts import canonical, escalated_of, instants
from recontact.durations import SECOND
from recontact.errors import UserError
from recontact.history import Order, codes, order
from recontact.labels.edges import Edges
from recontact.labels.kernel import Found, Lived, search
from recontact.labels.rules import EXCLUSIONS, Rules, rules
from recontact.policy import Policy

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

POLICY = b"recontact.policy"
POLICY_DIGEST = b"recontact.policy_digest"
PARTS = b"recontact.parts"
SCHEMA = pa.schema(
    [
        ("contact_id", pa.string()),
        ("eligible", pa.bool_()),
        ("exclusion", pa.string()),
        ("matured", pa.bool_()),
        ("lookback_known", pa.bool_()),
        ("previous_contact_id", pa.string()),
        ("previous_gap_s", pa.float64()),
        ("next_contact_id", pa.string()),
        ("next_gap_s", pa.float64()),
        ("first_contact", pa.bool_()),
        ("repeated", pa.bool_()),
        ("escalated", pa.bool_()),
        ("escalation", pa.bool_()),
        ("fcr", pa.bool_()),
        ("episode_id", pa.string()),
        ("episode_position", pa.int64()),
    ]
)


def label(
    contacts: pa.Table, policy: Policy | Mapping[str, Any] | str | PathLike[str] | None = None
) -> pa.Table:
    """Label every contact by a policy; `recontact.label` takes other tables and checks the rows.

    Parameters
    ----------
    contacts : pyarrow.Table
        Clean contacts; optional columns may be missing.
    policy : Policy, mapping or path, optional
        A policy, its keys as a YAML file holds them, or that file; the defaults where left out.

    Returns
    -------
    pyarrow.Table
        One row per contact in the same order: `contact_id`, `eligible`, `exclusion`, `matured`,
        `lookback_known`, `previous_contact_id`, `previous_gap_s`, `next_contact_id`,
        `next_gap_s`, `first_contact`, `repeated`, `escalated`, `escalation`, `fcr`,
        `episode_id`, `episode_position`; gaps in seconds. The metadata keep policy and digest.

    Raises
    ------
    UserError
        A required column is missing, a type is wrong, or the policy is wrong.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa
    >>> day = lambda d: dt.datetime(2026, 1, d)
    >>> contacts = pa.table({
    ...     "contact_id": ["1", "2", "3"], "customer_id": ["x", "x", "y"], "reason": ["bill"] * 3,
    ...     "started_at": [day(3), day(4), day(9)], "ended_at": [day(3), day(4), day(9)]})
    >>> labels = label(contacts, {"lookback": "0h"})
    >>> labels.select(["next_contact_id", "next_gap_s", "repeated", "fcr"]).to_pylist()[0]
    {'next_contact_id': '2', 'next_gap_s': 86400.0, 'repeated': True, 'fcr': False}
    """
    policy = as_policy(policy)
    table = canonical(contacts)
    return label_rows(table, policy, Edges.of(table, policy))


def label_rows(
    contacts: pa.Table,
    policy: Policy,
    edges: Edges,
    ordered: Order | None = None,
    applied: Rules | None = None,
    settled: Flags | None = None,
) -> pa.Table:
    """Label contacts that hold all rows of their customers; the record may be larger.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical, clean contacts: all there are of each customer, or at least all that
        can matter to the others given here.
    policy : Policy
        The rules.
    edges : Edges
        Of the whole record.
    ordered, applied : Order and Rules, optional
        Of these contacts and this policy, where they are there already.
    settled : numpy.ndarray of bool, optional
        Contacts whose own labels are not asked for: episodes are counted from them.

    Returns
    -------
    pyarrow.Table
        As of `label`.
    """
    ordered = ordered or order(contacts)
    applied = applied or rules(contacts, policy, ordered)
    lived = _lived(contacts, applied, ordered, settled)
    found = _in_rows(_search(lived, ordered), ordered)
    columns = _columns(contacts, policy, edges, applied, found)
    return pa.table(columns, SCHEMA.with_metadata(of_policy(policy)))


def of_policy(policy: Policy) -> dict[bytes, bytes]:
    """Give the metadata that labels carry: the policy and its digest."""
    return {POLICY: policy.text().encode(), POLICY_DIGEST: policy.digest.encode()}


def as_policy(given: Policy | Mapping[str, Any] | str | PathLike[str] | None) -> Policy:
    """Take a policy, its keys as a YAML file holds them, or that file; None: the defaults."""
    if isinstance(given, Policy):
        return given
    if given is None or isinstance(given, Mapping):
        return Policy.parse(given or {})
    return Policy.read(fspath(given))


def policy_of(*labels: pa.Table) -> Policy:
    """Give the policy by which tables of labels were made.

    Raises
    ------
    UserError
        A table carries no policy, or two carry different ones.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa
    >>> t = [dt.datetime(2026, 1, 1)]
    >>> contacts = pa.table({"contact_id": ["1"], "started_at": t, "ended_at": t})
    >>> policy_of(label(contacts)) == Policy()
    True
    """
    texts = [(table.schema.metadata or {}).get(POLICY) for table in labels]
    policies = {Policy.from_text(text.decode()).digest: text for text in texts if text is not None}
    again = "label them: recontact label contacts.parquet --policy policy.yaml --out labels.parquet"
    if None in texts or not policies:
        raise UserError("the labels carry no policy (in CSV they can't)", again)
    if len(policies) > 1:
        raise UserError(f"labels of different policies: {', '.join(sorted(policies))}", again)
    return Policy.from_text(policies.popitem()[1].decode())


def _lived(contacts: pa.Table, applied: Rules, ordered: Order, settled: Flags | None) -> Lived:
    rows = ordered.rows
    return Lived(
        started=instants(contacts["started_at"])[rows],
        ended=instants(contacts["ended_at"])[rows],
        window=applied.window_us[rows],
        lookback=applied.lookback_us[rows],
        counts=applied.counts[rows],
        linked=(applied.counts | applied.eligible)[rows],
        settled=np.zeros(len(rows), bool) if settled is None else settled[rows],
        escalated=escalated_of(contacts)[rows],
        issues=np.ascontiguousarray(applied.issues[:, rows]),
        window_class=np.searchsorted(applied.windows_us, applied.window_us[rows]),
        windows=applied.windows_us,
    )


def _search(lived: Lived, ordered: Order) -> Found:
    size = len(ordered.rows)
    found = Found(
        previous=np.full(size, -1, dtype=np.int64),
        next=np.full(size, -1, dtype=np.int64),
        escalated_later=np.zeros(size, dtype=bool),
        head=np.full(size, -1, dtype=np.int64),
        position=np.zeros(size, dtype=np.int64),
    )
    search(lived, ordered.starts, found)
    return found


def _in_rows(found: Found, ordered: Order) -> Found:
    """Turn positions in order into rows of the table."""
    rows = ordered.rows
    at = np.empty_like(rows)
    at[rows] = np.arange(len(rows))

    def row(positions: Ints) -> Ints:
        return np.where(positions < 0, -1, rows[positions])[at]

    return Found(
        previous=row(found.previous),
        next=row(found.next),
        escalated_later=found.escalated_later[at],
        head=row(found.head),
        position=found.position[at],
    )


def _columns(
    contacts: pa.Table, policy: Policy, edges: Edges, applied: Rules, found: Found
) -> dict[str, pa.Array | pa.ChunkedArray]:
    started, ended = instants(contacts["started_at"]), instants(contacts["ended_at"])
    first_start, as_of = edges.of_rows(contacts["program"], policy)
    ids, eligible, own = contacts["contact_id"], applied.eligible, escalated_of(contacts)
    here = np.arange(len(ids))
    matured = as_of - ended >= applied.window_us
    lookback_known = started - first_start >= applied.lookback_us
    has_previous, repeated = found.previous >= 0, found.next >= 0
    first_known = eligible & (has_previous | lookback_known)
    judged = eligible & matured
    breaks = own & _escalation_breaks(contacts["program"], policy)
    return {
        "contact_id": ids,
        "eligible": pa.array(eligible),
        "exclusion": _take(pa.array(EXCLUSIONS), applied.exclusion),
        "matured": pa.array(matured),
        "lookback_known": pa.array(lookback_known),
        "previous_contact_id": _take(ids, found.previous),
        "previous_gap_s": _gap_s(started, ended, found.previous, here, has_previous),
        "next_contact_id": _take(ids, found.next),
        "next_gap_s": _gap_s(started, ended, here, found.next, repeated),
        "first_contact": _where(first_known, ~has_previous),
        "repeated": _where(judged, repeated),
        "escalated": _where(eligible, own),
        "escalation": _where(judged, own | found.escalated_later),
        "fcr": _where(judged & first_known & ~has_previous, ~repeated & ~breaks),
        "episode_id": _take(ids, found.head),
        "episode_position": _where(found.head >= 0, found.position),
    }


def _escalation_breaks(programs: pa.ChunkedArray, policy: Policy) -> Flags:
    names = [*programs.unique().drop_null().to_pylist(), None]
    breaks = [policy.for_program(name).escalation_breaks_fcr for name in names]
    return np.array(breaks, dtype=bool)[codes(programs)]


def _take(ids: pa.ChunkedArray, rows: Ints) -> pa.ChunkedArray:
    return ids.take(pa.array(rows, mask=rows < 0))


def _where(known: Flags, values: npt.NDArray[Any]) -> pa.Array:
    return pa.array(values, mask=~known)


def _gap_s(started: Ints, ended: Ints, earlier: Ints, later: Ints, known: Flags) -> pa.Array:
    """Give the seconds from the end of the earlier to the start of the later row."""
    return _where(known, np.maximum(0, started[later] - ended[earlier]) / SECOND)
