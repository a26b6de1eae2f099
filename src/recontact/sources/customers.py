"""The customers of an import: linked by number, shared ones apart, redials merged, pseudonyms."""

from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import SCHEMA
from recontact.errors import UserError
from recontact.sources.identity import link_numbers, unlink_shared
from recontact.sources.mapping import Mapping
from recontact.sources.numbers import as_text, check_region, read_numbers
from recontact.sources.pseudonyms import ALWAYS, Pseudonymiser, key_from
from recontact.sources.redials import merge_redials

COPIED = 20  # one contact in so many may hold the same by chance


class Settled(NamedTuple):
    """What came of `settle_customers`.

    Attributes
    ----------
    contacts, rejects : pyarrow.Table
        The tables of the import.
    identity : dict
        The counts of `link_numbers` and `unlink_shared`.
    into : dict of str to str
        `contact_id` of each redial -> that of the contact which it became part of.
    """

    contacts: pa.Table
    rejects: pa.Table
    identity: dict[str, Any]
    into: dict[str, str]


def pseudonymiser(mapping: Mapping) -> Pseudonymiser | None:
    """Give what a mapping file asks identifiers to be replaced with; None where it does not.

    Call it before anything is read: a missing key should not cost an hour.

    Raises
    ------
    UserError
        The key is missing or weak, or the mapping file names an unfit column or country.
    """
    check_region(mapping.ani_region)
    if mapping.pseudonyms is None:
        return None
    asked = mapping.pseudonyms
    return Pseudonymiser(asked.key_id, key_from(), asked.columns, mapping.ani_region)


def settle_customers(
    contacts: pa.Table, rejects: pa.Table, mapping: Mapping, hashed: Pseudonymiser | None
) -> Settled:
    """Find out who each contact is of.

    In this order: numbers are linked; identities shared by many are unlinked, so that strangers
    are never taken for redials of each other; redials are merged; identifiers are replaced.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts, one version of each, legs merged.
    rejects : pyarrow.Table
        The rows that became none.
    mapping : Mapping
        `ani_region`, `shared_above`, `redial_within`.
    hashed : Pseudonymiser or None
        Of `pseudonymiser`.

    Returns
    -------
    Settled
    """
    into: dict[str, str] = {}
    linked = link_numbers(contacts, mapping.ani_region)
    shared = unlink_shared(linked.contacts, *(mapping.shared_above or (None, 0)))
    contacts, identity = shared.contacts, linked.counts | shared.counts
    if mapping.redial_within is not None:
        contacts, into = merge_redials(contacts, mapping.redial_within)
    if hashed is not None:
        refuse_copies(contacts, hashed)
        contacts, rejects = (
            hashed.contacts(contacts),
            hashed.rejects(rejects, contacts.column_names),
        )
        for one in identity["worst"]:
            one["customer_id"] = hashed.of_customer(one["customer_id"])
    return Settled(contacts, rejects, identity, into)


def refuse_copies(contacts: pa.Table, hashed: Pseudonymiser) -> None:
    """Refuse to hide identifiers while another column goes on showing them.

    Parameters
    ----------
    contacts : pyarrow.Table
        Contacts whose identifiers will be replaced.
    hashed : Pseudonymiser
        What replaces them.

    Raises
    ------
    UserError
        In more than one of twenty contacts a column that is to stay holds the contact's own
        customer or number.
    """
    own = [as_text(contacts[name]) for name in ALWAYS if name in contacts.column_names]
    own += [_numbers(column, hashed.region) for column in own]
    for name in contacts.column_names:
        if name in ("contact_id", *ALWAYS, *hashed.columns) or not _is_text(contacts[name].type):
            continue
        column = as_text(contacts[name])
        forms = [column] if name in SCHEMA.names else [column, _numbers(column, hashed.region)]
        if any(_agrees(form, mine) for form in forms for mine in own):
            raise UserError(
                f"pseudonyms: column '{name}' holds the customer or the number too",
                f"list it in the mapping file, columns: [{name}] under pseudonyms, or leave it out",
            )


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer)
    return any(is_kind(kind) for is_kind in kinds)


def _numbers(column: pa.ChunkedArray, region: str | None) -> pa.ChunkedArray:
    """Give the values that are numbers in E.164, null for all others."""
    read = read_numbers(column, region)
    return pc.if_else(pc.starts_with(read, "+"), read, pa.scalar(None, pa.string()))


def _agrees(column: pa.ChunkedArray, own: pa.ChunkedArray) -> bool:
    """Tell whether two columns hold the same in more than one of twenty rows that have both."""
    same = pc.drop_null(pc.equal(column, own))
    hits = int(pc.sum(same).as_py() or 0)
    return hits * COPIED > len(same)
