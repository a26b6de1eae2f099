"""From tables to the plain arrays that the compiled loop walks over."""

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import escalated_of, handled_of, instants, known_of
from recontact.features.columns import hold, number_of
from recontact.features.shapes import Asked, Flags, History, Ints
from recontact.features.walks import Walks
from recontact.history import Order, codes
from recontact.labels.rules import Rules, window_of
from recontact.policy import Policy

WAYS = 2  # reason_or_case relates in two ways


def programs(contacts: pa.Table, policy: Policy) -> Iterator[tuple[Flags, Policy]]:
    """Give the rows that share a policy: each program with its own, then all others at once."""
    program = contacts["program"]
    others = np.ones(len(contacts), dtype=bool)
    for name in policy.by_program:
        rows = np.asarray(pc.equal(program, name).fill_null(False), dtype=bool)
        others &= ~rows
        yield rows, policy.for_program(name)
    yield others, policy.for_program(None)


def issue_columns(policy: Policy) -> tuple[str | None, ...]:
    """Name the column that each way of relating compares: None where it is not in use.

    Empty text stands for `any`: the customer alone.
    """
    return {
        "any": ("", None),
        "case": (None, "case_id"),
        "reason": ("reason", None),
        "reason_or_case": ("reason", "case_id"),
    }[policy.related_by]


def key_from(contacts: pa.Table, policy: Policy, known: Mapping[str, str]) -> Ints:
    """Tell from when others know each contact's issue, by way of relating.

    Returns
    -------
    numpy.ndarray of int64, shape (ways, contacts)
        Microseconds, in table row order.
    """
    started, record = instants(contacts["started_at"]), known_of(contacts)
    found = np.repeat(record[None], WAYS, axis=0)
    for rows, own in programs(contacts, policy):
        for way, column in enumerate(issue_columns(own)):
            if column is not None and (not column or known[column] == "start"):
                found[way, rows] = started[rows]
    return found


def knows_issue(own: pa.Table, policy: Policy) -> Flags:
    """Tell which contacts know their own issue, by way of relating.

    Parameters
    ----------
    own : pyarrow.Table
        Contacts with what is known of each itself.

    Returns
    -------
    numpy.ndarray of bool, shape (ways, contacts)
    """
    found = np.zeros((WAYS, len(own)), dtype=bool)
    for rows, policy_here in programs(own, policy):
        for way, column in enumerate(issue_columns(policy_here)):
            if column is not None:
                there = np.asarray(own[column].is_valid())[rows] if column else True
                found[way, rows] = there
    return found


def rests_on(contacts: pa.Table, policy: Policy, others: Ints) -> Ints:
    """Give the instant from which all was known by which each contact enters repeat labels."""
    out = instants(contacts["ended_at"])
    record = known_of(contacts)
    for rows, own in programs(contacts, policy):
        ways = [way for way, column in enumerate(issue_columns(own)) if column is not None]
        latest = np.maximum(out, others[ways].max(axis=0))
        if own.exclude_dispositions or own.min_talk_s is not None:
            latest = np.maximum(latest, record)
        out = np.where(rows, latest, out)
    return out


def windows_before(contacts: pa.Table, policy: Policy) -> Ints:
    """Give the window of each contact while its reason is not known, in microseconds."""
    found = np.zeros(len(contacts), np.int64)
    for rows, own in programs(contacts, policy):
        found[rows] = window_of(own, None)
    return found


def history(
    contacts: pa.Table, rules: Rules, others: Ints, before: Ints | None, o: Order, walks: Walks
) -> History:
    """Arrange the contacts as the loop reads them, in the customers' order."""
    rows = o.rows
    size = len(rows)
    tests = [hold(contacts, test)[rows] for test in walks.tests]
    values = [number_of(contacts, name)[rows] for name in walks.values]
    texts = [codes(contacts[name])[rows] for name in walks.codes]
    return History(
        started=instants(contacts["started_at"])[rows],
        ended=instants(contacts["ended_at"])[rows],
        known=known_of(contacts)[rows],
        window=rules.window_us[rows],
        window_before=(rules.window_us if before is None else before)[rows],
        arrives=rules.arrives[rows],
        unhandled=~handled_of(contacts)[rows],
        counts_unhandled=rules.count_unhandled[rows],
        excluded=rules.excluded[rows],
        escalated=escalated_of(contacts)[rows],
        keys=np.ascontiguousarray(_keys(rules)[:, rows]),
        key_from=np.ascontiguousarray(others[:, rows]),
        tests=np.array(tests, bool).reshape(len(tests), size),
        values=np.array(values, np.float64).reshape(len(values), size),
        codes=np.array(texts, np.int64).reshape(len(texts), size),
    )


def asked(
    contacts: pa.Table, own: pa.Table, rows: Ints, at: Ints, rules: Rules, know: Flags, o: Order,
    walks: Walks,
) -> Asked:  # fmt: skip
    """Arrange the contacts to score.

    Parameters
    ----------
    contacts : pyarrow.Table
        All contacts.
    own : pyarrow.Table
        Those to score, with what is known of each itself.
    rows, at : numpy.ndarray of int64
        Their row numbers among all, and their instants in microseconds.
    rules, o, walks
        Of all contacts.
    know : numpy.ndarray of bool
        `knows_issue` of `own`.
    """
    position = np.empty(len(o.rows), dtype=np.int64)
    position[o.rows] = np.arange(len(o.rows))
    place = position[rows]
    run = np.searchsorted(o.starts, place, side="right") - 1
    named = (run >= 0) & (run < len(o.starts) - 1)
    run = np.where(named, run, 0)
    texts = [
        np.where(np.asarray(own[name].is_valid()), codes(contacts[name])[rows], -1)
        for name in walks.codes
    ]
    closed = np.append(o.starts, o.starts[-1])
    return Asked(
        low=closed[run],
        high=closed[run + 1],
        place=np.where(named, place, -1),
        leave=place,
        started=np.array(instants(own["started_at"])),
        at=np.array(at),
        keys=np.where(know, _keys(rules)[:, rows], -1),
        codes=np.array(texts, np.int64).reshape(len(texts), len(rows)),
    )


def _keys(rules: Rules) -> Ints:
    keys = np.full((WAYS, rules.issues.shape[1]), -1, dtype=np.int64)
    keys[: len(rules.issues)] = rules.issues
    return keys
