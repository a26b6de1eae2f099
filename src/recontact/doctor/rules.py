"""What the policy makes of the record: who is judged, and which of its values match nothing."""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow.compute as pc

from recontact.contacts import channel_of
from recontact.doctor.finding import Finding, Record, level, some
from recontact.errors import near
from recontact.report.words import percent


def judged(record: Record) -> Finding:
    """Tell who may be judged, and why others may not."""
    share = float(record.eligible.mean())
    counts = record.labels["exclusion"].drop_null().value_counts().to_pylist()
    why = sorted(((c["counts"], c["values"]) for c in counts), reverse=True)
    text = f"{percent(share)} of the contacts may be judged"
    if why:
        text += "; left out: " + ", ".join(f"{name} {count:,}" for count, name in why)
    found = level(1 - share, mind=0.9, bad=0.9999)
    mend = MENDS.get(why[0][1], "") if why and found != "good" else ""
    return Finding("judged", found, text, share, mend)


MENDS = {  # by the exclusion that most contacts fall under
    "no_customer": "name the customer, or the caller's number, in a mapping file",
    "not_inbound": "check the mapping of direction",
    "channel": "name the channels in the policy (index_channels), or map theirs to voice",
    "not_handled": "check the mapping of handled: false is an abandoned contact",
    "too_short": "map talk_s, or leave min_talk_s out of the policy",
    "disposition": "shorten exclude_dispositions in the policy",
    "no_issue": "map reason or case_id, or set related_by: any in the policy",
}


def unmatched(record: Record) -> Finding:
    """Find values of the policy that no contact has: slips of the pen change figures in silence."""
    present = {
        "channel": set(pc.unique(channel_of(record.contacts)).to_pylist()),
        "disposition": _values(record, "disposition"),
        "program": _values(record, "program"),
        "reason": _leading(_values(record, "reason")),
    }
    found = [
        (where, value, near(value, present[kind]))
        for where, kind, value in _named(vars(record.policy))
        if value not in present[kind]
    ]
    if not found:
        text = "every channel, reason, disposition and program of the policy is in the data"
        return Finding("policy values", "good", text, [])
    said = [
        f"{where} {value!r}" + (f" (perhaps {close!r}?)" if close else "")
        for where, value, close in found
    ]
    text = f"no contact has: {some(said)}: what the policy says there has no effect"
    value = [{"key": where, "value": value} for where, value, _ in found]
    return Finding(
        "policy values", "mind", text, value, "write them as the data does, case and all"
    )


def _values(record: Record, column: str) -> set[str]:
    return set(record.contacts[column].drop_null().unique().to_pylist())


def _leading(reasons: Iterable[str]) -> set[str]:
    """Give each reason and all that it begins with, level by level."""
    levels = [reason.split(" > ") for reason in reasons]
    return {" > ".join(parts[:k]) for parts in levels for k in range(1, len(parts) + 1)}


def _named(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str, str]]:
    """List what a policy names: key, kind, value."""
    kinds = {
        "index_channels": "channel",
        "counted_channels": "channel",
        "exclude_dispositions": "disposition",
        "window_by_reason": "reason",
        "by_program": "program",
    }
    named = [
        (f"{prefix}{key}", kind, value)
        for key, kind in kinds.items()
        for value in values.get(key) or ()
    ]
    for program, own in values.get("by_program", {}).items():
        named += _named(own, f"by_program.{program}.")
    return named
