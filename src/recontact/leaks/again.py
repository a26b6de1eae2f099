"""The same contacts again: in another order, and delivered more than once."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import INSTANT, known_of
from recontact.durations import SECOND
from recontact.features.shapes import Ints
from recontact.features.table import Source
from recontact.leaks.found import Check, Moves
from recontact.leaks.world import PLACE, RECORDS, Asked, World, asked
from recontact.sources.imports import import_table

AGAIN = 10  # one record in so many is delivered twice, and as many in an older version
OLDER_US = 60 * SECOND


def row_order(world: World, all_asked: list[Asked], draw: np.random.Generator) -> Check:
    """Compare features with those of the same contacts in another order.

    Raises
    ------
    BlindFirewallError
        A planted feature that tells the place in the table was not found.
    """
    source = world.source
    size = len(source.contacts)
    other = draw.permutation(size)
    if (other == np.arange(size)).all():
        other = other[::-1]
    events = source.events
    if events is not None:
        events = events.take(pa.array(draw.permutation(len(events))))
    shuffled = replace(source, contacts=source.contacts.take(pa.array(other)), events=events)
    moves = _compared(all_asked, World.of(shuffled))
    at = np.argsort(other)
    elsewhere = any((at[one.rows] != one.rows).any() for one in all_asked)
    planted = {PLACE} if elsewhere else set()
    text = f"{size:,} contacts in another order, {moves.values:,} values"
    checked = {"contacts": size, "values": moves.values}
    return Check("row order", text, checked, moves.found(planted), sorted(planted))


def duplicates(world: World, moments: list[str], draw: np.random.Generator) -> Check:
    """Compare features with those of the same contacts, some delivered again or in old versions.

    Both are imported, since importing is what keeps one version of each.

    Raises
    ------
    BlindFirewallError
        What comes twice was not noticed where nothing was imported.
    """
    source = world.source
    twice = _delivered(source.contacts, draw)
    once = World.of(_imported(source, source.contacts))
    again = World.of(_imported(source, twice))
    before = [asked(once, moment) for moment in moments]
    moves = _compared(before, again)
    raw = _compared(before[:1], World.of(replace(source, contacts=twice)))
    raw.found({RECORDS})
    more = len(twice) - len(source.contacts)
    text = f"{more:,} records delivered again or in older versions, {moves.values:,} values"
    checked = {"contacts": len(source.contacts), "delivered": more, "values": moves.values}
    return Check("duplicates", text, checked, moves.found(set()), [RECORDS])


def _compared(before: list[Asked], world: World) -> Moves:
    """Compare features with those of the same contacts in another world."""
    moves = Moves()
    for one in before:
        after = asked(world, one.moment).table
        place = pc.index_in(one.table["contact_id"], after["contact_id"])
        moves.compare(one.table, after.take(place))
    return moves


def _imported(source: Source, contacts: pa.Table) -> Source:
    return replace(source, contacts=import_table(contacts).contacts)


def _delivered(contacts: pa.Table, draw: np.random.Generator) -> pa.Table:
    """Give contacts as a system delivers them that sends at least once, in any order."""
    count = -(-len(contacts) // AGAIN)
    copies = contacts.take(pa.array(_some(len(contacts), count, draw)))
    old = _older(contacts.take(pa.array(_some(len(contacts), count, draw))))
    whole = pa.concat_tables([contacts, copies, old])
    return whole.take(pa.array(draw.permutation(len(whole))))


def _some(size: int, count: int, draw: np.random.Generator) -> Ints:
    return draw.choice(size, count, replace=False)


def _older(contacts: pa.Table) -> pa.Table:
    """Give records as they stood a minute before: known sooner, and saying something else."""
    before = pa.array(known_of(contacts) - OLDER_US).cast(INSTANT)
    nothing = pa.nulls(len(contacts))
    changed = {"known_at": before, "escalated": pa.array([True] * len(contacts))}
    changed |= dict.fromkeys(("reason", "case_id", "talk_s", "disposition"), nothing)
    for name, column in changed.items():
        field = contacts.schema.field(name)
        place = contacts.column_names.index(name)
        contacts = contacts.set_column(place, field, column.cast(field.type))
    return contacts
