"""What a rule of labeling is: a sentence, a policy, and a table of contacts beside their labels."""

import datetime as dt
from typing import Any, NamedTuple

import pyarrow as pa

from recontact.contacts import SCHEMA

NUMBERS = ("tier", "csat", "nps", "ces", "episode_position")
WORDS = {"-": None, "true": True, "false": False}
STRANGERS = [
    {"contact_id": "december", "started_at": dt.datetime(2025, 12, 1, tzinfo=dt.UTC)},
    {"contact_id": "march", "started_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC)},
]
Row = dict[str, Any]


class Rule(NamedTuple):
    """A rule: left of the bar of its table the contacts, right of it their labels.

    Times are of January 2026, `03T10:00` being the 3rd at ten; `-` is null. Where no `ended_at`
    is given a contact ends as it starts. Unless the rule is about the edges of the record, one
    stranger's contact in December and one in March keep every contact's look-back known and its
    labels matured. `rates` tells of rates over these contacts how many are true, of how many.
    """

    name: str
    text: str
    policy: str
    table: str
    at_edges: bool = False
    rates: str = ""

    @property
    def cells(self) -> tuple[list[str], list[str], list[list[str]]]:
        """The names left and right of the bar, and the texts of each row."""
        lines = [line.split() for line in self.table.strip().splitlines()]
        names, rows = lines[0], lines[1:]
        bar = names.index("|")
        return names[:bar], names[bar + 1 :], [[*row[:bar], *row[bar + 1 :]] for row in rows]

    def read(self) -> tuple[list[Row], list[Row]]:
        """Give the contacts, strangers among them, and the labels expected of the others."""
        left, right, rows = self.cells
        contacts = [_values(left, row) for row in rows]
        expected = [_values(right, row[len(left) :]) for row in rows]
        contacts += [] if self.at_edges else STRANGERS
        return [{**c, "ended_at": c.get("ended_at", c["started_at"])} for c in contacts], expected

    def shares(self) -> dict[str, tuple[int, int]]:
        """Give of each rate how many are true, of how many."""
        rows = [line.split() for line in self.rates.strip().splitlines()[1:]]
        return {name: (int(true), int(of)) for name, true, of in rows}


class Chapter(NamedTuple):
    """Rules that belong together."""

    title: str
    text: str
    rules: tuple[Rule, ...]


def as_table(contacts: list[Row]) -> pa.Table:
    """Give contacts as a table."""
    names = dict.fromkeys(name for contact in contacts for name in contact)
    return pa.Table.from_pylist(contacts, pa.schema([SCHEMA.field(name) for name in names]))


def _values(names: list[str], texts: list[str]) -> Row:
    return {name: _value(name, text) for name, text in zip(names, texts, strict=False)}


def _value(name: str, text: str) -> Any:
    if name.endswith("_at"):
        day, time = text.split("T")
        return dt.datetime.fromisoformat(f"2026-01-{day}T{time}").replace(tzinfo=dt.UTC)
    if text in WORDS:
        return WORDS[text]
    return float(text) if name.endswith("_s") or name in NUMBERS else text
