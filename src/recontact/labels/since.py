"""What is to be labeled again when contacts were added since labels were made.

A contact's labels rest on contacts that start within its window after its end, or end within the
look-back, or their own window, before its start; and on `as_of`. So parts of the files that end so
long before the first change that nothing reaches across keep the labels that they have.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from recontact.labels.edges import GREATEST, Edges
from recontact.labels.old import Old
from recontact.labels.parts import Mark, Part
from recontact.policy import Policy
from recontact.workers import each


@dataclass(frozen=True)
class Plan:
    """What happens to each part of the contacts.

    Attributes
    ----------
    parts : list of Part
        Of the contacts files, in order.
    anew : frozenset of int
        The parts to label.
    beside : frozenset of int
        Parts that keep their labels, but whose contacts those may be related to.
    unread : frozenset of int
        Parts of which not even the keys need to be read: no key of a part that changed can be
        among theirs.
    old : Old or None
        The labels as they were.
    kept : dict of int to int
        For parts that are as they were: position among the marks of the old labels.
    """

    parts: list[Part]
    anew: frozenset[int]
    beside: frozenset[int] = frozenset()
    unread: frozenset[int] = frozenset()
    old: Old | None = None
    kept: Mapping[int, int] = field(default_factory=dict)

    @property
    def to_read(self) -> int:
        """About how many rows are to be read."""
        return sum(self.parts[k].expected for k in self.anew | self.beside)

    def mark(self, number: int) -> Mark:
        """Give the mark of a part that is as it was."""
        assert self.old is not None  # noqa: S101 - then none is kept
        return self.old.marks[self.kept[number]]

    def labels(self, number: int, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """Read the old labels of a part that is as it was."""
        assert self.old is not None  # noqa: S101 - as above
        return self.old.labels(self.kept[number], columns)

    def untouched(self, numbers: list[int]) -> Path | None:
        """Give the file that holds all labels of just these parts, if they stay as they are."""
        if self.old is None or not all(k in self.kept and k not in self.anew for k in numbers):
            return None
        return self.old.file_of([self.kept[k] for k in numbers])


def everything(parts: list[Part]) -> Plan:
    """Plan to label every part."""
    return Plan(parts, frozenset(range(len(parts))))


def plan(parts: list[Part], old: Old, policy: Policy) -> Plan:
    """Find out which parts are to be labeled again.

    Parameters
    ----------
    parts : list of Part
        Of the contacts as they are.
    old : Old
        Labels of the contacts as they were.
    policy : Policy
        The rules.

    Returns
    -------
    Plan
        Labeling by it gives what labeling everything gives.
    """
    known = {mark.place: mark.fingerprint for mark in old.marks}
    prints = list(each(lambda part: known.get(part.place()) or part.fingerprint(), parts))
    kept = _kept(prints, old.marks)
    ends = {k: old.marks[where].edges for k, where in kept.items()}
    changed = [parts[k].edges(policy) for k in range(len(parts)) if k not in kept]
    found = set(kept.values())
    gone = [mark.edges for k, mark in enumerate(old.marks) if k not in found]
    now = Edges.together([*changed, *ends.values()])
    before = Edges.together(mark.edges for mark in old.marks)
    moved = [] if policy.as_of is not None else _moved(before, now)
    since = min([edges.start for edges in changed + gone] + moved, default=GREATEST)
    reach = reach_of(policy)
    anew = {k for k in range(len(parts)) if k not in kept or ends[k].end >= since - reach}
    first = min([ends[k].start for k in anew & set(kept)] + [e.start for e in changed], default=0)
    beside = {k for k in set(kept) - anew if ends[k].end >= first - reach} if anew else set()
    unread = _unread(parts, set(kept)) - anew - beside
    return Plan(parts, frozenset(anew), frozenset(beside), frozenset(unread), old, kept)


def reach_of(policy: Policy) -> int:
    """Give the longest window or look-back of a policy, in microseconds."""
    longest = 0
    for program in (None, *policy.by_program):
        own = policy.for_program(program)
        longest = max(longest, own.window, own.lookback, *own.window_by_reason.values())
    return longest


def _kept(prints: list[str], marks: list[Mark]) -> dict[int, int]:
    """Find the parts that are as they were, each beside one old mark."""
    places: dict[str, list[int]] = {}
    for place, mark in enumerate(marks):
        places.setdefault(mark.fingerprint, []).append(place)
    return {k: places[p].pop(0) for k, p in enumerate(prints) if places.get(p)}


def _unread(parts: list[Part], kept: set[int]) -> set[int]:
    """Tell the parts of which no key can be among those of the parts that changed."""
    changed = [parts[k].ranges() for k in range(len(parts)) if k not in kept]
    if None in changed:
        return set()
    ranges = {k: parts[k].ranges() for k in kept}
    return {
        k
        for k, own in ranges.items()
        if own is not None
        and not any(_meet(own[key], other[key]) for other in changed if other for key in own)
    }


def _meet(one: tuple[str, str] | None, other: tuple[str, str] | None) -> bool:
    return one is not None and other is not None and one[0] <= other[1] and other[0] <= one[1]


def _moved(before: Edges, now: Edges) -> list[int]:
    """Give the ends of the record, as they were or are, where they are no longer the same."""
    ends = [(end, now.last_end.get(name, end)) for name, end in before.last_end.items()]
    return [min(pair) for pair in ends if pair[0] != pair[1]]
