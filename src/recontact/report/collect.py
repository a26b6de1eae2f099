"""What a report holds, before it is written as a page or as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from recontact.contacts import canonical
from recontact.doctor import Finding, examine
from recontact.durations import DAY, HOUR, format_duration
from recontact.labels.table import label, policy_of
from recontact.policy import Policy
from recontact.policy_values import RELATED_BY
from recontact.rates import CSAT_POSITIVE, rates

Row = Mapping[str, Any]
OTHER_WINDOWS = (DAY, 48 * HOUR, 72 * HOUR, 7 * DAY, 14 * DAY, 30 * DAY)


@dataclass(frozen=True)
class Report:
    """Rates and what limits them.

    Attributes
    ----------
    policy : Policy
        By which all but `sensitivity` was judged.
    overall : mapping
        The rates over all contacts, a row of `recontact.rates.rates`.
    groups : mapping of str to list of mapping
        By column, the same for each group, most judged first.
    findings : list of Finding
        What the data can and cannot support.
    sensitivity : list of mapping
        The rates under other rules: `change`, `policy_digest` and the rates. May be empty.
    """

    policy: Policy
    overall: Row
    groups: Mapping[str, list[Row]]
    findings: list[Finding]
    sensitivity: list[Row]


def collect(
    contacts: pa.Table,
    labels: pa.Table,
    by: Sequence[str] = (),
    csat_positive: float = CSAT_POSITIVE,
    sensitivity: bool = False,
) -> Report:
    """Collect a report.

    Parameters
    ----------
    contacts, labels : pyarrow.Table
        Clean contacts and their labels.
    by : sequence of str
        Columns of the contacts to group by.
    csat_positive : float
        The least `csat` answer that is positive.
    sensitivity : bool
        Also label under other windows, relatedness and rules, one after the other.

    Raises
    ------
    UserError
        Labels of other contacts or without policy, or no such column.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa
    >>> t = [dt.datetime(2026, 1, d) for d in (1, 9, 10, 20)]
    >>> contacts = pa.table({"contact_id": list("abcd"), "customer_id": ["w", "x", "x", "z"],
    ...                      "reason": ["bill"] * 4, "started_at": t, "ended_at": t})
    >>> report = collect(contacts, label(contacts), by=["reason"], sensitivity=True)
    >>> report.overall["fcr"], report.groups["reason"][0]["group"]
    (0.0, 'bill')
    >>> [(row["change"], row["repeat"]) for row in report.sensitivity][:2]
    [('as it is', 0.3333333333333333), ('window 24h', 0.3333333333333333)]
    """
    table, policy = canonical(contacts), policy_of(labels)
    return Report(
        policy=policy,
        overall=rates(table, labels, csat_positive=csat_positive).to_pylist()[0],
        groups={column: rates(table, labels, column, csat_positive).to_pylist() for column in by},
        findings=examine(table, labels),
        sensitivity=_under(table, policy) if sensitivity else [],
    )


def other_rules(policy: Policy) -> dict[str, Policy]:
    """Name the policies that differ from this one in one rule.

    Overrides by program are kept, and hide the change there.

    Examples
    --------
    >>> list(other_rules(Policy()))[:3]
    ['as it is', 'window 24h', 'window 72h']
    """
    changed = {"as it is": policy}
    for window in OTHER_WINDOWS:
        changed[f"window {format_duration(window)}"] = replace(
            policy, window=window, window_by_reason={}
        )
    for related_by in RELATED_BY:
        words = related_by.replace("_", " ")
        changed[f"related by {words}"] = replace(policy, related_by=related_by)
    changed["first level of the reason"] = replace(policy, related_by="reason", reason_level=1)
    changed["abandoned attempts count"] = replace(policy, count_unhandled=True)
    changed["only judged channels count"] = replace(policy, counted_channels=policy.index_channels)
    changed["own escalation breaks no FCR"] = replace(policy, escalation_breaks_fcr=False)
    same = [name for name, other in changed.items() if other == policy and name != "as it is"]
    return {name: other for name, other in changed.items() if name not in same}


def _under(contacts: pa.Table, policy: Policy) -> list[Row]:
    rows: list[Row] = []
    for change, other in other_rules(policy).items():
        overall = rates(contacts, label(contacts, other)).to_pylist()[0]
        rows.append({"change": change, "policy_digest": other.digest, **overall})
    return rows
