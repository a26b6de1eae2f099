"""Redials by the book, one customer's contact after the other: the slow twin of the real merge."""

from typing import Any

Row = dict[str, Any]


def chains(rows: list[Row], within: Any) -> list[list[Row]]:
    """Return the contacts, each as the list of rows that it is made of, in the order read."""
    lines: dict[Any, list[Row]] = {}
    alone = []
    for row in rows:
        if row["customer_id"] is None or (row["direction"] or "inbound") != "inbound":
            alone.append([row])
        else:
            key = row["program"], row["customer_id"], row["channel"] or "voice"
            lines.setdefault(key, []).append(row)
    found = [chain for line in lines.values() for chain in of_line(line, within)]
    return sorted(alone + found, key=lambda chain: min(rows.index(row) for row in chain))


def of_line(line: list[Row], within: Any) -> list[list[Row]]:
    made: list[list[Row]] = []
    for row in sorted(line, key=lambda row: (row["started_at"], row["contact_id"])):
        if made and made[-1][-1]["dropped"]:
            end = max(before["ended_at"] for before in made[-1])
            if row["started_at"] - end <= within:
                made[-1].append(row)
                continue
        made.append([row])
    return made
