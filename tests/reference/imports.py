"""Import by the book, row after row: the slow twin that the real one is held to."""

from typing import Any

Row = dict[str, Any]
FIRST = (
    *("contact_id", "started_at", "queue", "channel", "direction"),
    *("program", "customer_id", "site", "colour"),
)
LAST = ("reason", "disposition", "case_id", "csat", "agent_resolved", "notes")
SUMMED = ("wait_s", "talk_s", "hold_count", "transfer_count")


def known(row: Row) -> Any:
    return row["known_at"] or row["ended_at"]


def one_version_each(rows: list[Row]) -> tuple[list[Row], int, int]:
    """Return the rows that stay, and how many were duplicates and superseded."""
    seen: list[Row] = []
    duplicates = superseded = 0
    best: dict[str, int] = {}
    for row in rows:
        if row in seen:
            duplicates += 1
            continue
        seen.append(row)
        have = best.get(row["contact_id"])
        if have is not None:
            superseded += 1
        if have is None or known(row) >= known(seen[have]):
            best[row["contact_id"]] = len(seen) - 1
    return [seen[i] for i in sorted(best.values())], duplicates, superseded


def contacts_of(rows: list[Row]) -> list[Row]:
    """Merge the legs of each interaction; a contact stands where its first-read leg stood."""
    groups: dict[Any, list[Row]] = {}
    for i, row in enumerate(rows):
        key = ("alone", i) if row["interaction_id"] is None else row["interaction_id"]
        groups.setdefault(key, []).append(row)
    return [legs[0] if len(legs) == 1 else merged(legs) for legs in groups.values()]


def merged(legs: list[Row]) -> Row:
    legs = sorted(legs, key=lambda leg: (leg["started_at"], leg["contact_id"]))
    served = [leg for leg in legs if leg["handled"] is not False]
    one = dict(legs[0])
    for name in legs[0]:
        given = [leg[name] for leg in legs if leg[name] is not None]
        if name in FIRST:
            one[name] = given[0] if given else None
        elif name in LAST:
            one[name] = given[-1] if given else None
        elif name in ("ended_at", "tier"):
            one[name] = max(given, default=None)
        elif name in SUMMED:
            one[name] = sum(given) if given else None
    one["transfer_count"] = max(one["transfer_count"] or 0, len(legs) - 1)
    for name in ("agent_id", "team"):
        one[name] = served[0][name] if served else None
    one["dropped"] = legs[-1]["dropped"]
    if any(leg["known_at"] for leg in legs):
        one["known_at"] = max(known(leg) for leg in legs)
    if any(leg["handled"] is not None for leg in legs):
        one["handled"] = bool(served)
    if any(leg["escalated"] is not None for leg in legs):
        one["escalated"] = any(raised(leg) for leg in legs)
    return one


def raised(leg: Row) -> bool:
    if leg["escalated"] is not None:
        return bool(leg["escalated"])
    return leg["tier"] is not None and leg["tier"] >= 2
