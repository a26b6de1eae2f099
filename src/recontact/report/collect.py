"""What a report holds, before it is written as a page, as JSON or as CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import canonical
from recontact.doctor import Finding, Support, examine, supports
from recontact.durations import HOUR
from recontact.errors import UserError
from recontact.groups import Groups, groups
from recontact.history import Order, order
from recontact.labels.edges import Edges
from recontact.labels.table import policy_of
from recontact.policy import Policy
from recontact.rates import CSAT_POSITIVE, RATES, Measures, beside, measure, tally
from recontact.report.agreement import agreement
from recontact.report.case_mix import ADJUSTED, case_mix, factors
from recontact.report.followed import Followed, followed, related
from recontact.report.reasons import next_issues, other_issue, repeats_caused
from recontact.report.sensitivity import sensitivity as under_other_rules
from recontact.report.standing import MIN_VOLUME, standing
from recontact.report.survival import kaplan_meier
from recontact.report.words import policy_line, share

Row = Mapping[str, Any]

SECTIONS = (  # shown without --by, where there is more than one group
    *("week", "queue", "team", "agent_id", "site", "channel", "program", "reason:1", "reason"),
)
MOST_GROUPS = 20_000  # more are no groups, and no page
TIMES_US = np.array([*range(168), *range(168, 24 * 30 + 1, 12)], dtype=np.int64) * HOUR


@dataclass(frozen=True, repr=False)
class Report:
    """Rates and what limits them.

    Attributes
    ----------
    policy : Policy
        By which all but `sensitivity` was judged.
    period : mapping
        `first_start`, `last_end`, `as_of` (instants), and how many `contacts` there are, may be
        judged (`eligible`), are first contacts whose outcome is known (`judged`).
    min_volume : int
        Groups with fewer judged contacts are small.
    overall : mapping
        The rates over all contacts, a row of `recontact.rates.tally`, with `same_issue`,
        `any_issue` and `other_issue` (see `recontact.report.reasons.other_issue`).
    groups : mapping of str to list of mapping
        By what they are grouped by: rows of `recontact.report.standing.standing`.
    case_mix : mapping of str to list of mapping
        Likewise: rows of `recontact.report.case_mix.case_mix`.
    repeats_caused, next_issues : list of mapping
        See `recontact.report.reasons`.
    time_to_repeat : list of mapping
        The share of contacts that were followed by then, by `hours` since their end: `same` and
        `any` issue with intervals, and `at_risk`, how many could still be watched.
    agreement : list of mapping
        See `recontact.report.agreement.agreement`.
    findings : list of Finding
        What limits the figures, the worst first.
    supports : list of Support
        Which uses of the data the record supports.
    sensitivity : list of mapping
        See `recontact.report.sensitivity.sensitivity`. May be empty.
    """

    policy: Policy
    period: Row
    min_volume: int
    overall: Row
    groups: Mapping[str, list[dict[str, Any]]]
    case_mix: Mapping[str, list[dict[str, Any]]]
    repeats_caused: list[dict[str, Any]]
    next_issues: list[dict[str, Any]]
    time_to_repeat: list[dict[str, Any]]
    agreement: list[dict[str, Any]]
    findings: list[Finding]
    supports: list[Support]
    sensitivity: list[dict[str, Any]]

    def __repr__(self) -> str:
        """Tell the rates, and what they rest on."""
        rates = [f"{text}: {share(self.overall, name)}" for name, text in RATES.items()]
        return "\n".join(["Report", *rates, policy_line(self.policy)])

    def _repr_html_(self) -> str:
        """Show the page in a notebook, in a frame of its own."""
        from recontact.report.page import page  # noqa: PLC0415 - it knows this module

        inside = escape(page(self))
        return f'<iframe srcdoc="{inside}" style="width:100%;height:50rem;border:0"></iframe>'

    def write(self, out: str | PathLike[str]) -> list[Path]:
        """Write it as ``.html``, ``.json`` or ``.csv``; give the files written."""
        from recontact.report.output import write  # noqa: PLC0415 - as above

        return write(self, Path(out))


def collect(
    contacts: pa.Table,
    labels: pa.Table,
    by: Sequence[str] = (),
    csat_positive: float = CSAT_POSITIVE,
    sensitivity: bool = False,
    min_volume: int = MIN_VOLUME,
) -> Report:
    """Collect a report.

    Parameters
    ----------
    contacts, labels : pyarrow.Table
        Clean contacts and their labels.
    by : sequence of str
        What to group by, one section each: columns of the contacts, `week`, `month`, `reason:1`;
        by default those of `SECTIONS` that hold more than one group.
    csat_positive : float
        The least `csat` answer that is positive.
    sensitivity : bool
        Also the rates under other windows, relatedness and rules.
    min_volume : int
        Groups with fewer judged contacts are marked as small and not compared.

    Raises
    ------
    UserError
        Labels of other contacts or without policy, no such column, or more than `MOST_GROUPS`
        groups.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa, recontact
    >>> t = [dt.datetime(2026, 1, d) for d in (1, 9, 10, 20)]
    >>> contacts = pa.table({"contact_id": list("abcd"), "customer_id": ["w", "x", "x", "z"],
    ...                      "reason": ["bill"] * 4, "started_at": t, "ended_at": t})
    >>> report = collect(contacts, recontact.label(contacts), by=["reason"])
    >>> report.overall["fcr"], report.groups["reason"][0]["group"]
    (0.0, 'bill')
    """
    table, policy = canonical(contacts), policy_of(labels)
    labels, ordered = beside(table, labels), order(table)
    grouped = _wanted(table, by) if by else _usual(table)
    same = followed(table, _same(policy), ordered)
    anything = followed(table, related(policy, "any"), ordered)
    counted = measure(table, labels, csat_positive, ordered)
    counted = replace(counted, shares={**counted.shares, **other_issue(same, anything)})
    overall = tally(counted, groups(table)).to_pylist()[0]
    reasons = groups(table, "reason")
    findings = examine(table, labels)
    return Report(
        policy=policy,
        period=_period(table, labels, policy, overall),
        min_volume=min_volume,
        overall=overall,
        groups={column: standing(counted, g, min_volume) for column, g in grouped.items()},
        case_mix=_adjusted(table, ordered, counted, grouped, min_volume),
        repeats_caused=repeats_caused(counted, reasons),
        next_issues=next_issues(anything, reasons),
        time_to_repeat=_curve(same, anything),
        agreement=agreement(table, counted),
        findings=findings,
        supports=supports(table, labels, findings),
        sensitivity=under_other_rules(table, policy, ordered) if sensitivity else [],
    )


def _wanted(contacts: pa.Table, by: Sequence[str]) -> dict[str, Groups]:
    grouped = {column: groups(contacts, column) for column in dict.fromkeys(by)}
    for column, found in grouped.items():
        if len(found.names) > MOST_GROUPS:
            raise UserError(
                f"'{column}' makes {len(found.names):,} groups, nearly one a contact",
                f"group by something that has at most {MOST_GROUPS:,} values",
            )
    return grouped


def _usual(contacts: pa.Table) -> dict[str, Groups]:
    grouped = {column: groups(contacts, column) for column in SECTIONS}
    named = {column: len(found.names) - (None in found.names) for column, found in grouped.items()}
    return {column: grouped[column] for column in named if 1 < named[column] <= MOST_GROUPS}


def _same(policy: Policy) -> Policy:
    """Give the policy's own way of relating; where that is any issue, by reason."""
    return related(policy, "reason") if policy.related_by == "any" else policy


