"""What the customer's next contact will probably be about: a mixture of small tables.

What followed the same reason, the same general reason, the last contact's reason, what the
program is contacted about, and the own and the last reason themselves: how much each says is
learnt from later contacts, by what the last contact was and how probable a repeat is.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from math import exp, log, log1p
from typing import Any, NamedTuple

Row = Mapping[str, Any]
Counts = Mapping[str, int]
Table = Mapping[str, Counts]

PRIOR = 10.0  # a table starts out as this many contacts like those of the more general one
RECENT_S = 7 * 86_400.0
COUNTED = ("contacts_48h", "contacts_7d", "contacts_30d", "contacts_90d")
SOURCES = ("own", "after_own", "after_general", "program", "last", "after_last")
HISTORIES = 7  # kinds of contact by what is known of it and of the last one
NEAR_ONE = 1e-6
KEPT = 10_000  # lists of shares
TIES = 5  # reasons whose shares differ by less than can be told when multiplied
NAMED = 12  # reasons of each row that may be among the most probable


class Chance(NamedTuple):
    """A reason, and the probability that the next contact within the window is about it."""

    reason: str
    probability: float


@dataclass(frozen=True)
class NextReasons:
    """Gives the probable reasons of the next contact within the window.

    Attributes
    ----------
    base : dict of str to float
        Shares of reasons among all next contacts; what they lack of 1 is of rarer ones.
    after_own, after_general, program, after_last : dict of str to dict of str to int
        What the next contact was about, counted by the contact's own reason, its most general
        level, its program, and the reason of the customer's contact before.
    sizes : dict of str to dict of str to int
        By table and key, how many next contacts there were, rarer reasons included.
    cuts : tuple of float
        Between kinds of contacts by the share that related ones have among the next.
    weights : tuple of tuple of float
        By kind of contact, how much each of `SOURCES` says.
    other : tuple of float
        Of the chance that, where no related contact comes, another does: level, weight of the
        log-odds of a repeat, weights of the logs of `COUNTED`. Empty: no other counts.
    """

    base: dict[str, float]
    after_own: Table
    after_general: Table
    program: Table
    after_last: Table
    sizes: Mapping[str, Counts]
    cuts: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]
    other: tuple[float, ...] = ()

    def any_chance(self, row: Row, chance: float) -> float:
        """Give the probability that any such contact comes within the window.

        Parameters
        ----------
        row : mapping
            Features of the contact.
        chance : float
            Calibrated probability of a related one.
        """
        if not self.other:
            return chance
        sure = min(max(chance, NEAR_ONE), 1 - NEAR_ONE)
        odds = self.other[0] + self.other[1] * log(sure / (1 - sure))
        for weight, name in zip(self.other[2:], COUNTED, strict=True):
            odds += weight * log1p(row[name] or 0.0)
        return chance + (1 - chance) / (1 + exp(-odds))

    def probable(self, row: Row, chance: float, most: int = 3) -> list[Chance]:
        """List the most probable reasons, the most probable first.

        Parameters
        ----------
        row : mapping
            Features of the contact.
        chance : float
            Calibrated probability of a related contact within the window.
        most : int
            How many at most.
        """
        total = self.any_chance(row, chance)
        of_kind = kind(row, chance / max(total, NEAR_ONE), self.cuts)
        likely = self._shares(row, of_kind)[: most + TIES]
        found = [Chance(reason, total * share) for reason, share in likely]
        return sorted(found, key=lambda one: (-one.probability, one.reason))[:most]

    def _shares(self, row: Row, of_kind: int) -> list[Chance]:
        """Give the shares of the reasons that may be named, the greatest first.

        They hang on little, and are kept.
        """
        key = (of_kind, row["reason"], row["last_reason"], row["program"])
        found = self._kept.get(key)
        if found is None:
            mixed = self.mixed(row, of_kind)
            named = {reason for _, counts in mixed.parts for reason in islice(counts, NAMED)}
            named.update(islice(self.base, NAMED))
            found = [Chance(reason, self.share(reason, mixed)) for reason in named]
            found.sort(key=lambda one: (-one.probability, one.reason))
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[key] = found
        return found

    @cached_property
    def _kept(self) -> dict[tuple[Any, ...], list[Chance]]:
        return {}

    def chance_of(self, reason: str | None, row: Row, chance: float) -> float:
        """Give the probability that the next contact within the window is about a reason.

        Parameters
        ----------
        reason : str or None
            None: about a reason that is unknown or was never seen to follow.
        row, chance
            As for `probable`.
        """
        total = self.any_chance(row, chance)
        mixed = self.mixed(row, kind(row, chance / max(total, NEAR_ONE), self.cuts))
        if reason is not None:
            return total * self.share(reason, mixed)
        seen = {*self.base, *(reason for _, counts in mixed.parts for reason in counts)}
        return total * max(0.0, 1.0 - sum(self.share(reason, mixed) for reason in seen))

    def share(self, reason: str, mixed: "Source") -> float:
        """Give the share of a reason in a mixture."""
        found = mixed.left * self.base.get(reason, 0.0)
        for part, counts in mixed.parts:
            found += part * counts.get(reason, 0)
        return found

    def mixed(self, row: Row, of_kind: int) -> "Source":
        """Weigh the sources for a contact of a kind."""
        parts: dict[int, tuple[float, Counts]] = {}
        left = 0.0
        for weight, source in zip(self.weights[of_kind], self.sources(row), strict=True):
            left += weight * source.left
            for part, counts in source.parts:  # a row of a table stands behind several sources
                before = parts[id(counts)][0] if id(counts) in parts else 0.0
                parts[id(counts)] = (before + weight * part, counts)
        return Source(list(parts.values()), left)

    def sources(self, row: Row) -> "Iterator[Source]":
        """Give the parts of each of `SOURCES` for a contact."""
        own, last = row["reason"], row["last_reason"]
        general = self._blend("after_general", self.after_general, general_of(own), BASE)
        program = self._blend("program", self.program, row["program"] or "", BASE)
        yield general if own is None else Source([(1.0, {own: 1})], 0.0)
        yield self._blend("after_own", self.after_own, own, general)
        yield general
        yield program
        yield program if last is None else Source([(1.0, {last: 1})], 0.0)
        yield self._blend("after_last", self.after_last, last, program)

    def _blend(self, name: str, table: Table, key: str | None, behind: "Source") -> "Source":
        """Give a row of a table, filled up by what is behind it."""
        size = self.sizes[name].get(key, 0) if key is not None else 0
        if key is None or not size:
            return behind
        own, rest = 1 / (size + PRIOR), PRIOR / (size + PRIOR)
        parts = [(own, table[key]), *((rest * part, counts) for part, counts in behind.parts)]
        return Source(parts, rest * behind.left)

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "base": self.base,
            "after_own": self.after_own,
            "after_general": self.after_general,
            "program": self.program,
            "after_last": self.after_last,
            "sizes": self.sizes,
            "cuts": list(self.cuts),
            "weights": [list(row) for row in self.weights],
            "other": list(self.other),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "NextReasons":
        """Read back what `as_json` gave."""
        return cls(
            **{name: values[name] for name in ("base", *TABLES, "sizes")},
            cuts=tuple(values["cuts"]),
            weights=tuple(tuple(row) for row in values["weights"]),
            other=tuple(values["other"]),
        )


class Source(NamedTuple):
    """Shares of reasons: weighted counts, and how much is left to the shares of all."""

    parts: list[tuple[float, Counts]]
    left: float


BASE = Source([], 1.0)
TABLES = ("after_own", "after_general", "program", "after_last")


def general_of(reason: str | None) -> str | None:
    """Give the most general level of a reason.

    Examples
    --------
    >>> general_of("billing > dispute > fee")
    'billing'
    """
    return None if reason is None else reason.split(" > ", 1)[0]


def kind(row: Row, related_share: float, cuts: tuple[float, ...]) -> int:
    """Number the kind of contact: what is known of its reason and of the last, how much repeats."""
    own, last = row["reason"], row["last_reason"]
    since = row["since_last_s"]
    recent = since is not None and since < RECENT_S
    if last is None:
        history = 0 if own is None else 1
    elif own is None:
        history = 2 if recent else 3
    elif own == last:
        history = 4
    else:
        history = 5 if recent else 6
    return history * (len(cuts) + 1) + bisect_right(cuts, related_share)
