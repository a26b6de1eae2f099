"""The features by the letter: write down what was known at the instant, then count in it.

Contacts are dicts, times are datetimes. `Then` holds one contact and its customer's others as
they were known, and every feature is a plain sentence about them. Slow on purpose; shares only
the twins of labels and figures.
"""

import datetime as dt
import statistics
from itertools import pairwise

from tests.reference.figures import HOUR, Figures
from tests.reference.labels import levels

NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
DELAY = dt.timedelta(minutes=15)
SPANS = {"1h": 1, "48h": 48, "7d": 168, "30d": 720, "90d": 2160}
LOADS = {"15m": 15, "1h": 60, "24h": 1440}
ENTITIES = ("agent", "team", "queue", "reason", "site", "program")
SO_FAR = ("hold_count", "hold_s", "transfer_count")
LIMIT = 500


def known_at(c):
    return c["ended_at"] if c.get("known_at") is None else c["known_at"]


def number(value):
    return None if value is None else float(value)


def reason_of(c, level=None):
    cut = levels(c.get("reason"))[:level]
    while cut and cut[-1] == "":
        cut = cut[:-1]
    return " > ".join(cut) or None


class Features(Figures):
    """`known` tells from which moment each column is known; events are (contact_id, at, event)."""

    def __init__(self, contacts, policy, known, events=None):
        rows = [{k: None if v == "" else v for k, v in c.items()} for c in contacts]
        super().__init__(rows, policy, known)
        self.events = events
        self.settled_at = {}

    def settled(self, c, label):
        key = (c["contact_id"], label)
        if key not in self.settled_at:
            self.settled_at[key] = super().settled(c, label)
        return self.settled_at[key]

    def compute(self, contact_id, moment, at):
        then = self.then(contact_id, moment, at)
        return {
            **itself(then),
            **progress(then),
            **history(then),
            **what_the_last_was_like(then),
            **what_is_usual(then),
            **how_busy_it_is(then),
            **calendar(at),
            "repeated_already": then.repeated_already(),
            "escalation_already": then.escalation_already(),
        }

    def then(self, contact_id, moment, at):
        c = next(c for c in self.contacts if c["contact_id"] == contact_id)
        return Then(self, c, moment, at)

    # -- what is known

    def view(self, o, at):
        """Another contact as known strictly before an instant: only what is known is there."""
        seen = {name: o.get(name) for name in ("contact_id", "customer_id", "started_at")}
        seen |= {k: v for k, v in o.items() if self.known_from.get(k) == "start"}
        if known_at(o) < at:
            seen |= {k: v for k, v in o.items() if k not in ("ended_at", "handled", "known_at")}
        seen["ended_at"] = NEVER
        if o["ended_at"] < at:
            lasted = (o["ended_at"] - o["started_at"]).total_seconds()
            over = {"ended_at": o["ended_at"], "handled": o.get("handled"), "duration_s": lasted}
            seen |= over
        return seen

    def own_view(self, c, moment, at):
        """The scored contact as known of itself at the moment."""
        wait = c.get("wait_s")
        answered = wait is not None and at - c["started_at"] > dt.timedelta(seconds=wait)
        in_time = known_at(c) - c["ended_at"] <= DELAY
        shown = {
            "start": {"start"},
            "live": {"start", "live"} if answered else {"start"},
            "wrapup": {"start", "live", "wrapup"} if in_time else {"start", "live"},
        }[moment]
        seen = {k: v for k, v in c.items() if self.known_from.get(k) in shown}
        for name in SO_FAR:
            if moment == "live" or not in_time:
                seen.pop(name, None)
        if moment == "live":
            told = (name for name in SO_FAR if self.known_from.get(name) == "live")
            counts = self.so_far(c, at)
            seen |= {name: counts[name] for name in told} if counts else {}
        seen |= {"contact_id": c["contact_id"], "started_at": c["started_at"]}
        seen["ended_at"] = c["ended_at"] if moment == "wrapup" else NEVER
        return seen

    def so_far(self, c, at):
        """What happened strictly before the instant; holds and resumes come in turn."""
        mine = [(when, what) for who, when, what in self.events or () if who == c["contact_id"]]
        past = [(when, what) for when, what in mine if when < at]
        if not past:
            return None
        holds = [when for when, what in past if what == "hold"]
        resumes = [when for when, what in past if what == "resume"]
        ends = [*resumes, at][: len(holds)]
        held = sum((end - begin).total_seconds() for begin, end in zip(holds, ends, strict=True))
        moved = sum(what == "transfer" for _, what in past)
        return {"hold_count": len(holds), "hold_s": held, "transfer_count": moved}

    def knows_issue(self, own):
        by = self.policy(own)["related_by"]
        reason, case = bool(self.issue(own)), own.get("case_id") is not None
        known = {"any": True, "case": case, "reason": reason, "reason_or_case": case or reason}
        return known[by]

    def after(self, other, c):
        return (other["started_at"], other["contact_id"]) > (c["started_at"], c["contact_id"])


