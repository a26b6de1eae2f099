"""The work on one contact of the list, as the words of its documentation have it; slow and plain.

Everything that ever happened is kept, and each question is answered by going through it from the
beginning: nothing is stored that could be wrong.
"""

import datetime as dt

DAY = dt.timedelta(days=1)
UNDO = dt.timedelta(minutes=10)


class Contact:
    """One contact: what happened to it, and by what rules."""

    def __init__(self, lapses):
        self.lapses = lapses
        self.events = []  # (at, who, action, details); looks at the list are among them
        self.taken_back = set()  # places in it

    def log(self):
        """Give what was done, and whether it was taken back."""
        return [(action, place in self.taken_back)
                for place, (_, _, action, _) in enumerate(self.events)
                if action != "look"]  # fmt: skip

    def look(self, at):
        """Somebody reads the list."""
        self.events.append((at, None, "look", None))

    def now(self, at):
        """Say state, owner, outcome and dispute."""
        found = {"state": "open", "owner": None, "outcome": None, "disputed": False}
        turns = self.lapses
        for place, (when, who, action, details) in enumerate(self.events):
            if place in self.taken_back:
                continue
            found, turns = self.by_itself(found, turns, when)
            if action == "disagree":
                found["disputed"] = True
            if action == "claim":
                found, turns = found | {"state": "claimed", "owner": who}, None
            if action == "assign":
                found, turns = found | {"state": "claimed", "owner": details}, None
            if action == "release":
                found, turns = self.for_everybody(found | {"owner": None}, when)
            if action == "snooze":
                found, turns = found | {"state": "snoozed"}, details
            if action == "resolve":
                whose = {"owner": found["owner"] or who}
                found, turns = found | {"state": "resolved", "outcome": details} | whose, None
        return self.by_itself(found, turns, at)[0]

    def by_itself(self, found, turns, at):
        """Let time pass until somebody looks or acts."""
        if turns is None or turns > at:
            return found, turns
        if found["state"] == "open":
            return found | {"state": "lapsed"}, None
        if found["owner"]:
            return found | {"state": "claimed"}, None
        return self.for_everybody(found, at)

    def for_everybody(self, found, at):
        """Bring it back on the list, for a day at least."""
        return found | {"state": "open"}, max(self.lapses, at + DAY)

    def try_out(self, who, is_boss, action, details, at):
        """Do it if it goes; say whether it did."""
        if not self.goes(self.now(at), who, is_boss, action, details, at):
            return False
        if action == "undo":
            last = max(p for p, event in enumerate(self.events) if event[2] != "look")
            self.taken_back |= set(range(last, len(self.events)))
        self.events.append((at, who, action, details))
        return True

    def goes(self, found, who, is_boss, action, details, at):
        """Tell whether somebody may do it now."""
        state, free = found["state"], found["owner"] in (None, who)
        return {
            "note": True,
            "disagree": True,
            "undo": action == "undo" and self.can_be_undone(who, at),
            "claim": found["owner"] is None or (state == "snoozed" and free),
            "assign": not (state == "claimed" and found["owner"] == details),
            "release": state in ("claimed", "snoozed") and (free or is_boss),
            "snooze": free or is_boss,
            "resolve": free or is_boss,
        }[action] and (state != "resolved" or action in ("note", "disagree", "undo"))

    def can_be_undone(self, who, at):
        """Tell whether the last thing done is theirs, fresh, and nothing has changed since."""
        done = [place for place, event in enumerate(self.events) if event[2] != "look"]
        if not done:
            return False
        when, by, action, _ = self.events[done[-1]]
        if by != who or action == "undo" or at - when > UNDO:
            return False
        then = Contact(self.lapses)
        then.events, then.taken_back = self.events[: done[-1] + 1], self.taken_back
        return all(self.now(one) == then.now(when) for one in (when, at))
