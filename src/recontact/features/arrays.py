"""From tables to the arrays that the kernel walks over."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import direction_of, escalated_of, handled_of, instants, known_of
from recontact.features.kernel import History, Ints
from recontact.history import Order
from recontact.labels.rules import Rules
from recontact.policy import Policy

WAYS = 2  # reason_or_case relates in two ways


class Knowing(NamedTuple):
    """From which instants others know a contact's issue, and whether it knows its own.

    Both have the shape (ways, contacts), in table row order.
    """

    key_from: Ints
    own_key: npt.NDArray[np.bool_]


def programs(contacts: pa.Table, policy: Policy) -> Iterator[tuple[npt.NDArray[np.bool_], Policy]]:
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


def knowing(contacts: pa.Table, own: pa.Table, policy: Policy, known: Mapping[str, str]) -> Knowing:
    """Tell from when each contact's issue is known, to others and of itself."""
    started, record = instants(contacts["started_at"]), known_of(contacts)
    key_from = np.repeat(record[None], WAYS, axis=0)
    own_key = np.zeros((WAYS, len(contacts)), dtype=bool)
    for rows, policy_here in programs(contacts, policy):
        for way, column in enumerate(issue_columns(policy_here)):
            if column is None:
                continue
            if not column or known[column] == "start":
                key_from[way, rows] = started[rows]
            own_key[way, rows] = np.asarray(own[column].is_valid())[rows] if column else True
    return Knowing(key_from, own_key)


def rests_on(contacts: pa.Table, policy: Policy, know: Knowing) -> Ints:
    """Give the instant from which all was known by which each contact enters repeat labels."""
    out = instants(contacts["ended_at"])
    record = known_of(contacts)
    for rows, own in programs(contacts, policy):
        ways = [way for way, column in enumerate(issue_columns(own)) if column is not None]
        latest = np.maximum(out, know.key_from[ways].max(axis=0))
        if own.exclude_dispositions or own.min_talk_s is not None:
            latest = np.maximum(latest, record)
        out = np.where(rows, latest, out)
    return out


def history(contacts: pa.Table, rules: Rules, know: Knowing, o: Order) -> History:
    """Arrange the contacts as the kernel reads them, in the customers' order."""
    rows = o.rows
    keys = np.full((WAYS, len(rows)), -1, dtype=np.int64)
    keys[: len(rules.issues)] = rules.issues
    return History(
        started=instants(contacts["started_at"])[rows],
        ended=instants(contacts["ended_at"])[rows],
        known=known_of(contacts)[rows],
        window=rules.window_us[rows],
        arrives=rules.arrives[rows],
        outbound=np.asarray(pc.equal(direction_of(contacts), "outbound"), dtype=bool)[rows],
        unhandled=~handled_of(contacts)[rows],
        counts_unhandled=rules.count_unhandled[rows],
        excluded=rules.excluded[rows],
        escalated=escalated_of(contacts)[rows],
        keys=np.ascontiguousarray(keys[:, rows]),
        key_from=np.ascontiguousarray(know.key_from[:, rows]),
        own_key=know.own_key[:, rows] & (keys[:, rows] >= 0),
    )
