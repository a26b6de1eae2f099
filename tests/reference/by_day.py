"""FCR by day, contact by contact: what the counts of a day and a team are, in plain loops."""

import datetime as dt
from collections import Counter

from tests.reference.labels import Labeler, label, levels

BY = ("", "queue", "reason", "agent_id")
EPOCH = dt.date(1970, 1, 1)


def by_day(contacts, policy):
    """Give counts by (by, program, team, entity, day)."""
    found = {}
    labeler = Labeler(contacts, policy)
    for c, told in zip(contacts, label(contacts, policy), strict=True):
        for by in BY:
            day = (c["started_at"].date() - EPOCH).days
            key = (by, c.get("program") or "", c.get("team") or "", entity(c, by), day)
            counts = found.setdefault(key, Counter())
            counts["contacts"] += 1
            counts["eligible"] += told["eligible"]
            judged = told["eligible"] and told["matured"]
            counts["gross_of"] += bool(judged and told["first_contact"] is not None)
            for name in ("fcr", "repeated", "escalation"):
                counts[f"{name}_of"] += told[name] is not None
                counts[name] += bool(told[name])
            counts["unknown_after"] += told["fcr"] is not None and then_unknown(labeler, c)
    return found


def entity(c, by):
    if by == "reason":
        return (levels(c.get("reason")) or [""])[0]
    return c.get(by) or "" if by else ""


def then_unknown(labeler, c):
    """Was it followed within its window by one whose reason is unknown, of the same customer?"""
    return any(
        not levels(o.get("reason")) and labeler.counts(o) and labeler.gap(c, o) <= labeler.window(c)
        for o in after(labeler, c)
    )


def after(labeler, c):
    if c.get("customer_id") is None:
        return []
    own = (c["customer_id"], c.get("program"))
    rest = labeler.ordered[labeler.ordered.index(c) + 1 :]
    return [o for o in rest if (o.get("customer_id"), o.get("program")) == own]


def next_reasons(contacts, policy):
    """Count judged contacts by program, team, reason and the reason of what came next."""
    anything = {**policy, "related_by": "any"}
    anything["by_program"] = {
        name: {**own, "related_by": "any"} for name, own in policy.get("by_program", {}).items()
    }
    by_id = {c["contact_id"]: c for c in contacts}
    level = policy.get("reason_level")
    found = Counter()
    for c, told in zip(contacts, label(contacts, anything), strict=True):
        if told["repeated"] is None:
            continue
        following = ">"
        if told["repeated"]:
            following = cut(by_id[told["next_contact_id"]], level)
        found[c.get("program") or "", c.get("team") or "", cut(c, level), following] += 1
    return dict(found)


def cut(c, level):
    kept = levels(c.get("reason"))[:level]
    while kept and kept[-1] == "":
        kept = kept[:-1]
    return " > ".join(kept)
