"""The features by the letter: write down what was known at the instant, then count in it.

Contacts are dicts, times are datetimes. `view` gives another contact as it was known, and every
feature is a plain sentence about those views. Slow on purpose; shares only the labels' twin.
"""

import datetime as dt
from itertools import pairwise

from tests.reference.labels import Labeler, levels

ARRIVAL = ("contact_id", "customer_id", "started_at", "program", "channel", "direction", "queue")
SPANS = {"1h": 1, "48h": 48, "7d": 168, "30d": 720, "90d": 2160}
NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
MIDNIGHT = dt.time(0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
LIMIT = 500


def known_at(c):
    return c["ended_at"] if c.get("known_at") is None else c["known_at"]


def view(c, at, reason_from_start):
    """Another contact as known strictly before `at`."""
    seen = {name: c.get(name) for name in ARRIVAL}
    if reason_from_start:
        seen["reason"] = c.get("reason")
    if known_at(c) < at:
        seen |= {k: v for k, v in c.items() if k not in ("ended_at", "handled", "known_at")}
    seen["recorded"] = known_at(c) < at
    seen["ended_at"] = c["ended_at"] if c["ended_at"] < at else NEVER
    seen["handled"] = c.get("handled") if c["ended_at"] < at else None
    return seen


def own_view(c, moment, at, reason_from_start, delay=dt.timedelta(minutes=15)):
    """The scored contact as known of itself at the moment."""
    in_time = known_at(c) - c["ended_at"] <= delay
    full = moment == "wrapup" and in_time
    seen = {name: c.get(name) for name in ARRIVAL}
    if full:
        seen = dict(c)
    elif reason_from_start:
        seen["reason"] = c.get("reason")
    if moment == "wrapup":
        seen |= {"agent_id": c.get("agent_id"), "team": c.get("team")}
    elif moment == "live":
        answered = c.get("wait_s") is not None
        answered = answered and at - c["started_at"] > dt.timedelta(seconds=c["wait_s"])
        seen["agent_id"] = c.get("agent_id") if answered else None
    seen["ended_at"] = c["ended_at"] if moment == "wrapup" else NEVER
    seen["handled"] = None
    return seen


class Features(Labeler):
    def __init__(self, contacts, policy, reason_from_start):
        super().__init__(contacts, policy)
        self.reason_from_start = reason_from_start

    def knows_issue(self, own):
        by = self.policy(own)["related_by"]
        reason, case = bool(self.issue(own)), own.get("case_id") is not None
        known = {"any": True, "case": case, "reason": reason, "reason_or_case": case or reason}
        return known[by]

    def compute(self, c, moment, at):
        own = own_view(c, moment, at, self.reason_from_start)
        same_customer = [
            o
            for o in self.ordered
            if o is not c
            and o["customer_id"] == c["customer_id"]
            and o.get("program") == c.get("program")
            and o["started_at"] < at
        ][-LIMIT:]
        seen = [view(o, at, self.reason_from_start) for o in same_customer]
        counted = [o for o in seen if self.counts(o)]
        same = [o for o in counted if self.related(own, o)]
        row = {**self.counts_of(counted, at, "contacts"), "contacts_before": len(counted)}
        row |= self.counts_of(same, at, "same_issue") | {"same_issue_before": len(same)}
        row["episode_position"] = self.position(own, same)
        if not self.knows_issue(own):
            row |= {name: None for name in row if name.startswith(("same", "episode"))}
        return (
            row
            | self.others(seen, counted, at)
            | self.times(counted, same, at)
            | self.last(own, counted, same)
            | self.rates(own, at)
            | {
                "repeated_already": any(self.after(o, c) for o in same),
                "escalation_already": self.escalated(own)
                or any(self.after(o, c) and self.escalated(o) for o in same),
            }
        )

    def after(self, other, c):
        key = ("started_at", "contact_id")
        return [other[k] for k in key] > [c[k] for k in key]

    def counts_of(self, found, at, name):
        ages = [at - o["started_at"] for o in found]
        return {
            f"{name}_{span}": sum(age <= dt.timedelta(hours=hours) for age in ages)
            for span, hours in SPANS.items()
        }

    def position(self, own, same):
        """Follow the chain back, latest first, each contact within the earlier one's window."""
        head, place = own, 1
        for o in reversed([o for o in same if not self.after(o, own)]):
            if self.gap(o, head) <= self.window(o):
                head, place = o, place + 1
        return place

    def others(self, seen, counted, at):
        week = [o for o in seen if at - o["started_at"] <= dt.timedelta(days=7)]
        arrived = [o for o in week if self.counts({**o, "handled": True, "disposition": None})]
        pairs = pairwise(counted)
        return {
            "outbound_7d": sum(o.get("direction") == "outbound" for o in week),
            "unhandled_7d": sum(o["handled"] is False for o in arrived),
            "escalated_90d": sum(
                self.escalated(o) and at - o["started_at"] <= dt.timedelta(days=90) for o in counted
            ),
            "repeats_before": sum(
                self.related(a, b) and self.gap(a, b) <= self.window(a) for a, b in pairs
            ),
        }

    def times(self, counted, same, at):
        def since(found, name="started_at"):
            if not found or found[-1][name] == NEVER:
                return None
            return (at - found[-1][name]).total_seconds()

        first = (at - counted[0]["started_at"]).total_seconds() if counted else None
        return {
            "since_last_s": since(counted),
            "since_last_end_s": since(counted, "ended_at"),
            "since_same_issue_s": since(same),
            "mean_gap_s": first / len(counted) if counted else None,
        }

    def last(self, own, counted, same):
        last = counted[-1] if counted else {}
        escalated = last.get("escalated") if last.get("recorded") else None
        known = bool(counted) and self.knows_issue(own)
        queues = own.get("queue"), last.get("queue")
        return {
            "last_channel": last.get("channel"),
            "last_queue": last.get("queue"),
            "last_reason": " > ".join(levels(last.get("reason"))) or None,
            "last_talk_s": last.get("talk_s"),
            "last_escalated": None if escalated is None else float(escalated),
            "last_same_issue": float(bool(same) and same[-1] is last) if known else None,
            "last_same_queue": None if None in queues else float(queues[0] == queues[1]),
        }

    # -- rates of labels that had settled

    def rates(self, own, at):
        row = {}
        for target, label in (("repeat", "repeated"), ("escalation", "escalation")):
            settled = [c for c in self.contacts if self.settled(c, label, at, None)]
            for entity, column in (("queue", "queue"), ("agent", "agent_id")):
                row |= self.rate(own, at, entity, column, target, label, settled)
        return row

    def rate(self, own, at, entity, column, target, label, settled):
        name = own.get(column)
        mine = [
            c
            for c in settled
            if c.get(column) == name
            and c.get("program") == own.get("program")
            and self.settled(c, label, at, column)
        ]
        positive = sum(self.row(c)[label] for c in mine)
        base = sum(self.row(c)[label] for c in settled) / len(settled) if settled else None
        rate = None
        if name is not None and base is not None:
            rate = (positive + 20 * base) / (len(mine) + 20)
        row = {f"{entity}_{target}_rate": rate}
        if target == "repeat":
            row[f"{entity}_judged"] = None if name is None else len(mine)
        return row

    def settled(self, c, label, at, column):
        """Had all that the label rests on been known before the last midnight?"""
        if self.row(c)[label] is None:
            return False
        span = [o for o in self.ordered if self.after(o, c) and self.gap(c, o) <= self.window(c)]
        near = [
            o
            for o in span
            if o["customer_id"] == c["customer_id"] and o.get("program") == c.get("program")
        ]
        instants = [c["ended_at"] + self.window(c), *(self.known(o, label) for o in [c, *near])]
        if column == "agent_id":
            instants.append(known_at(c))
        latest = max(instants)
        return dt.datetime.combine(latest.date() + DAY, MIDNIGHT) <= at

    def known(self, c, label):
        """From when all was known by which a contact enters a label."""
        policy = self.policy(c)
        by_reason = policy["related_by"] in ("reason", "reason_or_case")
        by_case = policy["related_by"] in ("case", "reason_or_case")
        late = policy["exclude_dispositions"] or policy["min_talk_s"] is not None
        late = late or by_case or (by_reason and not self.reason_from_start)
        if late or label == "escalation":
            return max(c["ended_at"], known_at(c))
        return c["ended_at"]
