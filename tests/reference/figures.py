"""The figures of entities by the letter: go through all contacts, ask of each whether it counts.

Contacts are dicts, times are datetimes. Slow on purpose; shares only the labels' twin.
"""

import datetime as dt
from fractions import Fraction

from tests.reference.labels import Labeler, levels

MIDNIGHT = dt.time(0, tzinfo=dt.UTC)
DAY, HOUR, MINUTE = dt.timedelta(days=1), dt.timedelta(hours=1), dt.timedelta(minutes=1)
WEEK = 7 * DAY
PRIOR = 20


def recorded(c):
    return c["ended_at"] if c.get("known_at") is None else c["known_at"]


def midnight_after(instant):
    return dt.datetime.combine(instant.date() + DAY, MIDNIGHT)


def hour_of(instant):
    return instant.replace(minute=0, second=0, microsecond=0)


def minute_of(instant):
    return instant.replace(second=0, microsecond=0)


class Figures(Labeler):
    """`known` tells from which moment each column is known."""

    def __init__(self, contacts, policy, known):
        super().__init__(contacts, policy)
        self.known_from = known
        self.judgements = {id(c): self.row(c) for c in contacts}

    # -- whose a contact is

    def entity(self, c, of):
        """Program and name; None where unknown."""
        name = " > ".join(levels(c.get(of))) if of == "reason" else c.get(of)
        return (c.get("program"), name) if name not in (None, "") else None

    def same(self, c, own, of):
        return of == "" or self.entity(c, of) == self.entity(own, of)

    def unknown(self, own, of):
        return of != "" and self.entity(own, of) is None

    def identified(self, c, of, instant):
        """When the contact counts for its entity, at the earliest."""
        late = of != "" and self.known_from.get(of) != "start"
        return max(instant, recorded(c)) if late else instant

    # -- labels

    def part_known(self, c, label):
        """From when all was known by which a contact enters a label."""
        policy = self.policy(c)
        by_reason = policy["related_by"] in ("reason", "reason_or_case")
        by_case = policy["related_by"] in ("case", "reason_or_case")
        late = policy["exclude_dispositions"] or policy["min_talk_s"] is not None
        late = late or (by_case and self.known_from["case_id"] != "start")
        late = late or (by_reason and self.known_from["reason"] != "start")
        if late or label == "escalation":
            return max(c["ended_at"], recorded(c))
        return c["ended_at"]

    def settled(self, c, label):
        """The latest of its maturity and of all that the label rests on."""
        after = self.ordered[self.ordered.index(c) + 1 :]
        near = [
            o
            for o in after
            if (o["customer_id"], o["program"]) == (c["customer_id"], c["program"])
            and self.gap(c, o) <= self.window(c)
        ]
        parts = [self.part_known(o, label) for o in (c, *near)]
        return max(c["ended_at"] + self.window(c), *parts)

    def judgements_of(self, own, of, label, midnight):
        return [
            self.judgements[id(c)][label]
            for c in self.contacts
            if self.judgements[id(c)][label] is not None
            and self.same(c, own, of)
            and midnight_after(self.identified(c, of, self.settled(c, label))) <= midnight
        ]

    def rate(self, own, of, label, midnight):
        everything = self.judgements_of(own, "", label, midnight)
        if self.unknown(own, of) or not everything:
            return None
        mine = self.judgements_of(own, of, label, midnight)
        return (sum(mine) + PRIOR * (sum(everything) / len(everything))) / (len(mine) + PRIOR)

    def judged(self, own, of, midnight):
        found = self.judgements_of(own, of, "repeated", midnight)
        return None if self.unknown(own, of) else float(len(found))

    # -- volumes and numbers

    def volume(self, own, of, midnight):
        def begun(of):
            return [
                midnight_after(self.identified(c, of, c["started_at"]))
                for c in self.contacts
                if self.inbound(c) and self.same(c, own, of)
            ]

        if self.unknown(own, of) or min(begun(""), default=midnight + DAY) > midnight:
            return None
        return float(sum(midnight - 28 * DAY < since <= midnight for since in begun(of)))

    def numbers(self, own, of, column, midnight):
        """The values in thousandths, of contacts that may be judged."""
        found = []
        for c in self.contacts:
            value, since = c.get(column), max(recorded(c), c["ended_at"])
            if column == "duration_s":
                value = (c["ended_at"] - c["started_at"]).total_seconds()
            if not self.judgements[id(c)]["eligible"]:
                continue
            known = midnight_after(self.identified(c, of, since)) <= midnight
            if value is not None and known and self.same(c, own, of):
                found.append(round(value * 1000))
        return found

    def typical(self, own, of, column, midnight):
        everything = self.numbers(own, "", column, midnight)
        if self.unknown(own, of) or not everything:
            return None
        base = sum(everything) / 1000 / len(everything)
        mine = self.numbers(own, of, column, midnight)
        return (sum(mine) / 1000 + PRIOR * base) / (len(mine) + PRIOR)

    # -- loads

    def arrivals(self, own, of, begin, end):
        """The inbound contacts that arrived, and were identified, from `begin` to before `end`."""
        return [
            c
            for c in self.contacts
            if self.inbound(c)
            and self.same(c, own, of)
            and begin <= self.identified(c, of, c["started_at"]) < end
        ]

    def load(self, own, of, within, at):
        if self.unknown(own, of):
            return None
        end = minute_of(at)
        found = self.arrivals(own, of, end - within * MINUTE, end)
        return float(sum(c["contact_id"] != own["contact_id"] for c in found))

    def usual(self, own, of, within, at):
        first = minute_of(min(c["started_at"] for c in self.contacts))
        hours = max(1, -(-within // 60))
        ends = [hour_of(at) + HOUR - week * WEEK for week in range(1, 9)]
        ends = [end for end in ends if end - hours * HOUR >= first]
        if self.unknown(own, of) or not ends:
            return None
        total = sum(len(self.arrivals(own, of, end - hours * HOUR, end)) for end in ends)
        return float(Fraction(total, len(ends)) * Fraction(within, 60 * hours))
