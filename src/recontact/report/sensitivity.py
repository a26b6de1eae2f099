"""The FCR rate under other rules: how much of the figure is the rule and how much the work."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import escalated_of
from recontact.durations import DAY, HOUR, format_duration
from recontact.history import Order, codes
from recontact.labels.rules import Rules
from recontact.labels.unknown import followed_by_unknown
from recontact.policy import Policy
from recontact.rates import Flags
from recontact.report.agreement import share
from recontact.report.followed import Followed, rules_by_counting, search

WINDOWS = (24 * HOUR, 48 * HOUR, 7 * DAY, 14 * DAY, 30 * DAY)
CHANGED = ("window", "window_by_reason", "related_by", "reason_level", "count_unhandled")
DEEPEST = 4  # levels of the reason that are tried


def sensitivity(contacts: pa.Table, policy: Policy, ordered: Order) -> list[dict[str, Any]]:
    """Give FCR and repeat rate under all windows, ways of relating, and rules of counting.

    Everything else is as the policy says, the look-back too; overrides by program and windows
    by reason of what is changed are set aside. One search for each way of relating serves all
    windows.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    policy : Policy
        Whose other rules hold.
    ordered : Order
        `recontact.history.order` of the contacts.

    Returns
    -------
    list of dict
        `related` (in words), `abandoned` (do they count), `window` (as text), `policy_digest`,
        `own` (is it the policy itself), then `fcr`, `repeat` and `unknown_reason` with intervals
        and `*_of`, as of `recontact.rates.rates`.

    Examples
    --------
    >>> import datetime as dt
    >>> from recontact.contacts import canonical
    >>> from recontact.history import order
    >>> t = [dt.datetime(2026, 1, d) for d in (1, 9, 12, 30)]
    >>> table = canonical(pa.table({"contact_id": list("abcd"), "customer_id": list("wxxz"),
    ...                             "reason": ["bill"] * 4, "started_at": t, "ended_at": t}))
    >>> [(row["window"], row["fcr"]) for row in sensitivity(table, Policy(), order(table))[:3]]
    [('24h', 1.0), ('48h', 1.0), ('7d', 0.5)]
    """
    rows: list[dict[str, Any]] = []
    breaks = escalated_of(contacts) & _escalation_breaks(contacts, policy)
    masked: dict[tuple[bool, int], Flags] = {}  # the same for all ways of relating
    for words, way in ways(contacts):
        related = _set(policy, **way)
        for abandoned, applied in enumerate(rules_by_counting(contacts, related, ordered)):
            found = search(contacts, related, ordered, applied)
            for window in WINDOWS:
                own = (bool(abandoned), window)
                if own not in masked:
                    masked[own] = _masked(contacts, ordered, applied, window)
                tried = _set(related, window=window, count_unhandled=bool(abandoned))
                named = {"related": words, "abandoned": bool(abandoned)}
                told = _rates(found, tried, breaks, masked[own])
                rows.append({**named, **told, "own": tried == policy})
    return rows


def ways(contacts: pa.Table) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the ways of relating contacts, in words and as keys of the policy."""
    yield "any issue", {"related_by": "any", "reason_level": None}
    yield "same case", {"related_by": "case", "reason_level": None}
    for level in range(1, _levels(contacts)):
        yield f"same reason, level {level}", {"related_by": "reason", "reason_level": level}
    yield "same reason", {"related_by": "reason", "reason_level": None}


def _levels(contacts: pa.Table) -> int:
    """Count the levels of the reasons."""
    reasons = contacts["reason"].unique().drop_null()
    deepest = pc.max(pc.count_substring(reasons, " > ")).as_py()
    return min(1 + (deepest or 0), DEEPEST)


def _set(policy: Policy, **changes: Any) -> Policy:
    """Change keys for all programs."""
    programs = {
        name: {key: value for key, value in own.items() if key not in CHANGED}
        for name, own in policy.by_program.items()
    }
    return replace(policy, window_by_reason={}, by_program=programs, **changes)


def _masked(contacts: pa.Table, ordered: Order, applied: Rules, window: int) -> Flags:
    """Tell after which contacts one of unknown reason follows within the window."""
    same = np.full(len(contacts), window, dtype=np.int64)
    return followed_by_unknown(contacts, ordered, replace(applied, window_us=same))


def _rates(found: Followed, tried: Policy, breaks: Flags, masked: Flags) -> dict[str, Any]:
    matured = found.seen_us >= tried.window
    repeated = found.gap_us <= tried.window
    firsts, judged = found.first & matured, found.eligible & matured
    of = int(firsts.sum())
    return {
        "window": format_duration(tried.window),
        "policy_digest": tried.digest,
        **share("fcr", int((firsts & ~repeated & ~breaks).sum()), of),
        **share("repeat", int((judged & repeated).sum()), int(judged.sum())),
        **share("unknown_reason", int((firsts & masked).sum()), of),
    }


def _escalation_breaks(contacts: pa.Table, policy: Policy) -> Flags:
    names = [*contacts["program"].unique().drop_null().to_pylist(), None]
    breaks = [policy.for_program(name).escalation_breaks_fcr for name in names]
    return np.array(breaks, dtype=bool)[codes(contacts["program"])]