class Then:
    """A contact at an instant, with the others of its customer as they were known, in order."""

    def __init__(self, twin, c, moment, at):
        self.twin, self.at, self.own = twin, at, twin.own_view(c, moment, at)
        self.midnight = dt.datetime.combine(at.date(), dt.time(0, tzinfo=dt.UTC))
        self.named = c["customer_id"] is not None
        others = [
            o
            for o in twin.ordered
            if self.named
            and o is not c
            and (o["customer_id"], o["program"]) == (c["customer_id"], c["program"])
            and o["started_at"] < at
        ]
        self.any = [twin.view(o, at) for o in others[-LIMIT:]]
        self.counted = [o for o in self.any if twin.counts(o)]
        whoever = {"handled": True, "disposition": None}
        self.arrived = [o for o in self.any if twin.counts({**o, **whoever})]
        self.knows_issue = self.named and twin.knows_issue(self.own)
        self.same_issue = [o for o in self.counted if self.about_the_same(o)]

    # -- which contacts

    def about_the_same(self, o):
        return self.knows_issue and self.twin.related(self.own, o)

    def recent(self, found, hours):
        return [o for o in found if self.at - o["started_at"] <= hours * HOUR]

    def repeated(self):
        """Those that the next one that counts repeated."""
        twin = self.twin
        pairs = pairwise(self.counted)
        return [a for a, b in pairs if twin.related(a, b) and twin.gap(a, b) <= twin.window(a)]

    def chain(self):
        """Follow the chain back, latest first, each contact within the earlier one's window."""
        head, found = self.own, []
        for o in reversed([o for o in self.same_issue if not self.twin.after(o, self.own)]):
            if self.twin.gap(o, head) <= self.twin.window(o):
                head = o
                found.append(o)
        return found

    def repeated_already(self):
        return any(self.twin.after(o, self.own) for o in self.same_issue)

    def escalation_already(self):
        later = [o for o in self.same_issue if self.twin.after(o, self.own)]
        return any(self.twin.escalated(o) for o in [self.own, *later])

    # -- what is asked of them

    def since(self, found):
        return (self.at - found[-1]["started_at"]).total_seconds() if found else None

    def since_end(self, found):
        if not found or found[-1]["ended_at"] == NEVER:
            return None
        return (self.at - found[-1]["ended_at"]).total_seconds()

    def mean_gap(self, found):
        return (self.at - found[0]["started_at"]).total_seconds() / len(found) if found else None

    def gap_spread(self, found):
        gaps = [(b["started_at"] - a["started_at"]).total_seconds() for a, b in pairwise(found)]
        if len(gaps) < 2 or not sum(gaps):
            return None
        return statistics.pstdev(gaps) / statistics.mean(gaps)

    def alike(self, o, column):
        """Is it known to be the same? None where that is not known."""
        mine, other = text(self.own, column), text(o, column)
        return None if mine is None or other is None else mine == other


def text(c, column):
    return reason_of(c) if column == "reason" else c.get(column)


def numbers(found, column):
    return [float(o[column]) for o in found if o.get(column) is not None]


def mean(values):
    return sum(values) / len(values) if values else None


def different(found, column):
    return {text(o, column) for o in found} - {None}


# -- the families of features


def itself(then):
    own = then.own
    texts = ("channel", "queue", "site", "program", "team", "disposition")
    figures = ("wait_s", "talk_s", "hold_s", "wrap_s", "hold_count", "transfer_count", "tier")
    flags = ("escalated", "dropped", "agent_resolved")
    return {
        **{name: own.get(name) for name in texts},
        **{name: number(own.get(name)) for name in (*figures, *flags)},
        "reason": reason_of(own),
        "reason_1": reason_of(own, 1),
        "reason_2": reason_of(own, 2),
        "has_case": None if own.get("case_id") is None else 1.0,
        "elapsed_s": elapsed(then),
    }


def elapsed(then):
    return (then.at - then.own["started_at"]).total_seconds()