def _period(contacts: pa.Table, labels: pa.Table, policy: Policy, overall: Row) -> Row:
    _, as_of = Edges.of(contacts, policy).of_rows(contacts["program"], policy)
    return {
        "first_start": pc.min(contacts["started_at"]).as_py(),
        "last_end": pc.max(contacts["ended_at"]).as_py(),
        "as_of": pa.scalar(int(as_of.max()), pa.timestamp("us", tz="UTC")).as_py(),
        "contacts": len(contacts),
        "eligible": pc.sum(labels["eligible"]).as_py() or 0,
        "judged": overall["fcr_of"],
    }


def _adjusted(
    contacts: pa.Table,
    ordered: Order,
    measures: Measures,
    grouped: Mapping[str, Groups],
    min_volume: int,
) -> dict[str, list[dict[str, Any]]]:
    wanted = [grouped[column] for column in grouped if column in ADJUSTED]
    return case_mix(measures, factors(contacts, ordered), wanted, min_volume) if wanted else {}


def _curve(same: Followed, anything: Followed) -> list[dict[str, Any]]:
    """Give the share followed by then, over the eligible contacts of both."""
    rows = same.eligible & anything.eligible & (same.seen_us >= 0)
    longest = int(same.seen_us[rows].max(initial=0))
    times = TIMES_US[longest >= TIMES_US]
    columns: dict[str, Any] = {"hours": times / HOUR}
    for name, found in (("same", same), ("any", anything)):
        gap, seen = found.gap_us[rows], found.seen_us[rows]
        still, low, high, at_risk = kaplan_meier(np.minimum(gap, seen), gap <= seen, times)
        columns |= {name: 1 - still, f"{name}_low": 1 - high, f"{name}_high": 1 - low}
        columns["at_risk"] = at_risk
    return [
        dict(zip(columns, values, strict=True))
        for values in zip(*(list(column.tolist()) for column in columns.values()), strict=True)
    ]
