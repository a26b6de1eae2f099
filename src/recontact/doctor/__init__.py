"""What a contacts table can and cannot support, said before any number is shown."""

import time
from collections.abc import Callable

import pyarrow as pa

from recontact.doctor import clocks, columns, extent, issues, people, rules
from recontact.doctor.finding import LEVELS, Finding, Record
from recontact.doctor.support import Support, supports
from recontact.durations import SECOND
from recontact.labels.table import policy_of

__all__ = ["CHECKS", "Finding", "Support", "examine", "supports"]

Check = Callable[[Record], Finding]
CHECKS: tuple[Check, ...] = (  # in the order of a reader's questions; the worst are shown first
    extent.span,
    extent.spread,
    people.anonymous,
    people.linked,
    people.two_names,
    people.placeholders,
    people.shared,
    people.doubles,
    rules.judged,
    rules.unmatched,
    issues.reasons,
    issues.reason_codes,
    issues.unknown_issues,
    issues.escalations,
    issues.spellings,
    extent.lookback,
    extent.matured,
    extent.last_end,
    extent.gaps,
    clocks.impossible_times,
    clocks.known_early,
    clocks.same_instant,
    clocks.dates_only,
    clocks.busy_hours,
    clocks.zones,
    clocks.moves,
    columns.known_at,
    columns.emptier_end,
    columns.telling,
)


def examine(contacts: pa.Table, labels: pa.Table, now: int | None = None) -> list[Finding]:
    """Examine clean contacts.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts, at least one.
    labels : pyarrow.Table
        Their labels, row for row, which carry the policy.
    now : int, optional
        Microseconds since 1970; times beyond are in the future. The present where left out.

    Returns
    -------
    list of Finding
        The worst first.

    See Also
    --------
    supports : which uses of the data the record supports.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa
    >>> from recontact import label
    >>> from recontact.contacts import canonical
    >>> t = [dt.datetime(2026, 1, 1)]
    >>> contacts = canonical(pa.table({"contact_id": ["1"], "started_at": t, "ended_at": t}))
    >>> worst = examine(contacts, label(contacts))[0]
    >>> worst.name, worst.level
    ('anonymous', 'bad')
    """
    now = int(time.time() * SECOND) if now is None else now
    record = Record(contacts, labels, policy_of(labels), now)
    findings = [check(record) for check in CHECKS]
    return sorted(findings, key=lambda finding: LEVELS.index(finding.level))