def progress(then):
    def beyond(mine, of, column):
        usual = then.twin.typical(then.own, of, column, then.midnight)
        return None if mine is None or usual is None else mine - usual

    held, moved = then.own.get("hold_s"), then.own.get("transfer_count")
    return {
        "elapsed_beyond_reason_s": beyond(elapsed(then), "reason", "duration_s"),
        "elapsed_beyond_queue_s": beyond(elapsed(then), "queue", "duration_s"),
        "hold_beyond_reason_s": beyond(held, "reason", "hold_s"),
        "hold_beyond_queue_s": beyond(held, "queue", "hold_s"),
        "transfers_beyond_reason": beyond(moved, "reason", "transfer_count"),
    }


def history(then):
    twin, counted = then.twin, then.counted
    week, quarter = SPANS["7d"], then.recent(counted, SPANS["90d"])
    month = then.recent(counted, SPANS["30d"])
    row = {f"contacts_{s}": len(then.recent(counted, hours)) for s, hours in SPANS.items()}
    about = {f"same_issue_{s}": len(then.recent(then.same_issue, h)) for s, h in SPANS.items()}
    about |= {"same_issue_before": len(then.same_issue), "episode_position": 1 + len(then.chain())}
    row |= about if then.knows_issue else dict.fromkeys(about)
    row |= {
        "contacts_before": len(counted),
        "same_queue_30d": same_as_own(then, month, "queue"),
        "same_agent_30d": same_as_own(then, month, "agent_id"),
        "repeats_before": len(then.repeated()),
        "unhandled_7d": sum(o.get("handled") is False for o in then.recent(then.arrived, week)),
        "outbound_7d": sum(o.get("direction") == "outbound" for o in then.recent(then.any, week)),
        "escalated_90d": sum(twin.escalated(o) for o in quarter),
        "dropped_30d": sum(o.get("dropped") is True for o in month),
        "transfers_90d": sum(numbers(quarter, "transfer_count")),
        "reasons_90d": len(different(quarter, "reason")),
        "agents_90d": len(different(quarter, "agent_id")),
        "mean_talk_90d_s": mean(numbers(quarter, "talk_s")),
        "mean_wait_90d_s": mean(numbers(quarter, "wait_s")),
        "longest_90d_s": max(numbers(quarter, "duration_s"), default=None),
        "since_last_s": then.since(counted),
        "since_last_end_s": then.since_end(counted),
        "since_same_issue_s": then.since(then.same_issue),
        "since_escalated_s": then.since([o for o in counted if twin.escalated(o)]),
        "mean_gap_s": then.mean_gap(counted),
        "gap_spread": then.gap_spread(counted),
    }
    return {name: number(value) if then.named else None for name, value in row.items()}


def same_as_own(then, found, column):
    if then.own.get(column) is None:
        return None
    return sum(o.get(column) == then.own[column] for o in found)


def what_the_last_was_like(then):
    last = then.counted[-1] if then.counted else {}
    figures = ("wait_s", "talk_s", "hold_s", "transfer_count", "tier", "csat")
    flags = ("escalated", "dropped", "agent_resolved")
    same = then.about_the_same(last) if last and then.knows_issue else None
    return {
        "last_channel": last.get("channel"),
        "last_queue": last.get("queue"),
        "last_reason": reason_of(last),
        "last_same_issue": number(same),
        "last_same_queue": number(then.alike(last, "queue")),
        "last_same_agent": number(then.alike(last, "agent_id")),
        **{f"last_{name}": number(last.get(name)) for name in (*figures, *flags)},
    }


def what_is_usual(then):
    twin, own, midnight, row = then.twin, then.own, then.midnight, {}
    for name in ENTITIES:
        of = "agent_id" if name == "agent" else name
        row |= {
            f"{name}_repeat_rate": twin.rate(own, of, "repeated", midnight),
            f"{name}_escalation_rate": twin.rate(own, of, "escalation", midnight),
            f"{name}_judged": twin.judged(own, of, midnight),
            f"{name}_volume_28d": twin.volume(own, of, midnight),
            f"{name}_talk_s": twin.typical(own, of, "talk_s", midnight),
        }
    return row


def how_busy_it_is(then):
    row = {}
    for of in ("reason", "queue"):
        for span, minutes in LOADS.items():
            row[f"{of}_load_{span}"] = then.twin.load(then.own, of, minutes, then.at)
            row[f"{of}_surge_{span}"] = surge(then, of, minutes)
    return row


def surge(then, of, minutes):
    load = then.twin.load(then.own, of, minutes, then.at)
    usual = then.twin.usual(then.own, of, minutes, then.at)
    return None if load is None or usual is None else (load + 1) / (usual + 1)


def calendar(at):
    clock = dt.timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)
    clock += dt.timedelta(microseconds=at.microsecond)
    return {"hour": clock / HOUR, "weekday": at.weekday(), "month_day": at.day}
