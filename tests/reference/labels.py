"""The labels table by the letter of its rules: every pair of contacts compared, nothing clever.

Contacts are dicts, times are datetimes, the policy is a mapping as a YAML file holds it.
Slow on purpose, and sharing nothing with the package.
"""

import datetime as dt

DEFAULTS = {
    "window": "48h",
    "window_by_reason": {},
    "lookback": "48h",
    "related_by": "reason",
    "reason_level": None,
    "index_channels": ["voice"],
    "counted_channels": None,
    "count_unhandled": False,
    "min_talk_s": None,
    "exclude_dispositions": [],
    "escalation_breaks_fcr": True,
    "edges": "data",
    "as_of": None,
    "by_program": {},
}
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
ZERO = dt.timedelta(0)


def duration(text):
    return dt.timedelta(**{UNITS[text[-1]]: float(text[:-1])})


def levels(reason):
    found = [level.strip() for level in (reason or "").split(">")]
    while found and found[-1] == "":
        found = found[:-1]
    return found


class Labeler:
    def __init__(self, contacts, policy):
        self.contacts = contacts
        self.given = {**DEFAULTS, **policy}
        self.ordered = sorted(contacts, key=lambda c: (c["started_at"], c["contact_id"]))

    # -- the policy of a contact

    def policy(self, c):
        return {**self.given, **self.given["by_program"].get(c.get("program"), {})}

    def window(self, c):
        best, length = self.policy(c)["window"], 0
        for reason, window in self.policy(c)["window_by_reason"].items():
            run = levels(reason)
            if levels(c.get("reason"))[: len(run)] == run and len(run) > length:
                best, length = window, len(run)
        return duration(best)

    def lookback(self, c):
        return duration(self.policy(c)["lookback"])

    # -- one contact

    def channel(self, c):
        return "voice" if c.get("channel") is None else c["channel"]

    def inbound(self, c):
        return c.get("direction") in (None, "inbound")

    def handled(self, c):
        return c.get("handled") is not False

    def escalated(self, c):
        if c.get("escalated") is not None:
            return c["escalated"]
        return c.get("tier") is not None and c["tier"] >= 2

    def excluded_disposition(self, c):
        return c.get("disposition") in self.policy(c)["exclude_dispositions"]

    def issue(self, c):
        cut = levels(c.get("reason"))[: self.policy(c)["reason_level"]]
        while cut and cut[-1] == "":
            cut = cut[:-1]
        return cut

    def counts(self, c):
        policy = self.policy(c)
        counted = policy["counted_channels"]
        return (
            self.inbound(c)
            and (counted is None or self.channel(c) in counted)
            and not self.excluded_disposition(c)
            and (self.handled(c) or policy["count_unhandled"])
        )

    def exclusion(self, c):  # noqa: PLR0911 - the first that holds, as the rule lists them
        policy = self.policy(c)
        if c.get("customer_id") is None:
            return "no_customer"
        if not self.inbound(c):
            return "not_inbound"
        if self.channel(c) not in policy["index_channels"]:
            return "channel"
        if not self.handled(c):
            return "not_handled"
        least = policy["min_talk_s"]
        if least is not None and (c.get("talk_s") is None or c["talk_s"] < least):
            return "too_short"
        if self.excluded_disposition(c):
            return "disposition"
        has_reason, has_case = bool(self.issue(c)), c.get("case_id") is not None
        known = {
            "any": True,
            "case": has_case,
            "reason": has_reason,
            "reason_or_case": has_case or has_reason,
        }
        return None if known[policy["related_by"]] else "no_issue"

    # -- two contacts

    def gap(self, i, j):
        return max(ZERO, j["started_at"] - i["ended_at"])

    def related(self, i, j):
        if i.get("customer_id") is None or i["customer_id"] != j.get("customer_id"):
            return False
        if i.get("program") != j.get("program"):
            return False
        same_case = i.get("case_id") is not None and i["case_id"] == j.get("case_id")
        same_reason = bool(self.issue(i)) and self.issue(i) == self.issue(j)
        by = self.policy(i)["related_by"]
        if by == "any":
            return True
        if by == "case":
            return same_case
        return same_reason if by == "reason" else same_reason or same_case

    def earlier(self, c):
        """Earlier related contacts that count, in order."""
        before = self.ordered[: self.ordered.index(c)]
        return [i for i in before if self.counts(i) and self.related(i, c)]

    def later(self, c):
        """Later related contacts that count, in order."""
        after = self.ordered[self.ordered.index(c) + 1 :]
        return [j for j in after if self.counts(j) and self.related(c, j)]

    def last_ended(self, found):
        """The one with the latest end; ties: the later in order."""
        best = None
        for c in found:
            if best is None or c["ended_at"] >= best["ended_at"]:
                best = c
        return best

    # -- the rows at the edges of the record

    def edge_rows(self, c):
        if self.given["edges"] == "data":
            return self.contacts
        return [o for o in self.contacts if o.get("program") == c.get("program")]

    def as_of(self, c):
        if self.given["as_of"] is not None:
            return self.given["as_of"]
        return max(o["ended_at"] for o in self.edge_rows(c))

    # -- the columns

    def previous(self, c):
        near = [i for i in self.earlier(c) if self.gap(i, c) <= self.lookback(c)]
        return self.last_ended(near)

    def next(self, c):
        found = self.later(c)
        if found and self.gap(c, found[0]) <= self.window(c):
            return found[0]
        return None

    def link(self, c):
        near = [i for i in self.earlier(c) if self.gap(i, c) <= self.window(i)]
        return self.last_ended(near)

    def episode(self, c):
        if not self.counts(c) and self.exclusion(c) is not None:
            return None, None
        link = self.link(c)
        if link is None:
            return c["contact_id"], 1
        head, position = self.episode(link)
        return head, position + 1

    def row(self, c):
        previous, following = self.previous(c), self.next(c)
        eligible = self.exclusion(c) is None
        matured = c["ended_at"] + self.window(c) <= self.as_of(c)
        first_start = min(o["started_at"] for o in self.edge_rows(c))
        lookback_known = c["started_at"] - self.lookback(c) >= first_start
        first_contact = previous is None
        if not eligible or (previous is None and not lookback_known):
            first_contact = None
        repeated = following is not None if eligible and matured else None
        escalated = self.escalated(c) if eligible else None
        escalated_later = any(
            self.escalated(j) and self.gap(c, j) <= self.window(c) for j in self.later(c)
        )
        escalation = self.escalated(c) or escalated_later if eligible and matured else None
        fcr = None
        if first_contact and repeated is not None:
            fcr = not repeated and not (self.policy(c)["escalation_breaks_fcr"] and escalated)
        episode_id, episode_position = self.episode(c)
        return {
            "contact_id": c["contact_id"],
            "eligible": eligible,
            "exclusion": self.exclusion(c),
            "matured": matured,
            "lookback_known": lookback_known,
            "previous_contact_id": previous and previous["contact_id"],
            "previous_gap_s": self.gap(previous, c).total_seconds() if previous else None,
            "next_contact_id": following and following["contact_id"],
            "next_gap_s": self.gap(c, following).total_seconds() if following else None,
            "first_contact": first_contact,
            "repeated": repeated,
            "escalated": escalated,
            "escalation": escalation,
            "fcr": fcr,
            "episode_id": episode_id,
            "episode_position": episode_position,
        }


def label(contacts, policy):
    """Label contacts, each a dict of the columns it has; rows in the same order."""
    labeler = Labeler(contacts, policy)
    return [labeler.row(c) for c in contacts]
