"""What the policy makes of the record: who is judged, and which of its values match nothing."""

from recontact import policy_use
from recontact.doctor.finding import Finding, Record, level, some
from recontact.policy_use import present
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
    found = policy_use.unmatched(record.policy, present(record.contacts, record.policy))
    if not found:
        text = "every channel, reason, disposition and program of the policy is in the data"
        return Finding("policy values", "good", text, [])
    said = [str(one) for one in found]
    text = f"no contact has: {some(said)}: what the policy says there has no effect"
    value = [{"key": where, "value": value} for where, value, _ in found]
    return Finding(
        "policy values", "mind", text, value, "write them as the data does, case and all"
    )
