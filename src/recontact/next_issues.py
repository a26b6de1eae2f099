"""What a customer will probably call about next, from what really followed each reason."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from recontact.labels.table import label
from recontact.policy import Policy

PRIOR = 10.0  # a reason's own table starts out as this many contacts like all others
MOST = 3
KEPT = 10  # reasons kept for each reason: the others are rarer than any that is shown


@dataclass(frozen=True)
class NextIssues:
    """Shares of matured contacts that were followed, within the window, by one about each reason.

    Attributes
    ----------
    counts : dict of str to int
        Matured contacts by reason; "" holds those of all reasons, the unknown included.
    followed : dict of str to dict of str to int
        By reason, the reasons of the next contact of any issue, with counts.

    Examples
    --------
    >>> table = NextIssues({"": 100, "bill": 50}, {"": {"pay": 10}, "bill": {"pay": 10}})
    >>> table.probable("bill")[0]["reason"], round(table.probable("bill")[0]["probability"], 3)
    ('pay', 0.183)
    """

    counts: Mapping[str, int]
    followed: Mapping[str, Mapping[str, int]]

    @classmethod
    def learn(cls, contacts: pa.Table, policy: Policy) -> "NextIssues":
        """Count what followed what.

        Parameters
        ----------
        contacts : pyarrow.Table
            Clean contacts.
        policy : Policy
            Its window and what counts hold; relatedness does not: the next contact may be
            about anything.
        """
        programs = {name: {**own, "related_by": "any"} for name, own in policy.by_program.items()}
        any_issue = replace(policy, related_by="any", by_program=programs)
        labels = label(contacts, any_issue)
        judged = pc.and_(labels["eligible"], labels["matured"])
        reason = contacts["reason"].filter(judged)
        following = pc.index_in(labels["next_contact_id"].filter(judged), contacts["contact_id"])
        pairs = pa.table({"reason": reason, "next": contacts["reason"].take(following)})
        counts = Counter(pairs["reason"].drop_null().to_pylist())
        found = pairs.filter(pc.is_valid(pairs["next"])).group_by(["reason", "next"])
        return cls._of(len(pairs), counts, found.aggregate([([], "count_all")]))

    @classmethod
    def _of(cls, total: int, counts: Counter[str], found: pa.Table) -> "NextIssues":
        followed: dict[str, Counter[str]] = {"": Counter()}
        for row in found.to_pylist():
            followed[""][row["next"]] += row["count_all"]
            if row["reason"] is not None:
                followed.setdefault(row["reason"], Counter())[row["next"]] += row["count_all"]
        kept = {reason: dict(_most(found)) for reason, found in followed.items()}
        return cls({"": total, **dict(sorted(counts.items()))}, kept)

    def probable(self, reason: str | None, most: int = MOST) -> list[dict[str, Any]]:
        """List the reasons that most probably bring the customer back.

        Parameters
        ----------
        reason : str or None
            What the contact is about; None where unknown.
        most : int
            How many at most.

        Returns
        -------
        list of dict
            `reason` and `probability` (of being followed by it within the window).
        """
        everything, total = self.followed.get("", {}), self.counts.get("", 0)
        if not total:
            return []
        own = self.followed.get(reason or "", {})
        count = self.counts.get(reason, 0) if reason else total
        chances = {
            other: (own.get(other, 0) + PRIOR * everything.get(other, 0) / total) / (count + PRIOR)
            for other in {**everything, **own}
        }
        best = sorted(chances.items(), key=lambda one: (-one[1], one[0]))[:most]
        return [{"reason": other, "probability": chance} for other, chance in best]

    def as_json(self) -> dict[str, Any]:
        """Give the two tables as plain values."""
        return {
            "counts": dict(self.counts),
            "followed": {k: dict(v) for k, v in self.followed.items()},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "NextIssues":
        """Read back what `as_json` gave."""
        return cls(values["counts"], values["followed"])


def _most(found: Counter[str]) -> list[tuple[str, int]]:
    return sorted(found.items(), key=lambda one: (-one[1], one[0]))[:KEPT]
