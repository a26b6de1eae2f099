"""Whom the contacts are of: the unknown, the unlinked, copies, and identities of many."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.doctor.finding import Finding, Record, level, some
from recontact.durations import DAY
from recontact.history import customers
from recontact.report.words import percent
from recontact.sources.identity import ANI, SHARED, shared_contacts, worst
from recontact.sources.numbers import WITHHELD, as_text, read_number, read_numbers

SHARED_ABOVE = 60  # contacts in 30 days: two a day, day by day, are rarely one person's
HONEST_LINK_RATE = 0.05


def anonymous(record: Record) -> Finding:
    """Tell how many contacts are nobody's."""
    contacts = record.contacts
    share = contacts["customer_id"].null_count / len(contacts)
    found = "bad" if share == 1 else level(share, mind=0.1)
    follows = {
        "bad": "nobody is known, so no contact can be related to another: no FCR from this data",
        "mind": "they are never judged; if they differ from the others, rates are of the known",
        "good": "they are never judged",
    }
    text = f"{percent(share)} of the contacts have no customer_id: {follows[found]}"
    if SHARED in contacts.column_names:
        unlinked = len(contacts) - contacts[SHARED].null_count
        text += f"; {unlinked:,} of them are of shared identities"
    mend = "name the customer, or the caller's number, in a mapping file: columns: {ani: ...}"
    return Finding("anonymous", found, text, share, mend if found != "good" else "")


def linked(record: Record) -> Finding:
    """Tell how many contacts are of a customer with more than one."""
    known = customers(record.contacts)
    _, counts = np.unique(known[known >= 0], return_counts=True)
    share = float(counts[counts > 1].sum() / max(1, counts.sum()))
    text = f"{percent(share)} of the known contacts are of a customer with more than one"
    if share >= HONEST_LINK_RATE:
        return Finding("linked", "good", text, share)
    text += (
        ": so few that customer_id may be new for each contact; FCR would then read near 100 % "
        "and mean nothing"
    )
    mend = "check that customer_id names the customer and not the contact, and is not redacted"
    return Finding("linked", "bad", text, share, mend)


def doubles(record: Record) -> Finding:
    """Find contacts of one customer that start in the same instant."""
    known, started = customers(record.contacts), record.started
    rows = np.lexsort((started, known))
    same = (np.diff(known[rows]) == 0) & (np.diff(started[rows]) == 0) & (known[rows][1:] >= 0)
    ends = np.diff(record.ended[rows]) == 0
    share = float(same.sum() / max(1, (known >= 0).sum()))
    copies = int((same & ends).sum())
    text = f"{percent(share)} of the known contacts start in the instant of another one of theirs"
    found = level(share, mind=0.01)
    if found == "good":
        return Finding("doubles", found, text, share)
    text += f"; {copies:,} end in the same instant too: legs or copies that read as repeats"
    mend = "merge legs by interaction_id, drop copies, or link fewer people to one customer_id"
    return Finding("doubles", found, text, share, mend)


def shared(record: Record) -> Finding:
    """Find identities in touch too often to be one person."""
    contacts = record.contacts
    often = shared_contacts(contacts, SHARED_ABOVE, 30 * DAY)
    if not often.any():
        return Finding("shared", "good", "no customer_id looks like a shared number", [])
    ids = contacts["customer_id"].filter(pa.array(often))
    names = ", ".join(f"{one['customer_id']} ({one['contacts']:,})" for one in worst(ids)[:3])
    text = (
        f"{len(ids.unique()):,} customer_id in touch more than {SHARED_ABOVE} times in 30 days, "
        f"with {percent(float(often.mean()))} of the contacts: shared numbers? Most have {names}; "
        "their repeats are strangers' contacts"
    )
    mend = f"import with shared_above: {{contacts: {SHARED_ABOVE}, within: 30d}}"
    return Finding("shared", "mind", text, worst(ids), mend)


def two_names(record: Record) -> Finding:
    """Find customers known by their id in one contact and by their number alone in another."""
    contacts = record.contacts
    if ANI not in contacts.column_names:
        return Finding("two names", "good", "no numbers beside customer_id", 0.0)
    customer, written = contacts["customer_id"], as_text(contacts[ANI])
    read = read_numbers(written)
    number = pc.if_else(pc.fill_null(pc.starts_with(read, "+"), fill_value=False), read, written)
    by_number = pc.fill_null(pc.equal(customer, number), fill_value=False)
    by_id = pc.and_(pc.is_valid(customer), pc.invert(by_number))
    both = pc.and_(by_number, pc.is_in(number, value_set=number.filter(by_id).drop_null().unique()))
    share = float(np.mean(both.to_numpy()))
    text = (
        f"{percent(share)} of the contacts are known by a number that elsewhere has a customer_id"
    )
    found = level(share, mind=0.01)
    if found == "good":
        return Finding("two names", found, text, share)
    text += ": one person under two names, whose repeats are not seen"
    mend = "look the customer up for all contacts, or leave customer_id out: the number links all"
    return Finding("two names", found, text, share, mend)


def placeholders(record: Record) -> Finding:
    """Find customers that are no customer: `anonymous`, `unknown`, `0`."""
    ids = record.contacts["customer_id"]
    counts = pa.table({"id": ids.drop_null()}).group_by("id").aggregate([([], "count_all")])
    usual = len(ids) / max(1, len(counts))
    often = counts.filter(pc.greater(counts["count_all"], max(2, 5 * usual))).to_pylist()
    found = {one["id"]: one["count_all"] for one in often if _is_placeholder(one["id"])}
    if not found:
        return Finding("placeholders", "good", "no customer_id is a placeholder", {})
    text = (
        f"{some([f'{name!r} ({count:,})' for name, count in found.items()])}: no customer, but "
        "taken for one, so strangers' contacts read as its repeats"
    )
    mend = "map such values to null: values: {customer_id: {anonymous: null}}"
    return Finding("placeholders", "bad", text, found, mend)


def _is_placeholder(name: str) -> bool:
    plain = name.strip(" +-_./*?#")
    digits = plain.isdigit() and len(set(plain)) == 1 and (len(plain) > 4 or plain in "0")
    return not plain or digits or read_number(name) == WITHHELD
