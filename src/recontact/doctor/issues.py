"""What the contacts are about, and whether anybody says who was escalated."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import direction_of
from recontact.doctor.finding import Finding, Record, level, some
from recontact.policy_values import RELATED_BY
from recontact.report.words import percent

SPELLED = ("program", "channel", "direction", "queue", "reason", "disposition", "team", "site")


def reasons(record: Record) -> Finding:
    """Tell how many contacts have no reason."""
    column = record.contacts["reason"]
    share = column.null_count / len(column)
    text = f"{percent(share)} of the contacts have no reason"
    by_reason = record.policy.related_by == "reason"
    found = level(share, mind=0.1, bad=0.5 if by_reason else 1.0)
    if found == "good":
        return Finding("reason", found, text, share)
    text += (
        ": an unknown reason relates to nothing, so FCR by reason is too high; compare with "
        "related_by: any"
    )
    return Finding("reason", found, text, share, "map the reason, or the queue or wrap-up code")


def reason_codes(record: Record) -> Finding:
    """Tell whether reasons are codes at all: not one for nearly all, nor another for each."""
    known = record.contacts["reason"].drop_null()
    distinct = len(known.unique())
    value = {"reasons": distinct, "of": len(known)}
    if len(known) < 50 or (distinct > 1 and distinct <= len(known) / 2):
        return Finding("reason codes", "good", f"{distinct:,} different reasons", value)
    mend = "map another column to reason, or set related_by: any in the policy"
    if distinct == 1:
        text = "all contacts have the same reason, so related by reason is related by anything"
        return Finding("reason codes", "good", text, value)
    text = (
        f"{distinct:,} different reasons in {len(known):,} contacts: free text, which no other "
        "contact shares; FCR by reason would read near 100 %"
    )
    return Finding("reason codes", "bad", text, value, mend)


def unknown_issues(record: Record) -> Finding:
    """Tell what share of inbound contacts has no issue, under each way to relate contacts."""
    contacts = record.contacts
    inbound = contacts.filter(pc.equal(direction_of(contacts), "inbound"))
    no_case, no_reason = pc.is_null(inbound["case_id"]), pc.is_null(inbound["reason"])
    missing = {"case": no_case, "reason": no_reason, "reason_or_case": pc.and_(no_case, no_reason)}
    shares = {name: _share(missing[name]) if name in missing else 0.0 for name in RELATED_BY}
    own = record.policy.related_by
    said = ", ".join(f"{name} {percent(share)}" for name, share in shares.items())
    text = f"share whose issue is unknown, by related_by: {said}; the policy says {own}"
    found = level(shares[own], mind=0.1, bad=0.5)
    if found == "good" or own == "reason":  # of which `reasons` tells
        return Finding("issue", "good", text, shares)
    text += f": {percent(shares[own])} can neither be repeated nor be a repeat"
    best = min(shares, key=lambda name: (shares[name], name == "any"))
    return Finding("issue", found, text, shares, f"related_by: {best} knows more of them")


def _share(mask: pa.ChunkedArray) -> float:
    return float(np.mean(mask.to_numpy())) if len(mask) else 0.0


def escalations(record: Record) -> Finding:
    """Tell whether the export says at all who was escalated."""
    contacts = record.contacts
    told = [name for name in ("escalated", "tier") if contacts[name].null_count < len(contacts)]
    mend = "map escalated or tier, or say it by rule: escalated_when: {queue: [Tier 2]}"
    if not told:
        text = (
            "nothing says who was escalated (neither escalated nor tier): the escalation rate "
            "reads 0 %, and FCR takes no escalation into account"
        )
        return Finding("escalated", "mind", text, 0.0, mend)
    own = record.labels["escalated"]
    known = len(own) - own.null_count
    share = (pc.sum(own).as_py() or 0) / max(1, known)
    text = f"{percent(share)} of those that may be judged were escalated"
    if known < 200 or 0 < share < 0.5:
        return Finding("escalated", "good", text, share)
    text += ": what is mapped there may mean something else"
    return Finding("escalated", "mind", text, share, mend)


def spellings(record: Record) -> Finding:
    """Find values that differ in case or white space only: to every rule they are two."""
    found = {}
    for name in SPELLED:
        values = record.contacts[name].drop_null().unique().to_pylist()
        forms: dict[str, list[str]] = {}
        for value in values:
            forms.setdefault("".join(value.casefold().split()), []).append(value)
        twins = [sorted(same) for same in forms.values() if len(same) > 1]
        if twins:
            found[name] = twins
    if not found:
        return Finding("spelling", "good", "no value is written in two ways", {})
    said = [f"{name} {' / '.join(map(repr, twins[0]))}" for name, twins in found.items()]
    text = f"written in two ways: {some(said)}: contacts are related by the exact text only"
    mend = "bring them together in the mapping file: values: {reason: {Billing: billing}}"
    return Finding("spelling", "mind", text, found, mend)
